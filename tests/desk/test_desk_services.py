"""The desk's imports, verdicts, notes and asset supply, on every database."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from directory.desk.asset_supply import AssetSupply, Need
from directory.desk.services import DeskServices
from directory.errors import DirectoryError
from directory.importing.importer import import_listings
from directory.listing import Listing, Place, Point
from directory.models import DuplicateRow, ListingRow
from directory.notes import Notebook
from directory.search.query import Query
from directory.search.service import SearchService
from tests.support.desk_server import SECRET

LUNCH = Listing(
    "lunch",
    "Lunch club",
    "group",
    "A hot meal and company.",
    organisation="Kitchen",
    strands=("strengthening_communities", "access_to_community_resources"),
    assets=("groups_and_associations",),
    topics=("lunch clubs",),
    places=(Place("Hall", neighbourhood="Old Town", point=Point(53, 1)),),
)
CHOIR = replace(LUNCH, key="choir", name="Choir", description="We sing.", topics=("singing",))


@pytest.fixture
def desk_services(engine, remembering_encoder) -> DeskServices:
    return DeskServices(engine, remembering_encoder, SECRET)


@pytest.fixture
def import_town(engine, remembering_encoder) -> Callable[..., None]:
    """Imports listings as somebody at the desk would, but in this process."""

    def import_town(listings: list[Listing], who: str, *, complete: bool) -> None:
        import_listings(engine, remembering_encoder, "town", listings, complete=complete, who=who)

    return import_town


def read_ids(engine: Engine) -> dict[str, int]:
    with Session(engine) as session:
        return {row.key: row.id for row in session.scalars(select(ListingRow))}


def test_an_import_records_who_changed_which_listings(desk_services, import_town):
    import_town([LUNCH, CHOIR], "Nadia", complete=False)
    import_town([replace(LUNCH, phone="01632 960001"), CHOIR], "Omar", complete=True)
    import_town([CHOIR], "Ada", complete=True)
    entries = [
        (entry.who, entry.what, entry.name) for entry in desk_services.audit_log.read_entries(0, 10)
    ]
    assert entries[:2] == [
        ("Ada", "closed: no longer in the import", "Lunch club"),
        ("Omar", "imported", "Lunch club"),
    ]
    assert sorted(entries[2:]) == [
        ("Nadia", "imported", "Choir"),
        ("Nadia", "imported", "Lunch club"),
    ]


@pytest.fixture
def pair(engine, import_town) -> tuple[int, int]:
    """The ids of two listings without a verdict."""
    import_town([LUNCH, CHOIR], "Nadia", complete=False)
    ids = read_ids(engine)
    first, second = sorted((ids["lunch"], ids["choir"]))
    with Session(engine) as session, session.begin():
        session.add(
            DuplicateRow(first_id=first, second_id=second, likeness=0.5, reason="the same place")
        )
    return first, second


def test_a_verdict_on_a_pair_can_be_changed(engine, desk_services, pair, remembering_encoder):
    def search_ids() -> set[int]:
        hits = SearchService(engine, remembering_encoder).search(Query("lunch or singing", limit=5))
        return {hit.stored.id for hit in hits}

    [undecided] = desk_services.list_pairs(10)
    assert (undecided.first.id, undecided.second.id) == pair
    assert (undecided.likeness, undecided.reason) == (0.5, "the same place")
    assert search_ids() == set(pair)
    desk_services.settle_pair(pair[1], pair[0], "same", "Nadia")
    assert len(search_ids()) == 1
    assert desk_services.list_pairs(10) == []
    desk_services.settle_pair(*pair, "different", "Omar")
    assert search_ids() == set(pair)
    entries = desk_services.audit_log.read_listing_entries(pair[0])
    assert [(entry.who, entry.what) for entry in entries[:2]] == [
        ("Omar", "marked as a different listing"),
        ("Nadia", "marked as a duplicate"),
    ]
    with pytest.raises(DirectoryError, match="no longer a possible duplicate"):
        desk_services.settle_pair(1, 999, "same", "Nadia")


def test_a_settled_note_is_deleted(desk_services):
    desk_services.notebook.add_note("suggestion", "There is a choir.")
    desk_services.notebook.add_note("report", "It has moved.", about="Lunch club")
    notes = desk_services.notebook.read_notes_by_id()
    assert sorted(note.text for note in notes.values()) == ["It has moved.", "There is a choir."]
    note_id = next(note_id for note_id, note in notes.items() if note.kind == "report")
    desk_services.notebook.delete_note(note_id)
    desk_services.notebook.delete_note(note_id)
    assert [note.text for note in desk_services.notebook.read_notes()] == ["There is a choir."]


def test_unmet_needs_of_thirteen_weeks_are_compared_with_listings(engine, import_town):
    import_town([LUNCH, CHOIR], "Nadia", complete=False)
    today = date(2026, 11, 28)
    for day, topic, area, searches in (
        (date(2026, 11, 23), "singing and choirs", "Old Town", 2),
        (date(2026, 9, 7), "singing and choirs", "Old Town", 1),
        (date(2026, 11, 23), "singing and choirs", "Sandhills", 1),
        (date(2026, 8, 24), "housing", "Old Town", 9),
    ):
        for _ in range(searches):
            Notebook(engine, lambda day=day: day).add_unmet_need(topic, area)
    supply = AssetSupply(engine, lambda: today)
    needs, asset_map = supply.survey(10, 10)
    assert needs == [
        Need("singing and choirs", "Old Town", 3, 1, 1),
        Need("singing and choirs", "Sandhills", 1, 0, 1),
    ]
    assert asset_map.strands[0] == "strengthening_communities"
    assert asset_map.areas == (("Old Town", (2, 0, 0, 2)),)
