"""Runs the migrations of a database as one transaction, one process at a time.

Both databases are upgraded by this module. It must know neither of them: it imports nothing else of
ours but `migrations.database_copy`.
"""

import contextlib
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError, OperationalError

from migrations.database_copy import copy_database, find_database_file, remove_copies

#: How long a process waits on SQLite while another one upgrades, in milliseconds.
_WAIT = 60_000
#: How long a refusal without waiting is tried again, in seconds.
_RETRY_SECONDS = 5.0
#: The number of our advisory lock in PostgreSQL, where a process waits as long as it takes.
_LOCK = 5_083_017


def run_migrations(
    engine: Engine, folder: Path, revision: str = "head", *, down: bool = False
) -> None:
    """As `_run_once`, and again for a few seconds while SQLite is locked.

    While another process creates the database, SQLite may refuse without waiting.
    """
    deadline = time.monotonic() + _RETRY_SECONDS
    while True:
        try:
            _run_once(engine, folder, revision, down=down)
            return
        except OperationalError as error:
            if "database is locked" not in str(error.orig) or time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _run_once(engine: Engine, folder: Path, revision: str, *, down: bool) -> None:
    """Migrate a database up (or down) to `revision` by the scripts in `folder`, wholly or not.

    A database at the newest revision is only read. An SQLite file that holds tables is copied
    before, and the copy removed afterwards. Raises SQLAlchemyError, Alembic's CommandError and
    CopyError; then the database is as it was, and the copy stays.
    """
    config = Config()
    # Alembic's configuration reads a percent sign as the start of a name.
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    scripts = ScriptDirectory.from_config(config)
    with engine.connect() as connection:
        file = find_database_file(connection)
        if down or revision != "head" or not _is_newest(connection, scripts):
            with _lock_database(connection):
                # Another process may have upgraded it while this one waited for the lock.
                if down or revision != "head" or not _is_newest(connection, scripts):
                    if file is not None:
                        copy_database(file, _name_revision(connection, scripts))
                    with _check_foreign_keys(connection):
                        config.attributes["connection"] = connection
                        (command.downgrade if down else command.upgrade)(config, revision)
        if file is not None:
            # Also one that a process left which was stopped after its upgrade.
            remove_copies(file)


@contextlib.contextmanager
def _lock_database(connection: Connection) -> Iterator[None]:
    """A transaction that no other process may migrate in, committed at the end.

    By itself, SQLite's driver begins no transaction before a statement that changes the schema.
    Foreign keys are off on SQLite: a table is rebuilt by dropping it, and that would delete the
    rows that refer to it. The setting has no effect inside a transaction.
    """
    connection.rollback()
    if connection.dialect.name != "sqlite":
        with connection.begin():
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
            yield
        return
    settings = {
        name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
        for name in ("busy_timeout", "foreign_keys")
    }
    try:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {_WAIT}")
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        connection.rollback()
        with connection.begin():
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield
    finally:
        for name, value in settings.items():
            connection.exec_driver_sql(f"PRAGMA {name} = {value}")
        connection.rollback()


@contextlib.contextmanager
def _check_foreign_keys(connection: Connection) -> Iterator[None]:
    """On SQLite, raise IntegrityError if more rows refer to a missing row than before."""
    before = _count_broken_references(connection)
    yield
    broken = _count_broken_references(connection) - before
    if broken:
        tables = ", ".join(sorted({child for child, _ in broken}))
        raise IntegrityError(
            "PRAGMA foreign_key_check",
            None,
            ValueError(f"the upgrade would leave references to missing rows in {tables}"),
        )


def _count_broken_references(connection: Connection) -> Counter[tuple[str, str]]:
    if connection.dialect.name != "sqlite":
        return Counter()
    rows = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    return Counter((row[0], row[2]) for row in rows)


def _is_newest(connection: Connection, scripts: ScriptDirectory) -> bool:
    heads = MigrationContext.configure(connection).get_current_heads()
    return bool(heads) and set(heads) == set(scripts.get_heads())


def _name_revision(connection: Connection, scripts: ScriptDirectory) -> str:
    """The database's revision, or "none". Raises CommandError for one of a newer program."""
    heads = MigrationContext.configure(connection).get_current_heads()
    scripts.get_revisions(heads)
    return "-".join(sorted(heads)) or "none"
