"""An upgrade is whole or absent: stopped at every statement, killed, and begun twice at once.

Every migration to come is tested too: the steps are read from the folders of migrations.
"""

import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import IntegrityError

from bot.settings import ROOT
from checkins.errors import StoreError
from directory.errors import DatabaseError
from migrations.database_copy import find_copies
from migrations.runner import run_migrations
from tests.support.upgrades import (
    CHECKINS,
    DIRECTORY,
    HISTORIES,
    ROWS,
    History,
    read_everything,
)

STEPS = [
    pytest.param(history, start, end, id=f"{history.name}-{start}-{end}")
    for history in HISTORIES.values()
    for start, end in history.steps
]
STARTS = [
    pytest.param(history, start, id=f"{history.name}-{start}")
    for history in HISTORIES.values()
    for start, _ in history.steps
]


class StoppedError(Exception):
    """Raised in place of a statement."""


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Path]]:
    """For each history, a database at each revision."""
    folder = tmp_path_factory.mktemp("revisions")
    return {name: history.make_databases(folder) for name, history in HISTORIES.items()}


@contextmanager
def opened(history: History, path: Path) -> Iterator[Engine]:
    engine = history.open_file(path)
    try:
        yield engine
    finally:
        engine.dispose()


def call_before_statements(engine: Engine, act: Callable[[int], None]) -> None:
    """Call `act` with the number of each statement, from 1, before it is executed."""
    numbers = count(1)

    @event.listens_for(engine, "before_cursor_execute")
    def _act(*_: Any) -> None:
        act(next(numbers))


def stop_before(engine: Engine, last: int) -> None:
    def stop(number: int) -> None:
        if number == last:
            raise StoppedError

    call_before_statements(engine, stop)


def test_every_table_has_rows_at_every_revision(databases):
    for by_revision in databases.values():
        for revision, path in by_revision.items():
            tables = read_everything(path)
            schemas = {name for name, (sql, _) in tables.items() if sql.startswith("CREATE TABLE")}
            assert all(tables[name][1] for name in schemas), revision
            assert (revision == "base") == (not schemas)


@pytest.mark.parametrize(("history", "start", "end"), STEPS)
def test_an_upgrade_stopped_before_any_statement_changes_nothing(
    history, start, end, databases, tmp_path
):
    original = databases[history.name][start]
    before = read_everything(original)
    path, whole = tmp_path / "upgraded.db", tmp_path / "whole.db"
    shutil.copy(original, whole)
    with opened(history, whole) as engine:
        run_migrations(engine, history.folder, end)
    after = read_everything(whole)
    shutil.copy(original, path)
    unchanged = 0
    for number in count(1):
        try:
            with opened(history, path) as engine:
                stop_before(engine, number)
                run_migrations(engine, history.folder, end)
        except StoppedError:
            state = read_everything(path)
            # Statements after the commit may be stopped as well.
            assert state in (before, after), number
            unchanged += state == before
        else:
            break
    assert unchanged > 10
    assert read_everything(path) == after
    assert find_copies(path) == []


@pytest.mark.parametrize(("history", "start"), STARTS)
def test_what_is_on_disk_at_any_statement_is_the_database_as_it_was(
    history, start, databases, tmp_path
):
    """A kill leaves the files as they are at that moment, so each moment's files are read."""
    path = tmp_path / "upgraded.db"
    shutil.copy(databases[history.name][start], path)
    before = read_everything(path)
    moments: list[Path] = []

    def keep_files(number: int) -> None:
        moments.append(tmp_path / f"{number}.db")
        for suffix in ("", "-wal"):
            if Path(f"{path}{suffix}").exists():
                shutil.copy(f"{path}{suffix}", f"{moments[-1]}{suffix}")

    with opened(history, path) as engine:
        call_before_statements(engine, keep_files)
        history.upgrade(engine)
    after = read_everything(path)
    committed = [read_everything(moment) == after for moment in moments]
    for moment, is_after in zip(moments, committed, strict=True):
        assert is_after or read_everything(moment) == before, moment
    # Once it is upgraded, it stays so; and there was something to stop.
    assert committed == sorted(committed)
    assert committed.count(False) > 5
    with opened(history, moments[committed.count(False) - 1]) as engine:
        history.upgrade(engine)
    assert read_everything(moments[committed.count(False) - 1]) == after


KILLED = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import event
from tests.support.upgrades import HISTORIES
history, path, last = HISTORIES[sys.argv[1]], Path(sys.argv[2]), int(sys.argv[3])
engine = history.open_file(path)
left = last
@event.listens_for(engine, "before_cursor_execute")
def kill(*_):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
history.upgrade(engine)
"""


@pytest.mark.parametrize(
    ("name", "start", "number"),
    [("directory", "0002", 40), ("directory", "0007", 18), ("checkins", "0001", 14)],
)
def test_an_upgrade_that_is_killed_is_made_by_the_next_start(
    name, start, number, databases, tmp_path
):
    history, path = HISTORIES[name], tmp_path / "killed.db"
    shutil.copy(databases[name][start], path)
    before = read_everything(path)
    command = [sys.executable, "-c", KILLED, name, str(path), str(number)]
    killed = subprocess.run(command, cwd=ROOT, check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    [copy] = find_copies(path)
    assert read_everything(copy) == before
    with opened(history, path) as engine:
        history.upgrade(engine)
    table = "listing" if name == "directory" else "check_ins"
    assert len(read_everything(path)[table][1]) == ROWS
    assert find_copies(path) == []


def test_an_upgrade_stopped_on_postgresql_changes_nothing(postgres):
    name = postgres.make_database()
    engine = DIRECTORY.open(postgres.url(name))
    run_migrations(engine, DIRECTORY.folder, "0002")
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO source (id, name, notice) VALUES (1, 'town', '')"))
        connection.execute(text("INSERT INTO feedback VALUES ('2026-W40', 'yes', 3)"))
    engine.dispose()
    for number in range(5, 100, 15):
        engine = DIRECTORY.open(postgres.url(name))
        stop_before(engine, number)
        with pytest.raises(StoppedError):
            DIRECTORY.upgrade(engine)
        engine.dispose()
        engine = DIRECTORY.open(postgres.url(name))
        with engine.connect() as connection:
            assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "0002"
            assert connection.scalar(text("SELECT sum(count) FROM feedback")) == 3
        engine.dispose()
    engine = DIRECTORY.open(postgres.url(name))
    DIRECTORY.upgrade(engine)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT name FROM source")) == "town"
    engine.dispose()
    postgres.drop_database(name)


AT_ONCE = """
import sys
from tests.support.upgrades import HISTORIES
history = HISTORIES[sys.argv[1]]
print("ready", flush=True)
for url in sys.stdin:
    try:
        engine = history.open(url.strip())
        history.upgrade(engine)
        engine.dispose()
        print("upgraded", flush=True)
    except Exception as error:
        print(repr(error), repr(error.__cause__), flush=True)
"""


def upgrade_at_once(history: History, urls: list[str]) -> None:
    """Upgrade each database by three processes that begin at the same moment."""
    command = [sys.executable, "-c", AT_ONCE, history.name]
    pipe = subprocess.PIPE
    processes = [
        subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) for _ in range(3)
    ]
    try:
        assert [process.stdout.readline() for process in processes] == ["ready\n"] * 3
        for url in urls:
            for process in processes:
                process.stdin.write(f"{url}\n")
                process.stdin.flush()
            answers = [process.stdout.readline() for process in processes]
            assert answers == ["upgraded\n"] * 3
    finally:
        for process in processes:
            process.stdin.close()
            process.wait(30)
            process.stdout.close()


@pytest.mark.parametrize("history", HISTORIES.values(), ids=HISTORIES)
def test_processes_that_upgrade_sqlite_at_once(history, databases, tmp_path):
    by_revision = databases[history.name]
    paths = []
    for number, revision in enumerate(["base", *by_revision][:-1]):
        paths.append(tmp_path / f"{number}.db")
        if number:
            shutil.copy(by_revision[revision], paths[-1])
    upgrade_at_once(history, [f"sqlite:///{path}" for path in paths])
    newest = history.steps[-1][1]
    for path in paths:
        assert read_everything(path)["alembic_version"][1] == [repr((newest,))]
        assert find_copies(path) == []


@pytest.mark.parametrize("history", HISTORIES.values(), ids=HISTORIES)
def test_processes_that_upgrade_postgresql_at_once(history, postgres):
    names = [postgres.make_database() for _ in range(4)]
    upgrade_at_once(history, [postgres.url(name) for name in names])
    for name in names:
        postgres.drop_database(name)


@pytest.fixture
def older(databases, tmp_path) -> Path:
    """A directory at the revision before the newest."""
    path = tmp_path / "directory.db"
    shutil.copy(databases["directory"][DIRECTORY.steps[-1][0]], path)
    return path


def test_a_database_is_copied_before_and_the_copy_removed_after(older):
    before = read_everything(older)
    copies: list[tuple[str, int, Any]] = []

    def look(_: int) -> None:
        copies[:] = [
            (copy.name, copy.stat().st_mode & 0o777, read_everything(copy))
            for copy in find_copies(older)
        ] or copies

    with opened(DIRECTORY, older) as engine:
        call_before_statements(engine, look)
        DIRECTORY.upgrade(engine)
    start = DIRECTORY.steps[-1][0]
    assert copies == [(f"directory.db.before-upgrade-from-{start}", 0o600, before)]
    assert find_copies(older) == []


def test_the_copy_stays_while_the_upgrade_fails(older):
    for number in (14, 16):
        with opened(DIRECTORY, older) as engine:
            stop_before(engine, number)
            with pytest.raises(StoppedError):
                DIRECTORY.upgrade(engine)
        assert len(find_copies(older)) == 1


def test_a_copy_that_was_left_behind_is_removed_at_the_next_start(older):
    left = [older.with_name(f"{older.name}.before-upgrade-from-{end}") for end in ("1", "2.part")]
    with opened(DIRECTORY, older) as engine:
        DIRECTORY.upgrade(engine)
        for copy in left:
            copy.write_text("77 Hidden Lane")
        other = older.with_name("other.db.before-upgrade-from-1")
        other.touch()
        DIRECTORY.upgrade(engine)
    assert not any(copy.exists() for copy in left)
    assert other.exists()


def test_a_damaged_database_is_not_upgraded(older):
    with closing(sqlite3.connect(older)) as connection:
        page = "SELECT rootpage FROM sqlite_master WHERE name = 'feedback'"
        start = (connection.execute(page).fetchone()[0] - 1) * 4096
    content = bytearray(older.read_bytes())
    content[start : start + 4096] = b"\xff" * 4096
    older.write_bytes(content)
    with opened(DIRECTORY, older) as engine, pytest.raises(DatabaseError, match="cannot be copied"):
        DIRECTORY.upgrade(engine)
    assert older.read_bytes() == content
    assert find_copies(older) == []


def test_a_copy_that_is_not_sound_is_not_kept_and_ends_the_upgrade(older):
    with closing(sqlite3.connect(older)) as connection, connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_master SET sql = replace(sql, 'same_as INTEGER', "
            "'same_as INTEGER NOT NULL') WHERE name = 'listing'"
        )
    before = read_everything(older)
    with opened(DIRECTORY, older) as engine, pytest.raises(DatabaseError, match="is not sound"):
        DIRECTORY.upgrade(engine)
    assert read_everything(older) == before
    assert find_copies(older) == []


def test_a_database_that_cannot_be_copied_is_not_upgraded(databases, tmp_path):
    path = tmp_path / "checkins.db"
    shutil.copy(databases["checkins"]["0001"], path)
    before = read_everything(path)
    # A folder in its place: not even root can write a file there.
    (tmp_path / "checkins.db.before-upgrade-from-0001.part").mkdir()
    with opened(CHECKINS, path) as engine, pytest.raises(StoreError, match="Make room"):
        CHECKINS.upgrade(engine)
    assert read_everything(path) == before


def test_a_newer_database_is_neither_copied_nor_changed(older):
    with opened(DIRECTORY, older) as engine:
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        before = read_everything(older)
        with pytest.raises(DatabaseError, match="9999"):
            DIRECTORY.upgrade(engine)
    assert read_everything(older) == before
    assert find_copies(older) == []


def test_a_newest_database_is_opened_while_another_process_writes(older):
    with opened(DIRECTORY, older) as engine, opened(DIRECTORY, older) as other:
        DIRECTORY.upgrade(engine)
        with other.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            DIRECTORY.upgrade(engine)


def test_foreign_keys_are_enforced_again_after_an_upgrade(older):
    with opened(DIRECTORY, older) as engine:
        with engine.connect() as connection:
            timeout = connection.exec_driver_sql("PRAGMA busy_timeout").scalar()
        DIRECTORY.upgrade(engine)
        with engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
            assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == timeout


NEXT = """
from alembic import op
import sqlalchemy as sa
revision, down_revision, branch_labels, depends_on = "9999", {head!r}, None, None
def upgrade():
    {body}
"""


def add_migration(folder: Path, body: str) -> Path:
    """The directory's migrations with one more, in a folder of their own."""
    shutil.copytree(DIRECTORY.folder, folder / "migrations")
    script = NEXT.format(head=DIRECTORY.steps[-1][1], body=body)
    (folder / "migrations" / "versions" / "9999_next.py").write_text(script)
    return folder / "migrations"


def test_an_upgrade_that_would_leave_broken_references_is_undone(older, tmp_path):
    folder = add_migration(tmp_path, 'op.execute("DELETE FROM listing WHERE id = 1")')
    before = read_everything(older)
    with opened(DIRECTORY, older) as engine, pytest.raises(IntegrityError, match="missing rows"):
        run_migrations(engine, folder)
    assert read_everything(older) == before


def test_rebuilding_a_table_keeps_the_rows_that_refer_to_it(older, tmp_path):
    folder = add_migration(
        tmp_path,
        """with op.batch_alter_table("listing", recreate="always") as listing:
        listing.add_column(sa.Column("note", sa.String(), server_default=""))""",
    )
    with opened(DIRECTORY, older) as engine:
        run_migrations(engine, folder)
    assert len(read_everything(older)["entry"][1]) == ROWS
