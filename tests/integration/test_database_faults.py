"""A database under a running program: its file is replaced or deleted, or another holds it."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bot.settings import Settings
from checkins.checkin import CheckIn
from checkins.errors import NotStoredError, StoreError
from checkins.migration import migrate as migrate_checkins
from checkins.release.ledger import Ledger
from checkins.store import CheckInRepository, open_engine
from directory.database import begin_writing, lock_table
from directory.errors import DatabaseBusyError
from directory.models import FeedbackRow, NoteRow
from directory.notes import Notebook
from migrations.database_faults import DatabaseReplacedError, check_database
from tests.support.held_database import hold_database
from tests.support.open_referral import open_empty
from tests.support.postgres import Postgres

CHECK_IN = CheckIn("2026-W48", "Old Town", None, (("belonging", "1"),), "core-1")


def move_away(database: Path) -> None:
    database.rename(database.with_name("moved.db"))


def replace(database: Path) -> None:
    """As when a backup is put back."""
    backup = database.with_name("backup.db")
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(backup)) as target:
        source.backup(target)
    backup.rename(database)


@pytest.fixture(params=[Path.unlink, move_away, replace])
def lose(request: pytest.FixtureRequest) -> Callable[[Path], None]:
    """Deletes, moves or replaces a file."""
    lose: Callable[[Path], None] = request.param
    return lose


def test_nothing_is_written_to_a_file_that_was_replaced_or_deleted(
    sqlite_engine: Engine, lose: Callable[[Path], None]
) -> None:
    database = Path(str(sqlite_engine.url.database))
    with sqlite_engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE proof (word)")
    lose(database)
    was_there = database.exists()
    for _ in range(2):
        with pytest.raises(DatabaseReplacedError, match=r"start this program again"):
            sqlite_engine.connect()
    assert check_database(sqlite_engine) == "down"
    assert database.exists() == was_there, "a new file was made in its place"


def test_a_file_that_comes_back_is_used_after_a_new_start_only(sqlite_engine: Engine) -> None:
    database = Path(str(sqlite_engine.url.database))
    move_away(database)
    assert check_database(sqlite_engine) == "down"
    database.with_name("moved.db").rename(database)
    assert check_database(sqlite_engine) == "down"
    again = open_empty(database.parent)
    assert check_database(again) == "up"
    again.dispose()


def test_no_check_in_is_written_to_a_file_that_was_replaced_or_deleted(
    tmp_path: Path, lose: Callable[[Path], None]
) -> None:
    database = tmp_path / "checkins.db"
    engine = open_engine(f"sqlite:///{database}")
    migrate_checkins(engine)
    checkins = CheckInRepository(engine)
    assert checkins.record(CHECK_IN)
    lose(database)
    with pytest.raises(NotStoredError):
        checkins.record(CHECK_IN)
    with pytest.raises(StoreError):
        Ledger(engine).list_entries()
    assert checkins.check_state() == "down"
    engine.dispose()


def test_a_note_is_given_up_before_its_turn_is_over(engine: Engine) -> None:
    """Otherwise the person would read that a part of the program is away."""
    notebook = Notebook(engine)
    with Session(engine) as other:
        begin_writing(other)
        lock_table(other, NoteRow)
        lock_table(other, FeedbackRow)
        for write in (
            lambda: notebook.add_note("suggestion", "A club for knitters"),
            lambda: notebook.add_feedback("yes"),
        ):
            started = time.monotonic()
            with pytest.raises(DatabaseBusyError):
                write()
            assert time.monotonic() - started < Settings.model_fields["rasa_timeout"].default
    notebook.add_note("suggestion", "A club for knitters")
    notebook.add_feedback("yes")


def test_a_note_is_refused_as_busy_while_another_program_writes(sqlite_engine: Engine) -> None:
    notebook = Notebook(sqlite_engine)
    with hold_database(sqlite_engine), pytest.raises(DatabaseBusyError):
        notebook.add_note("suggestion", "A club for knitters")
    notebook.add_note("suggestion", "A club for knitters")


def test_a_database_that_another_program_keeps_to_itself_is_busy(sqlite_engine: Engine) -> None:
    assert check_database(sqlite_engine) == "up"
    with hold_database(sqlite_engine):
        # Readers never wait for a writer.
        assert check_database(sqlite_engine) == "up"
    with hold_database(sqlite_engine, alone=True):
        assert check_database(sqlite_engine) == "busy"
    assert check_database(sqlite_engine) == "up"


def test_a_damaged_database_is_down(tmp_path: Path) -> None:
    engine = open_empty(tmp_path)
    engine.dispose()
    (tmp_path / "directory.db").write_bytes(b"not a database" * 1000)
    assert check_database(engine) == "down"


def test_a_server_that_was_stopped_is_down() -> None:
    server = Postgres()
    server.start()
    engine = open_engine(server.url("postgres"))
    migrate_checkins(engine)
    assert check_database(engine) == "up"
    server.stop()
    assert check_database(engine) == "down"
    engine.dispose()
