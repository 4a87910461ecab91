"""One thing that two sources list is shown once, and a navigator has the last word."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from directory.importing.duplicates import link_duplicates
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
    filled_engine = open_directory(f"sqlite:///{tmp_path / 'directory.db'}")
    import_listings(filled_engine, encoder, "one", [CLUB, CHOIR])
    import_listings(filled_engine, encoder, "two", [FULLER])
    yield filled_engine
    filled_engine.dispose()


def find(filled_engine: Engine, encoder) -> list[tuple[str, str]]:
    hits = SearchService(filled_engine, encoder).search(Query("lunch club", limit=9))
    return [(hit.found.source, hit.found.listing.name) for hit in hits]


def give_verdict(filled_engine: Engine, verdict: str) -> None:
    with Session(filled_engine) as session:
        session.execute(update(DuplicateRow).values(verdict=verdict))
        session.commit()


def test_it_is_shown_once_and_by_the_listing_that_tells_most(filled_engine, encoder):
    linked = link_duplicates(filled_engine)
    assert (linked.hidden, linked.waiting) == (1, 0)
    assert find(filled_engine, encoder) == [("two", "Old Town Lunch Club"), ("one", "Choir")]
    with Session(filled_engine) as session:
        [pair] = session.scalars(select(DuplicateRow))
    assert "same name" in pair.reason
    assert link_duplicates(filled_engine) == linked


def test_what_is_not_the_same_any_more_is_shown_again(filled_engine, encoder):
    link_duplicates(filled_engine)
    import_listings(filled_engine, encoder, "two", [replace(CHOIR, key="9", name="Opera")])
    assert link_duplicates(filled_engine).hidden == 0
    assert ("one", "Old Town Lunch Club") in find(filled_engine, encoder)


def test_what_its_source_dropped_hides_nothing(filled_engine, encoder):
    link_duplicates(filled_engine)
    import_listings(filled_engine, encoder, "two", [replace(CHOIR, key="10", name="Opera")])
    link_duplicates(filled_engine)
    assert ("one", "Old Town Lunch Club") in find(filled_engine, encoder)
    assert ("two", "Old Town Lunch Club") not in find(filled_engine, encoder)


def test_what_one_source_says_is_closed_for_now_is_told_with_the_other(filled_engine, encoder):
    closed = replace(CLUB, status="temporarily closed")
    import_listings(filled_engine, encoder, "one", [closed, CHOIR])
    link_duplicates(filled_engine)
    search_service = SearchService(filled_engine, encoder)
    [hit, choir] = search_service.search(Query("lunch club", limit=9))
    assert hit.found.listing.status == "open"
    assert "Another source says that it is closed for now" in hit.found.listing.alert
    assert choir.found.listing.alert == ""
    page = ServiceRepository(filled_engine).get(hit.found.id)
    assert page is not None
    assert page.listing.alert == hit.found.listing.alert
    import_listings(filled_engine, encoder, "one", [CLUB, CHOIR])
    assert (
        SearchService(filled_engine, encoder).search(Query("lunch club"))[0].found.listing.alert
        == ""
    )


@pytest.mark.parametrize(("verdict", "hidden"), [("different", 0), ("same", 1)])
def test_a_navigators_verdict_stands(filled_engine, encoder, verdict, hidden):
    link_duplicates(filled_engine)
    give_verdict(filled_engine, verdict)
    assert link_duplicates(filled_engine).hidden == hidden
    # Even when the two are not alike any more.
    other = replace(CHOIR, key="9", name="Opera", description="Singing with costumes.")
    import_listings(filled_engine, encoder, "two", [other])
    assert link_duplicates(filled_engine).hidden == hidden


def test_a_hidden_listing_stays_hidden_when_it_changes(filled_engine, encoder):
    link_duplicates(filled_engine)
    import_listings(filled_engine, encoder, "one", [replace(CLUB, alert="Back in May"), CHOIR])
    assert find(filled_engine, encoder)[0] == ("two", "Old Town Lunch Club")
    with Session(filled_engine) as session:
        [hidden] = session.scalars(select(ListingRow.key).where(ListingRow.same_as.is_not(None)))
    assert hidden == "1"
