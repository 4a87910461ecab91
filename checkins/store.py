"""Keeping check-ins, and letting go of them.

Owns the connection to the check-ins database: how a check-in is written once, and how old
ones are purged. Must never hand out a single row, write before it is told to, or put an answer into
an error or a log.
"""

import contextlib
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, delete, event, func, insert, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from checkins.checkin import CheckIn
from checkins.draft import Stub, turns_in_use
from checkins.errors import NotStoredError, StoreError
from checkins.models import CheckInRow, PurgeRow, StubRow
from checkins.shuffled_insert import insert_shuffled

BUSY_MILLISECONDS = 4000
#: PostgreSQL's lock on writing here, a number of our own. It stops no reader, and not the
#: server's own cleaning either, as a lock on the table would.
_WRITING = 5_083_016


def open_engine(url: str) -> Engine:
    """An engine on the check-ins database, SQLite or PostgreSQL, made safe for it.

    The folder of an SQLite file is made. Raises StoreError for a wrong address.
    """
    try:
        address = make_url(url)
        if address.get_backend_name() == "sqlite" and address.database:
            Path(address.database).parent.mkdir(parents=True, exist_ok=True)
        # An error of SQLAlchemy's quotes the values it tried to write unless told not to.
        engine = create_engine(address, hide_parameters=True, pool_pre_ping=True)
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise StoreError(
            "The address of the check-ins database cannot be used. "
            "CHECKINS_DATABASE_URL should look like sqlite:///var/checkins.db."
        ) from error
    except OSError as error:
        raise StoreError(
            f"The folder for the check-ins database cannot be made: {error.strerror}. "
            "Give CHECKINS_DATABASE_URL a place that can be written to."
        ) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    for pragma in (
        f"busy_timeout = {BUSY_MILLISECONDS}",
        "journal_mode = WAL",
        # A check-in that was acknowledged survives a power cut.
        "synchronous = FULL",
        # What is deleted is overwritten, not just let go.
        "secure_delete = ON",
        # Writing the file anew leaves no copy of it elsewhere on the disk.
        "temp_store = MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _unreadable(error: SQLAlchemyError) -> StoreError:
    return StoreError(
        f"The check-ins could not be read ({type(error).__name__}). Check "
        "CHECKINS_DATABASE_URL, and that the program was started once to set it up."
    )


@contextlib.contextmanager
def reading(
    engine: Engine, tell: Callable[[SQLAlchemyError], StoreError] = _unreadable
) -> Iterator[Connection]:
    """A connection to read from. Raises what `tell` makes of a failure, which quotes nothing."""
    try:
        with engine.connect() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise tell(error) from None


class CheckInRepository:
    """The stored check-ins. Takes an engine made by `open_engine`, already migrated."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turn = threading.Lock()

    def record(self, checkin: CheckIn, stub: Stub | None = None) -> bool:
        """Keep one check-in under a new random key, and its draft's stub beside it.

        Both or neither: when this returns True they are on disk. False means that the stub
        was there already, and so is the check-in. Raises NotKeptError, without the reason's
        details, if nothing could be written.
        """
        row = {
            "week": checkin.week,
            "random_key": secrets.token_hex(16),
            "area": checkin.area,
            "age_band": checkin.age_band,
            "answers": json.dumps(dict(checkin.answers), sort_keys=True, separators=(",", ":")),
            "question_set": checkin.question_set,
        }
        try:
            with self._writing() as connection:
                if stub is not None:
                    _forget_stubs(connection, stub.turn)
                    if _knows(connection, stub):
                        return False
                    used = {"turn": stub.turn, "stub": stub.text}
                    insert_shuffled(connection, StubRow, StubRow.turn, StubRow.stub, used)
                insert_shuffled(connection, CheckInRow, CheckInRow.week, CheckInRow.random_key, row)
        except SQLAlchemyError as error:
            raise NotStoredError(
                f"A check-in could not be kept ({type(error).__name__}). Is the check-ins "
                "database there, migrated, and free to be written to?"
            ) from None
        self._empty_log()
        return True

    def was_sent(self, stub: Stub) -> bool:
        """Whether the check-in that left this stub is kept. Raises StoreError."""
        with reading(self._engine) as connection:
            return _knows(connection, stub)

    def purge(self, before_week: str) -> None:
        """Remove the check-ins of all weeks before that one for good, and remember how far.

        No bytes of them stay in the database's own files. Raises StoreError.
        """
        try:
            with self._writing() as connection:
                gone = connection.execute(
                    delete(CheckInRow).where(CheckInRow.week < before_week)
                ).rowcount
                if (_purged_before(connection) or "") < before_week:
                    connection.execute(delete(PurgeRow))
                    connection.execute(insert(PurgeRow), {"before_week": before_week})
            self._clean(everything=gone > 0)
        except SQLAlchemyError as error:
            raise StoreError(
                f"Old check-ins could not be removed ({type(error).__name__}). Check "
                "CHECKINS_DATABASE_URL, and that nothing else is busy with that database."
            ) from None

    def read_purged_before(self) -> str | None:
        """The first week that no purge has touched, as `2026-W47`; None where none ever ran.

        Raises StoreError.
        """
        with reading(self._engine) as connection:
            return _purged_before(connection)

    def delete_expired_stubs(self, hour: int) -> None:
        """Remove the stubs of drafts that have expired by that hour. Raises StoreError."""
        try:
            with self._writing() as connection:
                _forget_stubs(connection, hour)
            self._empty_log()
        except SQLAlchemyError as error:
            raise _unreadable(error) from None

    def _clean(self, everything: bool) -> None:
        """Take what was deleted out of the files.

        Both databases leave pieces of it behind, SQLite where it moves rows from page to page.
        `everything` writes the table anew, while who wants to write waits.
        """
        is_sqlite = self._engine.dialect.name == "sqlite"
        with self._engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            if everything:
                connection.exec_driver_sql("VACUUM" if is_sqlite else "VACUUM (FULL) check_ins")
            elif not is_sqlite:
                connection.exec_driver_sql("VACUUM check_ins, stubs")
        self._empty_log()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Connection]:
        """A transaction that nobody else writes beside, in this process or another."""
        # SQLite lets who waits try again by chance, so in a crowd somebody could wait for ever.
        with self._turn, self._engine.begin() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITING})")
            yield connection

    def _empty_log(self) -> None:
        """Empty SQLite's write-ahead log, which holds what was written last as it came.

        Nobody is waited for: where another process is busy, the next check-in does this. A
        failure here is not one of keeping, so it is not raised.
        """
        if self._engine.dialect.name != "sqlite":
            return
        with contextlib.suppress(SQLAlchemyError), self._engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout = 0")
            try:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                connection.exec_driver_sql(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")


def _knows(connection: Connection, stub: Stub) -> bool:
    query = select(StubRow.stub).where(StubRow.turn == stub.turn, StubRow.stub == stub.text)
    return connection.execute(query).first() is not None


def _forget_stubs(connection: Connection, hour: int) -> None:
    connection.execute(delete(StubRow).where(StubRow.turn.not_in(turns_in_use(hour))))


def _purged_before(connection: Connection) -> str | None:
    return connection.execute(select(func.max(PurgeRow.before_week))).scalar_one()
