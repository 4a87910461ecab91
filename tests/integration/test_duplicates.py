"""Duplicates of two sources are shown once, unless a navigator decides otherwise."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from directory.importing.duplicates import DuplicateCounts, link_duplicates
from directory.importing.importer import import_listings
from directory.importing.upgrade import open_directory
from directory.listing import Listing, Place, Schedule
from directory.models import DuplicateRow, ListingRow
from directory.publishing.repository import ServiceRepository
from directory.search.query import Query
from directory.search.service import SearchService

CLUB = Listing(
    key="1",
    name="Old Town Lunch Club",
    kind="group",
    description="A hot lunch and a chat for older people, every Wednesday in the church hall.",
    organisation="Old Town Churches",
    website="https://lunch.example",
    phone="01632 960001",
    places=(Place("Church Hall", postcode="ZY1 1AA"),),
)
FULLER = replace(CLUB, key="9", schedules=(Schedule(("Wednesday",), "weekly"),))
CHOIR = replace(
    CLUB, key="2", name="Choir", description="We sing.", website="https://choir.example", phone=""
)


@pytest.fixture
def filled_engine(tmp_path, encoder) -> Iterator[Engine]:
    engine = open_directory(f"sqlite:///{tmp_path / 'directory.db'}")
    import_listings(engine, encoder, "one", [CLUB, CHOIR])
    import_listings(engine, encoder, "two", [FULLER])
    yield engine
    engine.dispose()


def find_hits(engine: Engine, encoder) -> list[tuple[str, str]]:
    hits = SearchService(engine, encoder).search(Query("lunch club", limit=9))
    return [(hit.stored.source, hit.stored.listing.name) for hit in hits]


def give_verdict(engine: Engine, verdict: str) -> None:
    with Session(engine) as session:
        session.execute(update(DuplicateRow).values(verdict=verdict))
        session.commit()


def test_the_listing_with_most_facts_is_shown_for_both(filled_engine, encoder):
    assert find_hits(filled_engine, encoder) == [("two", "Old Town Lunch Club"), ("one", "Choir")]
    with Session(filled_engine) as session:
        [pair] = session.scalars(select(DuplicateRow))
    assert "same name" in pair.reason
    assert link_duplicates(filled_engine) == DuplicateCounts(hidden=1, waiting=0)


def test_every_import_links_duplicates(filled_engine, encoder):
    report = import_listings(filled_engine, encoder, "two", [FULLER])
    assert report.linked == DuplicateCounts(hidden=1, waiting=0)


def test_a_former_duplicate_is_shown_again(filled_engine, encoder):
    report = import_listings(filled_engine, encoder, "two", [replace(CHOIR, key="9", name="Opera")])
    assert report.linked == DuplicateCounts(hidden=0, waiting=0)
    assert ("one", "Old Town Lunch Club") in find_hits(filled_engine, encoder)


def test_a_dropped_listing_hides_nothing(filled_engine, encoder):
    import_listings(filled_engine, encoder, "two", [replace(CHOIR, key="10", name="Opera")])
    assert ("one", "Old Town Lunch Club") in find_hits(filled_engine, encoder)
    assert ("two", "Old Town Lunch Club") not in find_hits(filled_engine, encoder)


def test_the_shown_listing_warns_that_its_duplicate_is_closed_for_now(filled_engine, encoder):
    closed = replace(CLUB, status="temporarily closed")
    import_listings(filled_engine, encoder, "one", [closed, CHOIR])
    search_service = SearchService(filled_engine, encoder)
    [hit, choir] = search_service.search(Query("lunch club", limit=9))
    assert hit.stored.listing.status == "open"
    assert "Another source says that it is closed for now" in hit.stored.listing.alert
    assert choir.stored.listing.alert == ""
    page = ServiceRepository(filled_engine).find_listing(hit.stored.id)
    assert page is not None
    assert page.listing.alert == hit.stored.listing.alert
    import_listings(filled_engine, encoder, "one", [CLUB, CHOIR])
    assert (
        SearchService(filled_engine, encoder).search(Query("lunch club"))[0].stored.listing.alert
        == ""
    )


@pytest.mark.parametrize(("verdict", "hidden"), [("different", 0), ("same", 1)])
def test_a_navigators_verdict_stands(filled_engine, encoder, verdict, hidden):
    give_verdict(filled_engine, verdict)
    assert link_duplicates(filled_engine).hidden == hidden
    # Even when the two are no longer alike.
    opera = replace(CHOIR, key="9", name="Opera", description="Singing with costumes.")
    report = import_listings(filled_engine, encoder, "two", [opera])
    assert report.linked is not None
    assert report.linked.hidden == hidden


def test_a_hidden_listing_stays_hidden_when_it_changes(filled_engine, encoder):
    import_listings(filled_engine, encoder, "one", [replace(CLUB, alert="Back in May"), CHOIR])
    assert find_hits(filled_engine, encoder)[0] == ("two", "Old Town Lunch Club")
    with Session(filled_engine) as session:
        [hidden] = session.scalars(select(ListingRow.key).where(ListingRow.same_as.is_not(None)))
    assert hidden == "1"
