"""Opening and migrating the directory's database, locks, and erasing what was deleted."""

from pathlib import Path
from typing import Any

from alembic.util import CommandError
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Session

from directory.errors import DatabaseBusyError, DatabaseError
from migrations.database_copy import CopyError
from migrations.database_faults import POSTGRESQL_TIMEOUTS, is_busy, watch_file
from migrations.runner import run_migrations

_BUSY_MILLISECONDS = 10_000

#: Any error of a database, for those who do not know SQLAlchemy.
DatabaseFault = SQLAlchemyError

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations" / "directory"


def open_database(url: str) -> Engine:
    """Create an engine for `url`, of SQLite or PostgreSQL.

    SQLite gets foreign keys, and WAL so that readers never wait; a file that is replaced meanwhile
    is not used any more. Raises DatabaseError if `url` is not the URL of a database.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        is_postgresql = parsed.get_backend_name() == "postgresql"
        engine = create_engine(
            parsed,
            # A server may have been restarted since the last query.
            pool_pre_ping=is_postgresql,
            connect_args=POSTGRESQL_TIMEOUTS if is_postgresql else {},
        )
    except (ArgumentError, ImportError):
        # The URL may hold a password, so it is not quoted.
        raise DatabaseError(
            "DIRECTORY_DATABASE_URL is not an address such as sqlite:////srv/directory.db or "
            "postgresql+psycopg://name:password@host/directory."
        ) from None
    except OSError as error:
        raise DatabaseError(
            f"The folder of the directory's database cannot be made: {error.strerror}."
        ) from None
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _set_pragmas(connection, _record):  # type: ignore[no-untyped-def]
            cursor = connection.cursor()
            cursor.execute(f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}")
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute("PRAGMA foreign_keys=ON")
            # Overwrite what is deleted, such as an address that became confidential.
            cursor.execute("PRAGMA secure_delete=ON")
            cursor.close()

        watch_file(engine)
    return engine


def migrate(engine: Engine, revision: str = "head", *, down: bool = False) -> None:
    """Migrate the database up (or down) to `revision`, creating it first. Raises DatabaseError.

    If it fails or is stopped, the database stays as it was: see `migrations.runner`.
    """
    try:
        run_migrations(engine, MIGRATIONS, revision, down=down)
    except CopyError as error:
        raise DatabaseError(str(error)) from error
    except (SQLAlchemyError, CommandError) as error:
        raise DatabaseError(
            f"The directory's database cannot be used: {name_cause(error)}."
        ) from error


def begin_writing(session: Session, wait: int | None = None) -> None:
    """Lock the whole database against other writers, on SQLite, which cannot lock single rows.

    By itself, SQLite begins a transaction at the first write: what was read before may be outdated.
    `wait` is how long to wait for other writers, in milliseconds; without it, ten seconds, or on
    PostgreSQL as long as it takes.
    """
    connection = session.connection()
    on_sqlite = connection.dialect.name == "sqlite"
    if wait is not None:
        name = "PRAGMA busy_timeout" if on_sqlite else "SET LOCAL lock_timeout"
        connection.exec_driver_sql(f"{name} = {wait}")
    if on_sqlite:
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        finally:
            if wait is not None:
                connection.exec_driver_sql(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")


def lock_table(session: Session, table: type[DeclarativeBase]) -> None:
    """Let no other transaction write to `table` until this one ends; does nothing on SQLite.

    Readers do not wait. On SQLite, `begin_writing` is the lock there is.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"LOCK TABLE {table.__tablename__} IN EXCLUSIVE MODE"))


def insert_if_new(session: Session, table: type[DeclarativeBase], **values: Any) -> None:
    """Insert a row unless its key exists, even if another transaction is inserting it."""
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    row = (insert_sqlite if on_sqlite else insert_postgresql)(table).values(**values)
    session.execute(row.on_conflict_do_nothing())


def find_database_file(url: str) -> Path | None:
    """The file of an SQLite database, there or not; None for other databases and bad addresses."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        return None
    on_disk = parsed.get_backend_name() == "sqlite" and parsed.database not in (None, ":memory:")
    return Path(str(parsed.database)) if on_disk else None


def describe_fault(error: DatabaseFault, message: str = "") -> DatabaseError:
    """An error of the database as one of the directory's; it quotes no value.

    DatabaseBusyError means that trying again will work. `message` says what was not done.
    """
    if is_busy(error):
        return DatabaseBusyError(
            f"{message} Another program is using the directory. Try again.".strip()
        )
    return DatabaseError(
        f"{message} The directory's database failed: {type(error).__name__}.".strip()
    )


def name_cause(error: SQLAlchemyError | CommandError) -> str:
    """The first line of the database's own message."""
    return str(getattr(error, "orig", error)).splitlines()[0]


# Tables that may hold places, and whether VACUUM cleans up their indexes too.
_TABLES_WITH_PLACES = {
    "place": "ON",
    "published": "ON",
    "published_place": "ON",
    "entry_search": "ON",
    "listing": "OFF",
    "entry": "OFF",
    "quarantined_row": "OFF",
    "desk_change": "OFF",
    "desk_edit": "OFF",
}

# Rebuilding its vector index takes minutes, and every search would wait for it.
_SLOW_TABLE = "entry_search"


def forget_deleted(engine: Engine, *, thorough: bool = False) -> None:
    """Erase deleted data from the database's own files, unless somebody is reading it.

    It may remain in SQLite's write-ahead log, or in dead rows that PostgreSQL keeps until a VACUUM.
    PostgreSQL's write-ahead log belongs to the server, which recycles it in its own time. If a row
    changed several times, older versions may survive a VACUUM in the gaps of a page: `thorough`
    rewrites the tables, except `entry_search`, to erase a place in full. Others wait meanwhile.
    """
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    elif engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for table, indexes in _TABLES_WITH_PLACES.items():
                option = f"INDEX_CLEANUP {indexes}"
                if thorough and table != _SLOW_TABLE:
                    option = "FULL"
                connection.exec_driver_sql(f"VACUUM ({option}) {table}")
            # An index keeps deleted values until it is rebuilt. These hold postcodes and degrees;
            # the other indexes hold neither, and take long to rebuild.
            for index in ("TABLE place", "TABLE published_place", "INDEX ix_entry_search_area"):
                connection.exec_driver_sql(f"REINDEX {index}")
