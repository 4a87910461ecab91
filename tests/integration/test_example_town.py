"""The fictional town: all of it is taken, it shows every feature, and it can be found."""

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.settings import ROOT
from directory.database import migrate, open_database
from directory.describe import describe_listing
from directory.encoder import Encoder
from directory.errors import UnknownPlaceError
from directory.importing.importer import ImportReport, import_listings
from directory.listing import ASSETS, KINDS, STRANDS, Listing
from directory.search.query import Query
from directory.search.results import describe_hit
from directory.search.service import SearchService
from directory.sources.detect import read_source

TOWN = ROOT / "examples" / "larkhaven.csv"
NOTICE = "Fictional example"


@pytest.fixture(scope="module")
def town(
    remembering_encoder: Encoder, make_url: Callable[[], str]
) -> Iterator[tuple[SearchService, ImportReport]]:
    engine = open_database(make_url())
    migrate(engine)
    report = import_listings(
        engine, remembering_encoder, "larkhaven", read_source(str(TOWN)), notice=NOTICE
    )
    yield SearchService(engine, remembering_encoder), report
    engine.dispose()


@pytest.fixture(scope="module")
def search_service(town) -> SearchService:
    return town[0]


@pytest.fixture(scope="module")
def listings() -> list[Listing]:
    return [row for row in read_source(str(TOWN)) if isinstance(row, Listing)]


def test_every_row_is_taken(town):
    _, report = town
    assert report.quarantined == ()
    assert report.added >= 150
    assert report.added == len(list(csv.DictReader(TOWN.read_text("utf-8").splitlines())))


@pytest.mark.parametrize(
    ("field", "values"), [("strands", STRANDS), ("assets", ASSETS), ("kind", KINDS)]
)
def test_the_town_touches_every(listings, field, values):
    for value in values:
        holding = [one for one in listings if value in (getattr(one, field), *getattr(one, field))]
        assert len(holding) >= 3, value


@pytest.mark.parametrize(
    ("awkward", "fits"),
    [
        ("online only", lambda one: one.online and not one.places),
        ("area-wide", lambda one: one.covers and not any(place.postcode for place in one.places)),
        ("temporarily closed", lambda one: one.status == "temporarily closed"),
        ("closed", lambda one: one.status == "closed"),
        ("confidential", lambda one: one.confidential),
        ("free", lambda one: one.free),
        ("paid", lambda one: one.cost_amount),
        ("wants a strength", lambda one: one.kind == "volunteering" and one.skills_wanted),
        ("another language", lambda one: set(one.languages) - {"English"}),
        ("for an age", lambda one: one.minimum_age or one.maximum_age),
        ("its times in words only", lambda one: any(not each.days for each in one.schedules)),
    ],
)
def test_the_town_has_the_awkward_ones(listings, awkward, fits):
    assert any(map(fits, listings)), awkward


def test_the_town_sends_nobody_to_a_real_door(listings):
    for one in listings:
        assert not one.website or ".example" in one.website
        assert not one.email or one.email.endswith(".example")
        assert all(place.postcode.startswith("ZY") for place in one.places if place.postcode)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("somewhere to do a bit of gardening with other people", "garden"),
        ("I miss having people to talk to", "compan|talk|friend|chat|listen"),
        ("my dad has dementia and I look after him", "dementia|carer"),
        ("I can't afford food this week", "food|meal"),
        ("I like mending things with wood", "wood|repair|mend"),
        ("help filling in a form", "form|advice"),
    ],
)
def test_what_people_ask_for_is_found(search_service, text, word):
    hits = search_service.search(Query(text, limit=3))
    assert len(hits) == 3
    assert hits[0].is_good
    told = " ".join(f"{hit.stored.listing.name} {hit.stored.listing.description}" for hit in hits)
    assert re.search(word, told, re.I)
    assert all(hit.stored.notice == NOTICE for hit in hits)
    assert all(describe_hit(hit)["reasons"] for hit in hits)


def test_others_can_be_shown_until_there_are_none(search_service):
    query = Query("gardening", kinds=frozenset({"volunteering"}), limit=5)
    seen: set[int] = set()
    while hits := search_service.search(query):
        ids = {hit.stored.id for hit in hits}
        assert not ids & seen
        seen |= ids
        query = replace(query, exclude=query.exclude | {hit.stored.id for hit in hits})
    assert len(seen) > 10


def test_a_listing_that_is_closed_is_never_found(search_service, listings):
    for one in (one for one in listings if one.status == "closed"):
        hits = search_service.search(Query(f"{one.name} {one.description}", limit=100))
        assert one.key not in {hit.stored.listing.key for hit in hits}


def test_a_listing_that_is_closed_for_now_says_so(search_service, listings):
    for one in (one for one in listings if one.status == "temporarily closed"):
        hits = search_service.search(Query(one.name, limit=10))
        [found] = [hit.stored for hit in hits if hit.stored.listing.key == one.key]
        assert describe_listing(found)["alert"].startswith("Closed for now")


def test_area_wide_and_online_listings_are_found_near_a_place(search_service, listings):
    near = search_service.require_area(search_service.list_area_names()[0])
    anywhere = [one for one in listings if not one.places and one.status != "closed"]
    assert anywhere
    for one in anywhere:
        hits = search_service.search(Query(f"{one.name} {one.description}", near=near, limit=5))
        [hit] = [hit for hit in hits if hit.stored.listing.key == one.key]
        assert hit.miles is None


def test_every_area_of_the_town_is_known(search_service):
    for name in search_service.list_area_names():
        area = search_service.find_area(f"near {name.upper()} please")
        assert area is not None
        assert area.name == name
    with pytest.raises(UnknownPlaceError, match=r"Nothing is known near 'Atlantis'\. Listings"):
        search_service.require_area("Atlantis")


def test_the_readme_says_that_it_is_fictional():
    assert "does not exist" in (Path(TOWN.parent) / "README.md").read_text()
