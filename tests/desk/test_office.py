"""What the desk settles and counts, on every database."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from directory.catalogue import Catalogue
from directory.desk.office import Office
from directory.desk.supply import Need, Supply
from directory.errors import DirectoryError
from directory.finding.query import Query
from directory.listings import Listing, Place, Point
from directory.models import DuplicateRow, ListingRow
from directory.notes import Notebook
from tests.desk.server import SECRET

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
def office(engine, remembering_encoder) -> Office:
    return Office(engine, remembering_encoder, SECRET)


def read_ids(engine: Engine) -> dict[str, int]:
    with Session(engine) as session:
        return {row.key: row.id for row in session.scalars(select(ListingRow))}


def test_who_imported_what_is_noted_for_what_changed_alone(office):
    office.take_in("town", [LUNCH, CHOIR], "Nadia", complete=False)
    office.take_in("town", [replace(LUNCH, phone="01632 960001"), CHOIR], "Omar", complete=True)
    office.take_in("town", [CHOIR], "Ada", complete=True)
    told = [(one.who, one.what, one.name) for one in office.history.read(0, 10)]
    assert told[:2] == [
        ("Ada", "closed, as an import has it no more", "Lunch club"),
        ("Omar", "imported", "Lunch club"),
    ]
    assert sorted(told[2:]) == [
        ("Nadia", "imported", "Choir"),
        ("Nadia", "imported", "Lunch club"),
    ]


@pytest.fixture
def pair(engine, office) -> tuple[int, int]:
    """Two listings that wait for a verdict."""
    office.take_in("town", [LUNCH, CHOIR], "Nadia", complete=False)
    ids = read_ids(engine)
    first, second = sorted((ids["lunch"], ids["choir"]))
    with Session(engine) as session, session.begin():
        session.add(
            DuplicateRow(first_id=first, second_id=second, likeness=0.5, reason="the same place")
        )
    return first, second


def test_a_pair_is_settled_and_settled_otherwise(engine, office, pair, remembering_encoder):
    def find_shown() -> set[int]:
        hits = Catalogue(engine, remembering_encoder).search(Query("lunch or singing", limit=5))
        return {hit.found.id for hit in hits}

    [waiting] = office.list_pairs(10)
    assert (waiting.first.id, waiting.second.id) == pair
    assert (waiting.likeness, waiting.reason) == (0.5, "the same place")
    assert find_shown() == set(pair)
    office.settle_pair(pair[1], pair[0], "same", "Nadia")
    assert len(find_shown()) == 1
    assert office.list_pairs(10) == []
    office.settle_pair(*pair, "different", "Omar")
    assert find_shown() == set(pair)
    told = [(one.who, one.what) for one in office.history.of(pair[0])]
    assert told[:2] == [
        ("Omar", "told from another"),
        ("Nadia", "found to be the same as another"),
    ]
    with pytest.raises(DirectoryError, match="no pair any more"):
        office.settle_pair(1, 999, "same", "Nadia")


def test_a_note_is_forgotten_once_settled(office):
    office.notebook.add_note("suggestion", "There is a choir.")
    office.notebook.add_note("report", "It has moved.", about="Lunch club")
    notes = office.notebook.read_numbered()
    assert sorted(note.text for note in notes.values()) == ["It has moved.", "There is a choir."]
    number = next(at for at, note in notes.items() if note.kind == "report")
    office.notebook.settle(number)
    office.notebook.settle(number)
    assert [note.text for note in office.notebook.read_notes()] == ["There is a choir."]


def test_need_is_counted_for_thirteen_weeks_beside_what_is_there(engine, office):
    office.take_in("town", [LUNCH, CHOIR], "Nadia", complete=False)
    today = date(2026, 11, 28)
    for day, topic, area, times in (
        (date(2026, 11, 23), "singing and choirs", "Old Town", 2),
        (date(2026, 9, 7), "singing and choirs", "Old Town", 1),
        (date(2026, 11, 23), "singing and choirs", "Sandhills", 1),
        (date(2026, 8, 24), "housing", "Old Town", 9),
    ):
        for _ in range(times):
            Notebook(engine, lambda day=day: day).add_unmet_need(topic, area)
    supply = Supply(engine, lambda: today)
    needs, drawn = supply.survey(10, 10)
    assert needs == [
        Need("singing and choirs", "Old Town", 3, 1, 1),
        Need("singing and choirs", "Sandhills", 1, 0, 1),
    ]
    assert drawn.strands[0] == "strengthening_communities"
    assert drawn.areas == (("Old Town", (2, 0, 0, 2)),)
