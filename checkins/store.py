"""Stores check-ins and purges old ones.

Owns the connection to the check-ins database, and how a check-in is written exactly once.
Must never return a single row, or put an answer into an error or a log.
"""

import contextlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, delete, event, func, insert, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from checkins.bursts import BurstWatch, WeekAndArea
from checkins.checkin import MAX_PURGE_STEP_WEEKS, CheckIn, add_weeks
from checkins.draft import Stub, list_active_turns
from checkins.errors import NotStoredError, PurgeRefusedError, StoreError
from checkins.models import BurstRow, CheckInRow, PurgeRow, StubRow
from checkins.shuffled_insert import insert_shuffled
from migrations.database_faults import (
    POSTGRESQL_TIMEOUTS,
    DatabaseState,
    check_database,
    watch_file,
)

BUSY_MILLISECONDS = 4000
#: The number of our advisory write lock in PostgreSQL. Unlike a lock on the table, it blocks
#: neither readers nor the server's own vacuum.
_WRITE_LOCK = 5_083_016


def open_engine(url: str) -> Engine:
    """An engine for the check-ins database, SQLite or PostgreSQL, with safe settings.

    Creates the folder of an SQLite file. Raises StoreError for an invalid URL.
    """
    try:
        address = make_url(url)
        if address.get_backend_name() == "sqlite" and address.database:
            Path(address.database).parent.mkdir(parents=True, exist_ok=True)
        is_postgresql = address.get_backend_name() == "postgresql"
        engine = create_engine(
            address,
            # Otherwise an error of SQLAlchemy's quotes the values that it tried to write.
            hide_parameters=True,
            pool_pre_ping=True,
            connect_args=POSTGRESQL_TIMEOUTS if is_postgresql else {},
        )
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise StoreError(
            "The URL of the check-ins database cannot be used. "
            "CHECKINS_DATABASE_URL should look like sqlite:///var/checkins.db."
        ) from error
    except OSError as error:
        raise StoreError(
            f"The folder for the check-ins database cannot be created: {error.strerror}. "
            "Set CHECKINS_DATABASE_URL to a folder that is writable."
        ) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        watch_file(engine)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    for pragma in (
        f"busy_timeout = {BUSY_MILLISECONDS}",
        "journal_mode = WAL",
        # An acknowledged check-in survives a power cut.
        "synchronous = FULL",
        # Deleted bytes are overwritten.
        "secure_delete = ON",
        # A VACUUM leaves no copy of the file elsewhere on the disk.
        "temp_store = MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _unreadable(error: SQLAlchemyError) -> StoreError:
    return StoreError(
        f"The check-ins could not be read ({type(error).__name__}). Check "
        "CHECKINS_DATABASE_URL, and that the program was started once to set the database up."
    )


@contextlib.contextmanager
def connect(
    engine: Engine, make_error: Callable[[SQLAlchemyError], StoreError] = _unreadable
) -> Iterator[Connection]:
    """A connection for reading. `make_error` turns a failure into one that quotes no values."""
    try:
        with engine.connect() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise make_error(error) from None


class CheckInRepository:
    """The stored check-ins. `engine` is from `open_engine`, and its database is migrated.

    `clock` returns monotonic seconds.
    """

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._write_lock = threading.Lock()
        self._burst_watch = BurstWatch(clock)

    def record(self, checkin: CheckIn, stub: Stub | None = None) -> bool:
        """Store one check-in under a new random key, together with the stub of its draft.

        True means that both are on disk, False that the stub, and so the check-in, was stored
        before. Raises NotStoredError, without details, if nothing could be written.
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
            with self._begin_write() as connection:
                if stub is not None:
                    _delete_expired_stubs(connection, stub.turn)
                    if _has_stub(connection, stub):
                        return False
                    stub_row = {"turn": stub.turn, "stub": stub.text}
                    insert_shuffled(connection, StubRow, StubRow.turn, StubRow.stub, stub_row)
                insert_shuffled(connection, CheckInRow, CheckInRow.week, CheckInRow.random_key, row)
        except SQLAlchemyError as error:
            raise NotStoredError(
                f"A check-in could not be stored ({type(error).__name__}). Check that the "
                "check-ins database exists, is migrated, and is writable."
            ) from None
        self._burst_watch.add(checkin.week, checkin.area)
        self._empty_log()
        return True

    def was_sent(self, stub: Stub) -> bool:
        """Whether the check-in with this stub is stored. Raises StoreError."""
        with connect(self._engine) as connection:
            return _has_stub(connection, stub)

    def purge(self, before_week: str, *, accept_jump: bool = False) -> None:
        """Delete the check-ins of all earlier weeks, and record how far the purge went.

        None of their bytes remain in the database's own files. Raises StoreError, and
        PurgeRefusedError if the purge goes suspiciously far, unless `accept_jump` is set.
        """
        try:
            with self._begin_write() as connection:
                if not accept_jump:
                    _check_jump(connection, before_week)
                deleted = connection.execute(
                    delete(CheckInRow).where(CheckInRow.week < before_week)
                ).rowcount
                connection.execute(delete(BurstRow).where(BurstRow.week < before_week))
                if (_read_purged_before(connection) or "") < before_week:
                    connection.execute(delete(PurgeRow))
                    connection.execute(insert(PurgeRow), {"before_week": before_week})
            self._vacuum(full=deleted > 0)
        except SQLAlchemyError as error:
            raise StoreError(
                f"Old check-ins could not be removed ({type(error).__name__}). Check "
                "CHECKINS_DATABASE_URL, and that no other program is using that database."
            ) from None

    def read_purged_before(self) -> str | None:
        """The first week that no purge has reached, such as `2026-W47`; None without a purge.

        Raises StoreError.
        """
        with connect(self._engine) as connection:
            return _read_purged_before(connection)

    def delete_expired_stubs(self, hour: int) -> None:
        """Delete the stubs of drafts that have expired by that hour. Raises StoreError."""
        try:
            with self._begin_write() as connection:
                _delete_expired_stubs(connection, hour)
            self._empty_log()
        except SQLAlchemyError as error:
            raise _unreadable(error) from None

    def record_bursts(self) -> None:
        """Store the largest numbers of check-ins within an hour; called hourly. Raises StoreError.

        A larger number that is stored already, by another process or before a restart, stays.
        """
        try:
            with self._begin_write() as connection:
                largest = read_largest_bursts(connection)
                for key, count in self._burst_watch.read_largest().items():
                    largest[key] = max(count, largest.get(key, 0))
                # Every row is written anew each time: otherwise PostgreSQL's number of the
                # transaction would say between which check-ins a burst was recorded.
                connection.execute(delete(BurstRow))
                if largest:
                    rows = [
                        {"week": week, "area": area, "checkins": count}
                        for (week, area), count in sorted(largest.items())
                    ]
                    connection.execute(insert(BurstRow), rows)
            self._empty_log()
        except SQLAlchemyError as error:
            raise _unreadable(error) from None

    def check_state(self) -> DatabaseState:
        """Whether the database can be read just now."""
        return check_database(self._engine)

    def _vacuum(self, full: bool) -> None:
        """Remove deleted rows from the files.

        Both databases leave pieces of them behind; SQLite does when it moves rows between pages.
        `full` rewrites the table, and blocks other writers meanwhile.
        """
        is_sqlite = self._engine.dialect.name == "sqlite"
        with self._engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            if full:
                connection.exec_driver_sql("VACUUM" if is_sqlite else "VACUUM (FULL) check_ins")
            elif not is_sqlite:
                connection.exec_driver_sql("VACUUM check_ins, stubs, bursts")
        self._empty_log()

    @contextlib.contextmanager
    def _begin_write(self) -> Iterator[Connection]:
        """A transaction that excludes other writers, in this process and in others."""
        # SQLite's waiting writers retry at random, so one of many could starve without this lock.
        with self._write_lock, self._engine.begin() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITE_LOCK})")
            yield connection

    def _empty_log(self) -> None:
        """Empty SQLite's write-ahead log, which holds the latest rows in order of arrival.

        Does not wait: if another process is busy, the next check-in empties the log. The check-in
        is stored already, so a failure is not raised.
        """
        if self._engine.dialect.name != "sqlite":
            return
        with contextlib.suppress(SQLAlchemyError), self._engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout = 0")
            try:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                connection.exec_driver_sql(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")


def read_largest_bursts(connection: Connection) -> dict[WeekAndArea, int]:
    """The largest number of check-ins within an hour that is stored, by week and area."""
    rows = connection.execute(select(BurstRow.week, BurstRow.area, BurstRow.checkins))
    return {(week, area): count for week, area, count in rows}


def _check_jump(connection: Connection, before_week: str) -> None:
    """Raise PurgeRefusedError if the purge goes further than time has plausibly passed.

    Before a first purge, the newest check-in counts in place of the last one. Later, a check-in is
    no proof of the time: one that came while the clock was wrong would vouch for it.
    """
    newest = select(func.max(CheckInRow.week))
    last = _read_purged_before(connection) or connection.execute(newest).scalar_one()
    if last is not None and before_week > add_weeks(last, MAX_PURGE_STEP_WEEKS):
        raise PurgeRefusedError(
            f"Nothing was purged: deleting the check-ins from before {before_week} would go "
            "suspiciously far beyond the last purge. Is the clock of this machine right, and "
            "CHECKIN_RETENTION_WEEKS? If so, run: connector checkins purge --accept-jump"
        )


def _has_stub(connection: Connection, stub: Stub) -> bool:
    query = select(StubRow.stub).where(StubRow.turn == stub.turn, StubRow.stub == stub.text)
    return connection.execute(query).first() is not None


def _delete_expired_stubs(connection: Connection, hour: int) -> None:
    connection.execute(delete(StubRow).where(StubRow.turn.not_in(list_active_turns(hour))))


def _read_purged_before(connection: Connection) -> str | None:
    return connection.execute(select(func.max(PurgeRow.before_week))).scalar_one()
