"""The example town: it is imported in full, shows every feature, and can be searched."""

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


def test_every_row_is_imported(town):
    _, report = town
    assert report.quarantined == ()
    assert report.added >= 150
    assert report.added == len(list(csv.DictReader(TOWN.read_text("utf-8").splitlines())))


@pytest.mark.parametrize(
    ("field", "values"), [("strands", STRANDS), ("assets", ASSETS), ("kind", KINDS)]
)
def test_the_town_has_every_strand_asset_and_kind(listings, field, values):
    for value in values:
        matching = [
            listing
            for listing in listings
            if value in (getattr(listing, field), *getattr(listing, field))
        ]
        assert len(matching) >= 3, value


@pytest.mark.parametrize(
    ("feature", "has_feature"),
    [
        ("online only", lambda listing: listing.online and not listing.places),
        (
            "area-wide",
            lambda listing: listing.covers and not any(place.postcode for place in listing.places),
        ),
        ("temporarily closed", lambda listing: listing.status == "temporarily closed"),
        ("closed", lambda listing: listing.status == "closed"),
        ("confidential", lambda listing: listing.confidential),
        ("free", lambda listing: listing.free),
        ("paid", lambda listing: listing.cost_amount),
        (
            "wants a strength",
            lambda listing: listing.kind == "volunteering" and listing.skills_wanted,
        ),
        ("another language", lambda listing: set(listing.languages) - {"English"}),
        ("for an age", lambda listing: listing.minimum_age or listing.maximum_age),
        (
            "its times in words only",
            lambda listing: any(not schedule.days for schedule in listing.schedules),
        ),
    ],
)
def test_the_town_shows_every_feature(listings, feature, has_feature):
    assert any(map(has_feature, listings)), feature


def test_no_contact_of_the_town_is_real(listings):
    for listing in listings:
        assert not listing.website or ".example" in listing.website
        assert not listing.email or listing.email.endswith(".example")
        assert all(place.postcode.startswith("ZY") for place in listing.places if place.postcode)


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
def test_residents_needs_are_matched(search_service, text, word):
    hits = search_service.search(Query(text, limit=3))
    assert len(hits) == 3
    assert hits[0].is_good
    texts = [f"{hit.stored.listing.name} {hit.stored.listing.description}" for hit in hits]
    assert re.search(word, " ".join(texts), re.I)
    assert all(hit.stored.notice == NOTICE for hit in hits)
    assert all(describe_hit(hit)["reasons"] for hit in hits)


def test_hits_can_be_excluded_until_none_are_left(search_service):
    query = Query("gardening", kinds=frozenset({"volunteering"}), limit=5)
    seen: set[int] = set()
    while hits := search_service.search(query):
        ids = {hit.stored.id for hit in hits}
        assert not ids & seen
        seen |= ids
        query = replace(query, exclude=query.exclude | {hit.stored.id for hit in hits})
    assert len(seen) > 10


def test_a_closed_listing_is_never_found(search_service, listings):
    closed = [listing for listing in listings if listing.status == "closed"]
    for listing in closed:
        hits = search_service.search(Query(f"{listing.name} {listing.description}", limit=100))
        assert listing.key not in {hit.stored.listing.key for hit in hits}


def test_a_temporarily_closed_listing_has_an_alert(search_service, listings):
    closed_for_now = [listing for listing in listings if listing.status == "temporarily closed"]
    for listing in closed_for_now:
        hits = search_service.search(Query(listing.name, limit=10))
        [stored] = [hit.stored for hit in hits if hit.stored.listing.key == listing.key]
        assert describe_listing(stored)["alert"].startswith("Closed for now")


def test_area_wide_and_online_listings_are_found_near_a_place(search_service, listings):
    near = search_service.require_area(search_service.list_area_names()[0])
    anywhere = [
        listing for listing in listings if not listing.places and listing.status != "closed"
    ]
    assert anywhere
    for listing in anywhere:
        hits = search_service.search(
            Query(f"{listing.name} {listing.description}", near=near, limit=5)
        )
        [hit] = [hit for hit in hits if hit.stored.listing.key == listing.key]
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
