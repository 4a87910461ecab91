"""How the directory's database is opened, brought up to date, and kept free of what was deleted."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Session

from directory.errors import DatabaseError

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations" / "directory"


def open_database(url: str) -> Engine:
    """An engine for `url`, of SQLite or PostgreSQL.

    On SQLite: foreign keys on, and WAL so that reading never waits.

    Raises DatabaseError for an address that names no database.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        # A server may have been started again since it was last asked; a file has not.
        engine = create_engine(parsed, pool_pre_ping=parsed.get_backend_name() == "postgresql")
    except (ArgumentError, ImportError):
        # The address may hold a password: it is not repeated.
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
            cursor.execute("PRAGMA busy_timeout=10000")
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute("PRAGMA foreign_keys=ON")
            # What is deleted is overwritten: an address that became confidential is gone.
            cursor.execute("PRAGMA secure_delete=ON")
            cursor.close()

    return engine


def migrate(engine: Engine, revision: str = "head", *, down: bool = False) -> None:
    """Bring the database up (or down) to `revision`, making it if need be. Raises DatabaseError."""
    config = Config()
    # Alembic's configuration reads a percent sign as the start of a name.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            (command.downgrade if down else command.upgrade)(config, revision)
    except (SQLAlchemyError, CommandError) as error:
        raise DatabaseError(
            f"The directory's database cannot be used: {name_cause(error)}."
        ) from error


def begin_writing(session: Session) -> None:
    """Let nobody else write until this is done, where rows cannot be locked one by one.

    SQLite begins by itself only at the first write: what was read before may have changed by then.
    """
    if session.get_bind().dialect.name == "sqlite":
        session.connection().exec_driver_sql("BEGIN IMMEDIATE")


def lock_table(session: Session, table: type[DeclarativeBase]) -> None:
    """Let no other transaction write to `table` until this one ends; does nothing on SQLite.

    Readers do not wait. On SQLite, `begin_writing` is the lock there is.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"LOCK TABLE {table.__tablename__} IN EXCLUSIVE MODE"))


def insert_if_new(session: Session, table: type[DeclarativeBase], **values: Any) -> None:
    """Add a row unless its key is there, which somebody else may be adding at this very moment."""
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    row = (insert_sqlite if on_sqlite else insert_postgresql)(table).values(**values)
    session.execute(row.on_conflict_do_nothing())


def name_cause(error: SQLAlchemyError | CommandError) -> str:
    """The first line of what the database itself said."""
    return str(getattr(error, "orig", error)).splitlines()[0]


# And whether their indexes are to be cleared up as well.
_WITH_PLACES = {
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

# Its index over vectors takes minutes to make, for which every search would wait.
_SLOW = "entry_search"


def forget_deleted(engine: Engine, *, thorough: bool = False) -> None:
    """Leave no copy of what was deleted in the database's own files, if nobody is reading it.

    That is SQLite's write-ahead log, or rows that PostgreSQL keeps until it is told to clear up.
    PostgreSQL's write-ahead log is the server's, and forgets in its own time; and where a row
    changed several times, older ones may outlast a clearing-up in the gaps of a page. `thorough`
    has tables written out anew, but for `entry_search`: for when a place must go. Everybody waits.
    """
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    elif engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for table, indexes in _WITH_PLACES.items():
                how = f"INDEX_CLEANUP {indexes}"
                if thorough and table != _SLOW:
                    how = "FULL"
                connection.exec_driver_sql(f"VACUUM ({how}) {table}")
            # An index keeps the bytes of what it was told until it is made anew: these know
            # postcodes and degrees. Those of the others know neither, and are long to make.
            for index in ("TABLE place", "TABLE published_place", "INDEX ix_entry_search_area"):
                connection.exec_driver_sql(f"REINDEX {index}")
