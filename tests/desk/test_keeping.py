"""Listings written by hand, on every database: what a source says later does not undo it."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from functools import partial

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from directory.desk.editor import ListingEditor
from directory.desk.queries import ListingQueries
from directory.errors import ConflictError, DailyLimitError, DirectoryError, SourceError
from directory.importing.audit_log import AuditLog
from directory.importing.importer import OWN_SOURCE, import_listings
from directory.listing import Listing, Place, Point, Schedule
from directory.models import AuditRow, OverrideRow, QuarantinedRow
from directory.rejected import RejectedRow
from directory.search.query import Query
from directory.search.service import SearchService
from tests.support.secret_place import PLACE, leaks

TODAY = date(2026, 11, 28)
TEA = Listing(
    "tea",
    "Tea and talk",
    "group",
    "Come for a cup of tea.",
    strands=("strengthening_communities",),
    assets=("groups_and_associations",),
    phone="01632 960001",
    places=(Place("Hall", neighbourhood="Old Town", point=Point(53, 1)),),
    schedules=(Schedule(("Monday",), "weekly"),),
    assured_date=date(2026, 1, 1),
)


@pytest.fixture
def editor(engine, remembering_encoder) -> ListingEditor:
    return ListingEditor(engine, remembering_encoder, lambda: TODAY)


@pytest.fixture
def import_source(engine, remembering_encoder):
    """Imports listings as one source says them; the id of the first."""

    def import_source(*listings: Listing | RejectedRow, source: str = "town") -> int:
        import_listings(engine, remembering_encoder, source, listings)
        with Session(engine) as session:
            return session.scalar(select(OverrideRow.listing_id)) or 1

    return import_source


def change(
    editor: ListingEditor, number: int, who: str = "Nadia", **values: object
) -> tuple[str, ...]:
    kept = editor.read(number)
    assert kept is not None
    listing = replace(kept.stored.listing, **values)  # type: ignore[arg-type]
    return editor.change(number, listing, who, version=kept.version)


def read(editor: ListingEditor, number: int) -> Listing:
    kept = editor.read(number)
    assert kept is not None
    return kept.stored.listing


def test_what_was_changed_here_outlives_what_the_source_says_next(editor, import_source):
    number = import_source(TEA)
    assert change(editor, number, phone="01632 960002") == ("phone",)
    import_source(replace(TEA, phone="01632 960009", description="Come for a cup of coffee."))
    now = read(editor, number)
    assert now.phone == "01632 960002"
    assert now.description == "Come for a cup of coffee."
    # And an answer that has not changed changes nothing.
    version = editor.read(number).version
    import_source(replace(TEA, phone="01632 960009", description="Come for a cup of coffee."))
    assert editor.read(number).version == version
    assert editor.read(number).edited == ("phone",)


def test_given_back_it_follows_its_source_again(editor, import_source):
    number = import_source(TEA)
    change(editor, number, phone="01632 960002")
    editor.follow_source(number, "Nadia")
    assert read(editor, number).phone == "01632 960002"
    import_source(TEA)
    assert read(editor, number).phone == TEA.phone
    assert editor.read(number).edited == ()


def test_what_its_source_drops_is_closed_and_cannot_be_changed(editor, import_source):
    number = import_source(TEA, replace(TEA, key="other"))
    change(editor, number, phone="01632 960002")
    import_source(replace(TEA, key="other"))
    assert read(editor, number).status == "closed"
    with pytest.raises(DirectoryError, match="no longer has this listing"):
        change(editor, number, phone="01632 960003")
    with pytest.raises(DirectoryError, match="no longer has this listing"):
        editor.assure(number, "Nadia", version=editor.read(number).version)


def at_once(*acts: Callable[[], object]) -> list[object]:
    """What each of them gives or raises, all begun at the same moment."""
    ready = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        ready.wait(30)
        try:
            return act()
        except DirectoryError as error:
            return type(error)

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_of_many_at_once_no_more_write_than_may_in_a_day(editor, import_source):
    number = import_source(TEA)
    version = editor.read(number).version
    # From then on it is as it was, and each has seen what is there.
    editor.assure(number, "Nadia", version=version)
    version = editor.read(number).version
    confirm = partial(editor.assure, number, "its contact", version=version, daily_limit=3)
    assert sorted(map(str, at_once(*[confirm] * 12))) == sorted(
        map(str, [None] * 3 + [DailyLimitError] * 9)
    )


def test_of_many_who_change_the_same_at_once_one_does(editor, import_source):
    number = import_source(TEA)
    kept = editor.read(number)
    changes = [
        partial(
            editor.change,
            number,
            replace(kept.stored.listing, phone=f"01632 9601{one:02}"),
            "Nadia",
            version=kept.version,
        )
        for one in range(12)
    ]
    found = at_once(*changes)
    assert found.count(("phone",)) == 1
    assert found.count(ConflictError) == 11
    assert read(editor, number).phone == f"01632 9601{found.index(('phone',)):02}"


def test_two_who_change_the_same_do_not_overwrite_each_other(editor, import_source):
    number = import_source(TEA)
    seen = editor.read(number)
    change(editor, number, phone="01632 960002")
    with pytest.raises(ConflictError, match="Somebody else has changed"):
        editor.change(number, replace(TEA, phone="01632 960003"), "Omar", version=seen.version)
    assert read(editor, number).phone == "01632 960002"


def test_the_later_check_counts_whoever_made_it(editor, import_source):
    number = import_source(TEA)
    editor.assure(number, "Nadia", version=editor.read(number).version)
    assert read(editor, number).assured_date == TODAY
    import_source(replace(TEA, assured_date=date(2026, 2, 1)))
    assert read(editor, number).assured_date == TODAY
    import_source(replace(TEA, assured_date=date(2027, 1, 1)))
    assert read(editor, number).assured_date == date(2027, 1, 1)


def test_a_listing_of_ones_own_is_found_and_no_import_touches_it(
    engine, editor, import_source, remembering_encoder
):
    number = editor.add(replace(TEA, name="Knitting circle", description="Yarn."), "Nadia")
    assert editor.read(number).own
    [hit] = SearchService(engine, remembering_encoder).search(Query("knitting", limit=1))
    assert hit.stored.id == number
    import_source(TEA)
    assert read(editor, number).status == "open"
    with pytest.raises(SourceError, match="Choose another"):
        import_source(TEA, source=OWN_SOURCE)


def test_a_change_is_found_by_its_new_words_at_once(
    engine, editor, import_source, remembering_encoder
):
    number = import_source(TEA)
    change(editor, number, name="Ukulele band", description="We play together.")
    [hit] = SearchService(engine, remembering_encoder).search(Query("ukulele", limit=1))
    assert hit.stored.id == number
    change(editor, number, status="closed")
    assert SearchService(engine, remembering_encoder).search(Query("ukulele", limit=1)) == []


def test_the_history_tells_who_did_what_and_how_it_was(engine, editor, import_source):
    number = import_source(TEA)
    change(editor, number, phone="01632 960002", cost_amount=0.0)
    editor.assure(number, "Omar", version=editor.read(number).version)
    assert change(editor, number) == ()
    latest, first = AuditLog(engine).read_listing_entries(number)
    assert (latest.who, latest.what, latest.fields) == ("Omar", "checked", ("assured_date",))
    assert (first.who, first.what) == ("Nadia", "changed")
    assert first.fields == ("phone", "cost_amount")
    assert first.before.phone == TEA.phone
    assert AuditLog(engine).read_entries(0, 1) == [latest]
    assert AuditLog(engine).read_entries(1, 5) == [first]


def find_leaks(engine: Engine) -> set[str]:
    """As `leaks`; but PostgreSQL may keep degrees in gaps of its search table: see the docs."""
    degrees = {"53.777123", "1.777321"} if engine.dialect.name == "postgresql" else set()
    return leaks(engine) - degrees


@pytest.mark.parametrize("by", ["navigator", "source", "refused row"])
def test_a_listing_that_becomes_confidential_leaves_no_place_behind(
    engine, editor, import_source, by
):
    number = import_source(replace(TEA, places=(PLACE,)))
    change(editor, number, places=(replace(PLACE, venue="Quiethaven"),), description="Safe.")
    change(editor, number, phone="01632 960002")
    assert leaks(engine)
    if by == "navigator":
        change(editor, number, confidential=True)
    elif by == "source":
        import_source(replace(TEA, confidential=True))
    else:
        import_source(RejectedRow("tea", "Tea", "it is wrong", {}, confidential=True))
    assert read(editor, number).places == ()
    assert find_leaks(engine) == set()
    assert all(change.before is None for change in AuditLog(engine).read_listing_entries(number))
    # Nor does it come back by what was changed before.
    if by != "refused row":
        import_source(replace(TEA, confidential=by == "source", places=(PLACE,)))
        assert read(editor, number).confidential
        assert find_leaks(engine) == set()


def test_a_quarantined_row_is_mended_and_stays_so_until_its_source_is(
    engine, editor, import_source
):
    refused = RejectedRow(
        "tea", "Tea", "row ending on line 2: column 'kind' is empty", {"name": "Tea"}
    )
    import_source(refused)
    register = ListingQueries(engine)
    [row], total = register.list_quarantined(0, 10)
    assert total == 1
    assert register.list_quarantined(1, 10) == ([], 1)
    assert (row.source, row.key, row.content) == ("town", "tea", {"name": "Tea"})
    number = editor.fix_quarantined(row.id, replace(TEA, name="Mended"), "Nadia")
    assert register.count_quarantined() == 0
    assert register.get_quarantined(row.id) is None
    import_source(refused)
    assert read(editor, number).name == "Mended"
    assert read(editor, number).status == "open"
    import_source(TEA)
    assert read(editor, number).name == TEA.name
    with pytest.raises(DirectoryError, match="already fixed or removed"):
        editor.fix_quarantined(row.id, TEA, "Nadia")


@pytest.mark.parametrize("private", [False, True])
def test_who_left_a_row_out_is_noted_and_a_private_one_is_not_named(
    engine, editor, import_source, private
):
    import_source(RejectedRow("tea", "Tea", "it is wrong", {}, confidential=private))
    [row], _ = ListingQueries(engine).list_quarantined(0, 10)
    editor.remove_quarantined(row.id, "Nadia")
    editor.remove_quarantined(row.id, "Omar")
    assert ListingQueries(engine).count_quarantined() == 0
    [noted] = AuditLog(engine).read_entries(0, 10)
    assert (noted.who, noted.what) == ("Nadia", "row removed")
    assert noted.name == ("a private row, of town" if private else "Tea, of town")
    assert noted.listing_id is None


def test_what_would_find_it_is_told_before_it_is_saved(engine, editor):
    told = editor.preview(
        replace(TEA, name="Allotment club", description="Grow vegetables and flowers together.")
    )
    assert told.topics[0] == "gardening and growing"
    assert {"allotment", "vegetables"} <= set(told.words)
    with Session(engine) as session:
        assert session.scalars(select(AuditRow)).all() == []
        assert session.scalars(select(QuarantinedRow)).all() == []


def test_the_register_finds_closed_ones_and_those_that_nobody_checked(
    engine, editor, import_source
):
    number = import_source(
        TEA,
        replace(TEA, key="2", name="Choir", assured_date=None),
        replace(TEA, key="3", name="Chess", assured_date=TODAY),
    )
    register = ListingQueries(engine, lambda: TODAY)
    assert register.find("tea hall", "", 0, 10)[1] == 3
    change(editor, number, status="closed")
    register = ListingQueries(engine, lambda: TODAY)
    [found], total = register.find("tea", "closed", 0, 10)
    assert (found.id, total) == (number, 1)
    found = register.read_freshness(0, 10)
    assert [(one.stored.listing.name, one.day) for one in found.stale] == [("Choir", None)]
    assert found.total == 1
    assert found.counts == {
        "in the last six months": 1,
        "six to twelve months ago": 0,
        "longer ago": 0,
        "never checked": 1,
    }
