"""Check-ins stored in a real SQLite file."""

import io
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Engine

from checkins.checkin import CheckIn
from checkins.errors import CheckInsError, NotStoredError, StoreError
from checkins.migration import MIGRATIONS, migrate
from checkins.models import Base
from checkins.store import BUSY_MILLISECONDS, CheckInRepository, open_engine


def make_checkin(mark: str = "core-1", area: str = "Harbour") -> CheckIn:
    return CheckIn("2026-W47", area, "25-34", (("belonging", "1"), ("lonely", "p")), mark)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "var" / "checkins.db"


@pytest.fixture
def file_engine(path: Path) -> Iterator[Engine]:
    file_engine = open_engine(f"sqlite:///{path}")
    migrate(file_engine)
    yield file_engine
    file_engine.dispose()


def fetch_rows(path: Path, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_a_check_in_is_stored_unchanged(file_engine: Engine, path: Path) -> None:
    CheckInRepository(file_engine).record(make_checkin())
    (row,) = fetch_rows(path, "SELECT * FROM check_ins")
    assert row[0] == "2026-W47"
    assert re.fullmatch("[0-9a-f]{32}", str(row[1]))
    assert row[2:] == ("Harbour", "25-34", '{"belonging":"1","lonely":"p"}', "core-1")


def test_migrating_again_changes_nothing_and_accepts_a_url(file_engine: Engine, path: Path) -> None:
    CheckInRepository(file_engine).record(make_checkin())
    migrate(file_engine)
    migrate(f"sqlite:///{path}")
    assert fetch_rows(path, "SELECT count(*) FROM check_ins") == [(1,)]


def test_the_migrations_create_the_tables_of_the_models(file_engine: Engine) -> None:
    with file_engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    for table in ("check_ins", "stubs"):
        options = Base.metadata.tables[table].dialect_options["sqlite"]
        assert options["with_rowid"] is False


def test_the_settings_of_sqlite_are_safe(file_engine: Engine) -> None:
    with file_engine.connect() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "secure_delete", "synchronous", "busy_timeout")
        }
    assert settings == {
        "journal_mode": "wal",
        "secure_delete": 1,
        "synchronous": 2,
        "busy_timeout": BUSY_MILLISECONDS,
    }


def test_the_migrations_can_be_written_as_sql_for_postgresql() -> None:
    printed = io.StringIO()
    config = Config(output_buffer=printed)
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("sqlalchemy.url", "postgresql://")
    command.upgrade(config, "head", sql=True)
    assert "random_key VARCHAR(32) NOT NULL" in printed.getvalue()
    assert "answers TEXT NOT NULL" in printed.getvalue()
    assert "SERIAL" not in printed.getvalue()


def test_the_migrations_keep_older_check_ins(tmp_path: Path) -> None:
    path = tmp_path / "older.db"
    file_engine = open_engine(f"sqlite:///{path}")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with file_engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for key in ("ff", "aa", "cc"):
            connection.exec_driver_sql(
                "INSERT INTO check_ins (random_key, week, area, answers, question_set) "
                "VALUES (?, '2026-W47', 'Harbour', '{}', 'core-1')",
                (key,),
            )
    migrate(file_engine)
    file_engine.dispose()
    assert fetch_rows(path, "SELECT random_key FROM check_ins") == [("aa",), ("cc",), ("ff",)]


@pytest.mark.usefixtures("file_engine")
def test_two_concurrent_processes_lose_nothing(path: Path) -> None:
    script = (
        "import sys\n"
        "from checkins.checkin import CheckIn\n"
        "from checkins.store import CheckInRepository, open_engine\n"
        "engine = open_engine(sys.argv[1])\n"
        "for number in range(100):\n"
        "    mark = f'{sys.argv[2]}{number}'\n"
        "    answers = (('lonely', '1'),)\n"
        "    checkin = CheckIn('2026-W47', 'Harbour', None, answers, mark)\n"
        "    CheckInRepository(engine).record(checkin)\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", script, f"sqlite:///{path}", name])
        for name in ("a", "b")
    ]
    assert [process.wait(timeout=60) for process in running] == [0, 0]
    marks = {mark for (mark,) in fetch_rows(path, "SELECT question_set FROM check_ins")}
    assert marks == {f"{name}{number}" for name in "ab" for number in range(100)}


def test_a_locked_database_raises_an_error_and_stores_nothing(path: Path) -> None:
    file_engine = open_engine(f"sqlite:///{path}")
    migrate(file_engine)
    with file_engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 100")
    locker = sqlite3.connect(path, isolation_level=None)
    try:
        locker.execute("BEGIN IMMEDIATE")
        with pytest.raises(NotStoredError) as failed:
            CheckInRepository(file_engine).record(make_checkin(area="Secret Area"))
        locker.execute("ROLLBACK")
    finally:
        locker.close()
    assert "Secret Area" not in str(failed.value)
    # SQLAlchemy's error quotes the row, so it must not be printed with this one.
    assert failed.value.__cause__ is None
    assert failed.value.__suppress_context__
    CheckInRepository(file_engine).record(make_checkin())
    file_engine.dispose()
    assert fetch_rows(path, "SELECT area FROM check_ins") == [("Harbour",)]


def test_a_concurrent_reader_does_not_block_a_check_in(file_engine: Engine, path: Path) -> None:
    reader = sqlite3.connect(path, isolation_level=None)
    try:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM check_ins").fetchall()
        CheckInRepository(file_engine).record(make_checkin())
    finally:
        reader.close()
    assert fetch_rows(path, "SELECT count(*) FROM check_ins") == [(1,)]


def test_a_database_that_was_never_set_up_raises_an_error(path: Path) -> None:
    file_engine = open_engine(f"sqlite:///{path}")
    with pytest.raises(NotStoredError, match="migrated"):
        CheckInRepository(file_engine).record(make_checkin())
    file_engine.dispose()


@pytest.mark.parametrize("url", ["no address", "nothing://here", ""])
def test_an_invalid_address_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(StoreError, match=r"sqlite:///var/checkins\.db"):
        open_engine(url)


def test_a_folder_that_cannot_be_created_raises_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(CheckInsError, match="CHECKINS_DATABASE_URL"):
        open_engine(f"sqlite:///{tmp_path}/file/checkins.db")


def test_a_file_that_is_no_database_raises_an_error(tmp_path: Path) -> None:
    path = tmp_path / "checkins.db"
    path.write_text("not a database " * 100, encoding="utf-8")
    with pytest.raises(StoreError, match="could not be set up"):
        migrate(f"sqlite:///{path}")


def test_a_newer_database_is_not_changed(file_engine: Engine, path: Path) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StoreError, match="older"):
        migrate(file_engine)


@pytest.mark.parametrize(
    "change",
    [
        {"week": "2026-11-22"},
        {"week": "2026-W54"},
        {"area": ""},
        {"area": "x" * 81},
        {"age_band": "42"},
        {"answers": ()},
        {"question_set": ""},
    ],
)
def test_an_invalid_check_in_raises_an_error(change: dict[str, object]) -> None:
    fields = {
        "week": "2026-W47",
        "area": "Harbour",
        "age_band": None,
        "answers": (("lonely", "1"),),
        "question_set": "core-1",
    }
    with pytest.raises(ValueError, match=r"week|area|age band|needs"):
        CheckIn(**(fields | change))  # type: ignore[arg-type]
