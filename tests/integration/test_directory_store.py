"""The directory's database: migrations, stored listings, and concurrent reads and writes."""

import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, time
from time import monotonic, sleep

import pytest
from sqlalchemy import Engine, inspect, select, text
from sqlalchemy.orm import Session

from bot.settings import ROOT
from directory.database import migrate, open_database
from directory.errors import DatabaseError
from directory.importing.duplicates import link_duplicates
from directory.importing.importer import import_listings
from directory.importing.writer import renew_entries
from directory.listing import Listing, Schedule, load_listing
from directory.models import Base, ListingRow, QuarantinedRow, RevisionRow, SourceRow
from directory.search.query import Query
from directory.search.service import SearchService, count_listings
from directory.sources.detect import read_source
from tests.support.example_listings import TEA


def test_migrations_go_up_and_down_with_data(engine, encoder):
    for _ in range(2):
        assert set(Base.metadata.tables) <= set(inspect(engine).get_table_names())
        import_listings(engine, encoder, "town", [TEA])
        assert count_listings(engine) == 1
        migrate(engine, "base", down=True)
        assert set(inspect(engine).get_table_names()) == {"alembic_version"}
        migrate(engine)
        assert count_listings(engine) == 0


def test_a_listing_survives_a_downgrade_and_an_upgrade(engine, encoder):
    listing = replace(
        TEA,
        topics=("tea",),
        cost_amount=0.0,
        minimum_age=18,
        assured_date=date(2026, 10, 1),
        schedules=(Schedule(("Monday",), "weekly", time(10), None, "Not in August"),),
    )
    import_listings(
        engine, encoder, "town", [listing, replace(TEA, key="2", places=())], notice="New"
    )
    migrate(engine, "0002", down=True)
    with engine.connect() as connection:
        [row] = connection.execute(text("SELECT * FROM listing WHERE key = 'tea'")).mappings()
        topics = connection.scalar(text("SELECT CAST(topics AS VARCHAR) FROM listing"))
        [place] = connection.execute(text("SELECT * FROM place")).mappings()
        schedules = connection.execute(text("SELECT opens_at, description FROM schedule")).all()
    assert (row["name"], row["minimum_age"], row["cost_amount"]) == ("Tea", 18, 0.0)
    assert json.loads(topics) == ["tea"]
    assert (place["venue"], place["latitude"]) == ("Hall", 53)
    assert str(schedules[0][0]).startswith("10:00")
    migrate(engine)
    assert renew_entries(engine) == 2
    hits = SearchService(engine, encoder).search(Query("tea", limit=5))
    assert [hit.stored.listing for hit in hits if hit.stored.listing.key == "tea"] == [listing]
    assert hits[0].stored.notice == "New"
    assert import_listings(engine, encoder, "town", [listing]).encoded == 0


def test_entries_of_an_older_version_are_renewed_without_encoding(engine, encoder):
    import_listings(engine, encoder, "town", [TEA])
    assert renew_entries(engine) == 0
    with engine.begin() as connection:
        connection.execute(text("UPDATE entry SET version = 0, facts = '', terms = ''"))
    steps: list[tuple[str, int, int | None]] = []
    assert renew_entries(engine, lambda *step: steps.append(step)) == 1
    assert steps == [("Rebuilding search entries after an update", 1, 1)]
    assert [hit.stored.listing for hit in SearchService(engine, encoder).search(Query("tea"))] == [
        TEA
    ]


def test_migrating_again_changes_nothing(engine, encoder):
    import_listings(engine, encoder, "town", [TEA])
    migrate(engine)
    assert count_listings(engine) == 1


def test_an_upgrade_clears_confidential_quarantined_rows(engine):
    migrate(engine, "0007", down=True)
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO source (id, name, notice, address, etag, last_modified, held) VALUES "
                "(1, 'town', '', 'https://a.example', '', '', 'town would lose 11. If that is "
                "right, take it with import --accept-loss, or with sync --accept town.')"
            )
        )
        for row_id, flag in enumerate(('"yes"', "false", "true"), 1):
            connection.execute(
                text(
                    "INSERT INTO quarantined_row (id, source_id, key, name, reason, content) "
                    "VALUES (:id, 1, 'a', 'A', 'says 77 Hidden Lane', :content)"
                ),
                {
                    "id": row_id,
                    "content": f'{{"description": "77 Hidden Lane", "confidential": {flag}}}',
                },
            )
    migrate(engine)
    with Session(engine) as session:
        rows = session.scalars(select(QuarantinedRow).order_by(QuarantinedRow.id)).all()
        assert [row.confidential for row in rows] == [True, False, True]
        assert ["Hidden" in f"{row.reason}{row.content}" for row in rows] == [False, True, False]
        assert session.scalars(select(SourceRow.held)).one() == "town would lose 11."


def test_migrations_match_the_models(engine):
    inspector = inspect(engine)
    for name, table in Base.metadata.tables.items():
        columns = {column["name"]: column["nullable"] for column in inspector.get_columns(name)}
        assert columns == {column.name: column.nullable for column in table.columns}


def test_a_stored_listing_is_read_back(engine, encoder):
    import_listings(engine, encoder, "town", [TEA], notice="Fictional")
    [hit] = SearchService(engine, encoder).search(Query("tea"))
    assert hit.stored.listing == TEA
    assert (hit.stored.source, hit.stored.notice) == ("town", "Fictional")


@pytest.mark.parametrize("address", ["directory.db", "", "nosuchdatabase://host/x", "http://x"])
def test_an_invalid_database_url_is_refused(address):
    with pytest.raises(DatabaseError, match="DIRECTORY_DATABASE_URL") as failure:
        open_database(address)
    assert "\n" not in str(failure.value)


def test_an_error_does_not_quote_the_password():
    with pytest.raises(DatabaseError) as failure:
        open_database("nosuchdatabase://me:s3cret@host/x")
    assert "s3cret" not in str(failure.value)


def test_a_file_that_is_not_a_database_is_refused(tmp_path):
    (tmp_path / "notes.db").write_text("Dear diary, " * 1000)
    with pytest.raises(DatabaseError, match="file is not a database"):
        migrate(open_database(f"sqlite:///{tmp_path / 'notes.db'}"))
    assert (tmp_path / "notes.db").read_text().startswith("Dear diary")


def test_a_changed_listing_is_found(engine, encoder):
    search_service = SearchService(engine, encoder)
    assert len(search_service) == 0
    assert search_service.search(Query("tea")) == []
    import_listings(engine, encoder, "town", [TEA])
    wait_for(lambda: len(search_service) == 1)
    first = search_service.search(Query("tea"))[0].stored
    import_listings(engine, encoder, "town", [replace(TEA, alert="Moved")], notice="Fictional")
    wait_for(lambda: search_service.search(Query("tea"))[0].stored.listing.alert == "Moved")
    stored = search_service.get(first.id)
    assert stored is not None
    assert stored.notice == "Fictional"
    assert search_service.get(999) is None


# The same listing with another notice: nothing is encoded, so no encoder is loaded.
IMPORT_SCRIPT = """
import sys
from pathlib import Path
from directory.encoder import Encoder
from directory.importing.duplicates import link_duplicates
from directory.importing.importer import import_listings
from directory.database import open_database
from tests.support.example_listings import TEA
engine = open_database(sys.argv[1])
import_listings(engine, Encoder(Path("none")), "town", [TEA], notice="Seen from afar")
"""


def test_an_import_by_another_process_is_seen_within_3_seconds(engine, encoder, directory_url):
    import_listings(engine, encoder, "town", [TEA])
    search_service = SearchService(engine, encoder)
    [before] = search_service.search(Query("tea"))
    assert before.stored.notice == ""
    subprocess.run(
        [sys.executable, "-c", IMPORT_SCRIPT, directory_url], check=True, cwd=ROOT, timeout=120
    )
    wait_for(lambda: search_service.search(Query("tea"))[0].stored.notice == "Seen from afar")


def wait_for(condition, seconds: float = 3.0) -> None:
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, f"not seen within {seconds} s"
        sleep(0.05)


def test_searches_succeed_during_imports(engine, encoder):
    import_listings(engine, encoder, "town", [TEA])
    search_service = SearchService(engine, encoder)
    errors: list[BaseException] = []
    done = threading.Event()

    def search_repeatedly() -> None:
        while not done.is_set():
            try:
                assert search_service.search(Query("tea"))
                assert search_service.find_area("Old Town")
            except BaseException as error:
                errors.append(error)
            done.wait(0.01)

    threads = [threading.Thread(target=search_repeatedly) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(6):
        import_listings(engine, encoder, "town", [replace(TEA, alert=str(number))])
        sleep(0.3)
    done.set()
    for thread in threads:
        thread.join()
    assert errors == []


def test_a_blocked_import_changes_nothing_on_sqlite(encoder, tmp_path):
    url = f"sqlite:///{tmp_path / 'deep' / 'directory.db'}"
    engine, impatient_engine = open_database(url), open_database(url)
    migrate(engine)
    import_listings(engine, encoder, "town", [TEA])
    with engine.connect() as blocking_connection, impatient_engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=100")
        blocking_connection.exec_driver_sql("BEGIN IMMEDIATE")
        connection.close()
        with pytest.raises(DatabaseError, match="database is locked"):
            import_listings(impatient_engine, encoder, "town", [replace(TEA, name="Teas")])
        blocking_connection.rollback()
    assert_tea_is_unchanged(engine)
    engine.dispose()
    impatient_engine.dispose()


def test_a_blocked_import_changes_nothing_on_postgresql(postgres, encoder):
    url = postgres.url(postgres.make_database("directory"))
    engine = open_database(url)
    impatient_engine = open_database(f"{url}&options=-c%20lock_timeout%3D100")
    import_listings(engine, encoder, "town", [TEA])
    with engine.connect() as blocking_connection:
        blocking_connection.execute(select(RevisionRow.number).with_for_update())
        with pytest.raises(DatabaseError, match="lock timeout"):
            import_listings(impatient_engine, encoder, "town", [replace(TEA, name="Teas")])
        blocking_connection.rollback()
    assert_tea_is_unchanged(engine)
    engine.dispose()
    impatient_engine.dispose()


def assert_tea_is_unchanged(engine: Engine) -> None:
    with engine.connect() as connection:
        assert load_listing(connection.scalar(select(ListingRow.document))) == TEA


def import_simultaneously(directory_url: str, encoder, sources: dict[str, Listing]) -> None:
    """Import each source's one listing in a thread with an engine of its own."""

    def run_import(source: str) -> None:
        engine = open_database(directory_url)
        try:
            import_listings(engine, encoder, source, [sources[source]])
        finally:
            engine.dispose()

    with ThreadPoolExecutor(len(sources)) as threads:
        list(threads.map(run_import, sources))


def test_simultaneous_imports_each_have_a_revision(engine, directory_url, encoder):
    migrate(engine)
    names = ("Chess", "Football", "Sewing", "Swimming")
    sources = {name: Listing("1", name, "group", f"{name} for beginners.") for name in names}
    import_listings(engine, encoder, "first", [TEA])
    import_simultaneously(directory_url, encoder, sources)
    with engine.connect() as connection:
        revisions = connection.scalars(select(ListingRow.revision)).all()
    assert len(revisions) == 5
    assert len(set(revisions)) == 5


def test_simultaneous_imports_of_one_listing_are_linked(engine, directory_url, encoder):
    migrate(engine)
    import_listings(engine, encoder, "first", [TEA])
    import_simultaneously(directory_url, encoder, {f"town {number}": TEA for number in range(4)})
    assert link_duplicates(engine).hidden == 4
    with engine.connect() as connection:
        shown_ids = connection.scalars(select(ListingRow.same_as)).all()
    assert shown_ids.count(None) == 1


# PostgreSQL's text cannot hold the first character, and no database's the second.
@pytest.mark.parametrize("odd_text", ["tea\x00room", "caf\ud83d"])
def test_characters_that_cannot_be_stored_do_not_stop_an_import(
    engine, encoder, tmp_path, odd_text
):
    service = {
        "id": odd_text,
        "name": odd_text,
        "description": odd_text,
        "amount": float("nan"),
        "url": odd_text,
    }
    taxonomy = {"taxonomy_term": {"id": odd_text, "name": odd_text, "vocabulary": odd_text}}
    feed = [
        {**service, "attributes": [taxonomy], "organization": {"id": odd_text, "name": odd_text}},
        {**service, "id": f"{odd_text} 2", "description": ""},
        {**service, "id": f"{odd_text} 3", "name": "", odd_text: odd_text},
        {**service, "id": "choir", "name": "Choir"},
    ]
    (tmp_path / "feed.json").write_text(json.dumps(feed))
    rows = list(read_source(str(tmp_path / "feed.json")))
    report = import_listings(engine, encoder, "town", rows)
    assert (report.added, len(report.quarantined)) == (2, 2)
    second = import_listings(engine, encoder, "town", rows)
    assert (second.added, second.unchanged) == (0, 2)
    search_service = SearchService(engine, encoder)
    [hit] = search_service.search(Query(f"choir {odd_text}", limit=1))
    assert hit.stored.listing.name == "Choir"
    assert (
        search_service.search(Query("choir", labels=frozenset({("topics", odd_text)}), limit=1))
        == []
    )
