"""Listings changed at the desk, on every database: a later import does not undo the changes."""

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
from tests.support.secret_place import PLACE, find_leaks

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
    """Imports these listings as a whole source, and returns the id of the first."""

    def import_source(*listings: Listing | RejectedRow, source: str = "town") -> int:
        import_listings(engine, remembering_encoder, source, listings)
        with Session(engine) as session:
            return session.scalar(select(OverrideRow.listing_id)) or 1

    return import_source


def change(
    editor: ListingEditor, listing_id: int, who: str = "Nadia", **values: object
) -> tuple[str, ...]:
    record = editor.read(listing_id)
    assert record is not None
    listing = replace(record.stored.listing, **values)  # type: ignore[arg-type]
    return editor.change(listing_id, listing, who, version=record.version)


def read(editor: ListingEditor, listing_id: int) -> Listing:
    record = editor.read(listing_id)
    assert record is not None
    return record.stored.listing


def test_an_override_outlives_the_next_import(editor, import_source):
    listing_id = import_source(TEA)
    assert change(editor, listing_id, phone="01632 960002") == ("phone",)
    import_source(replace(TEA, phone="01632 960009", description="Come for a cup of coffee."))
    listing = read(editor, listing_id)
    assert listing.phone == "01632 960002"
    assert listing.description == "Come for a cup of coffee."
    # The same import again changes nothing.
    version = editor.read(listing_id).version
    import_source(replace(TEA, phone="01632 960009", description="Come for a cup of coffee."))
    assert editor.read(listing_id).version == version
    assert editor.read(listing_id).edited == ("phone",)


def test_a_listing_can_follow_its_source_again(editor, import_source):
    listing_id = import_source(TEA)
    change(editor, listing_id, phone="01632 960002")
    editor.follow_source(listing_id, "Nadia")
    assert read(editor, listing_id).phone == "01632 960002"
    import_source(TEA)
    assert read(editor, listing_id).phone == TEA.phone
    assert editor.read(listing_id).edited == ()


def test_a_listing_that_its_source_drops_is_closed_and_cannot_be_changed(editor, import_source):
    listing_id = import_source(TEA, replace(TEA, key="other"))
    change(editor, listing_id, phone="01632 960002")
    import_source(replace(TEA, key="other"))
    assert read(editor, listing_id).status == "closed"
    with pytest.raises(DirectoryError, match="no longer has this listing"):
        change(editor, listing_id, phone="01632 960003")
    with pytest.raises(DirectoryError, match="no longer has this listing"):
        editor.assure(listing_id, "Nadia", version=editor.read(listing_id).version)


def run_at_once(*functions: Callable[[], object]) -> list[object]:
    """Call the functions at the same moment; return each one's result or the type of its error."""
    ready = threading.Barrier(len(functions))

    def run(function: Callable[[], object]) -> object:
        ready.wait(30)
        try:
            return function()
        except DirectoryError as error:
            return type(error)

    with ThreadPoolExecutor(len(functions)) as pool:
        return list(pool.map(run, functions))


def test_simultaneous_writes_cannot_exceed_the_daily_limit(editor, import_source):
    listing_id = import_source(TEA)
    version = editor.read(listing_id).version
    # The first check sets the date. Later ones change nothing, so the version stays valid.
    editor.assure(listing_id, "Nadia", version=version)
    version = editor.read(listing_id).version
    confirm = partial(editor.assure, listing_id, "its contact", version=version, daily_limit=3)
    assert sorted(map(str, run_at_once(*[confirm] * 12))) == sorted(
        map(str, [None] * 3 + [DailyLimitError] * 9)
    )


def test_only_one_of_many_simultaneous_changes_is_saved(editor, import_source):
    listing_id = import_source(TEA)
    record = editor.read(listing_id)
    changes = [
        partial(
            editor.change,
            listing_id,
            replace(record.stored.listing, phone=f"01632 9601{last_digits:02}"),
            "Nadia",
            version=record.version,
        )
        for last_digits in range(12)
    ]
    results = run_at_once(*changes)
    assert results.count(("phone",)) == 1
    assert results.count(ConflictError) == 11
    assert read(editor, listing_id).phone == f"01632 9601{results.index(('phone',)):02}"


def test_a_change_to_an_older_version_is_a_conflict(editor, import_source):
    listing_id = import_source(TEA)
    older = editor.read(listing_id)
    change(editor, listing_id, phone="01632 960002")
    with pytest.raises(ConflictError, match="Somebody else has changed"):
        editor.change(listing_id, replace(TEA, phone="01632 960003"), "Omar", version=older.version)
    assert read(editor, listing_id).phone == "01632 960002"


def test_the_later_assured_date_counts(editor, import_source):
    listing_id = import_source(TEA)
    editor.assure(listing_id, "Nadia", version=editor.read(listing_id).version)
    assert read(editor, listing_id).assured_date == TODAY
    import_source(replace(TEA, assured_date=date(2026, 2, 1)))
    assert read(editor, listing_id).assured_date == TODAY
    import_source(replace(TEA, assured_date=date(2027, 1, 1)))
    assert read(editor, listing_id).assured_date == date(2027, 1, 1)


def test_a_listing_added_at_the_desk_is_found_and_no_import_changes_it(
    engine, editor, import_source, remembering_encoder
):
    listing_id = editor.add(replace(TEA, name="Knitting circle", description="Yarn."), "Nadia")
    assert editor.read(listing_id).own
    [hit] = SearchService(engine, remembering_encoder).search(Query("knitting", limit=1))
    assert hit.stored.id == listing_id
    import_source(TEA)
    assert read(editor, listing_id).status == "open"
    with pytest.raises(SourceError, match="Choose another"):
        import_source(TEA, source=OWN_SOURCE)


def test_a_changed_listing_is_found_by_its_new_words_at_once(
    engine, editor, import_source, remembering_encoder
):
    listing_id = import_source(TEA)
    change(editor, listing_id, name="Ukulele band", description="We play together.")
    [hit] = SearchService(engine, remembering_encoder).search(Query("ukulele", limit=1))
    assert hit.stored.id == listing_id
    change(editor, listing_id, status="closed")
    assert SearchService(engine, remembering_encoder).search(Query("ukulele", limit=1)) == []


def test_the_audit_log_has_who_what_and_the_listing_before(engine, editor, import_source):
    listing_id = import_source(TEA)
    change(editor, listing_id, phone="01632 960002", cost_amount=0.0)
    editor.assure(listing_id, "Omar", version=editor.read(listing_id).version)
    assert change(editor, listing_id) == ()
    latest, first = AuditLog(engine).read_listing_entries(listing_id)
    assert (latest.who, latest.what, latest.fields) == ("Omar", "checked", ("assured_date",))
    assert (first.who, first.what) == ("Nadia", "changed")
    assert first.fields == ("phone", "cost_amount")
    assert first.before.phone == TEA.phone
    assert AuditLog(engine).read_entries(0, 1) == [latest]
    assert AuditLog(engine).read_entries(1, 5) == [first]


def find_unexpected_leaks(engine: Engine) -> set[str]:
    """As `find_leaks`; but PostgreSQL may keep degrees in gaps of its search table (see docs)."""
    degrees = {"53.777123", "1.777321"} if engine.dialect.name == "postgresql" else set()
    return find_leaks(engine) - degrees


@pytest.mark.parametrize("cause", ["navigator", "source", "quarantined row"])
def test_a_listing_that_becomes_confidential_leaves_no_place_behind(
    engine, editor, import_source, cause
):
    listing_id = import_source(replace(TEA, places=(PLACE,)))
    change(editor, listing_id, places=(replace(PLACE, venue="Quiethaven"),), description="Safe.")
    change(editor, listing_id, phone="01632 960002")
    assert find_leaks(engine)
    if cause == "navigator":
        change(editor, listing_id, confidential=True)
    elif cause == "source":
        import_source(replace(TEA, confidential=True))
    else:
        import_source(RejectedRow("tea", "Tea", "it is wrong", {}, confidential=True))
    assert read(editor, listing_id).places == ()
    assert find_unexpected_leaks(engine) == set()
    assert all(
        change.before is None for change in AuditLog(engine).read_listing_entries(listing_id)
    )
    # The overrides do not bring it back either.
    if cause != "quarantined row":
        import_source(replace(TEA, confidential=cause == "source", places=(PLACE,)))
        assert read(editor, listing_id).confidential
        assert find_unexpected_leaks(engine) == set()


def test_a_fixed_row_stays_until_its_source_is_valid(engine, editor, import_source):
    rejected = RejectedRow(
        "tea", "Tea", "row ending on line 2: column 'kind' is empty", {"name": "Tea"}
    )
    import_source(rejected)
    queries = ListingQueries(engine)
    [row], total = queries.list_quarantined(0, 10)
    assert total == 1
    assert queries.list_quarantined(1, 10) == ([], 1)
    assert (row.source, row.key, row.content) == ("town", "tea", {"name": "Tea"})
    listing_id = editor.fix_quarantined(row.id, replace(TEA, name="Fixed"), "Nadia")
    assert queries.count_quarantined() == 0
    assert queries.get_quarantined(row.id) is None
    import_source(rejected)
    assert read(editor, listing_id).name == "Fixed"
    assert read(editor, listing_id).status == "open"
    import_source(TEA)
    assert read(editor, listing_id).name == TEA.name
    with pytest.raises(DirectoryError, match="already fixed or removed"):
        editor.fix_quarantined(row.id, TEA, "Nadia")


def test_a_form_of_a_deleted_row_does_not_fix_or_remove_another(engine, editor, import_source):
    import_source(RejectedRow("tea", "Tea", "it is wrong", {}))
    queries = ListingQueries(engine)
    [row], _ = queries.list_quarantined(0, 10)
    import_source(RejectedRow("shed", "Shed", "it is wrong", {}))
    with pytest.raises(DirectoryError, match="already fixed or removed"):
        editor.fix_quarantined(row.id, TEA, "Nadia")
    editor.remove_quarantined(row.id, "Nadia")
    [other], _ = queries.list_quarantined(0, 10)
    assert other.key == "shed"


@pytest.mark.parametrize("private", [False, True])
def test_the_audit_log_does_not_name_a_removed_private_row(engine, editor, import_source, private):
    import_source(RejectedRow("tea", "Tea", "it is wrong", {}, confidential=private))
    [row], _ = ListingQueries(engine).list_quarantined(0, 10)
    editor.remove_quarantined(row.id, "Nadia")
    editor.remove_quarantined(row.id, "Omar")
    assert ListingQueries(engine).count_quarantined() == 0
    [entry] = AuditLog(engine).read_entries(0, 10)
    assert (entry.who, entry.what) == ("Nadia", "row removed")
    assert entry.name == ("a private row, of town" if private else "Tea, of town")
    assert entry.listing_id is None


def test_a_preview_has_topics_and_words_and_writes_nothing(engine, editor):
    preview = editor.preview(
        replace(TEA, name="Allotment club", description="Grow vegetables and flowers together.")
    )
    assert preview.topics[0] == "gardening and growing"
    assert {"allotment", "vegetables"} <= set(preview.words)
    with Session(engine) as session:
        assert session.scalars(select(AuditRow)).all() == []
        assert session.scalars(select(QuarantinedRow)).all() == []


def test_queries_find_closed_listings_and_those_due_for_a_check(engine, editor, import_source):
    listing_id = import_source(
        TEA,
        replace(TEA, key="2", name="Choir", assured_date=None),
        replace(TEA, key="3", name="Chess", assured_date=TODAY),
    )
    queries = ListingQueries(engine, lambda: TODAY)
    assert queries.find("tea hall", "", 0, 10)[1] == 3
    change(editor, listing_id, status="closed")
    queries = ListingQueries(engine, lambda: TODAY)
    [stored], total = queries.find("tea", "closed", 0, 10)
    assert (stored.id, total) == (listing_id, 1)
    freshness = queries.read_freshness(0, 10)
    assert [(checked.stored.listing.name, checked.day) for checked in freshness.stale] == [
        ("Choir", None)
    ]
    assert freshness.total == 1
    assert freshness.counts == {
        "in the last six months": 1,
        "six to twelve months ago": 0,
        "longer ago": 0,
        "never checked": 1,
    }
