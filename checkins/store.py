"""Keeping check-ins.

Owns the connection to the check-ins database: how a check-in is written, and how
groups of equal ones are counted. Must never hand out a single row, write before it
is told to, or put an answer into an error or a log.
"""

import contextlib
import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, func, insert, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from checkins.checkin import CheckIn
from checkins.errors import NotKeptError, StoreError
from checkins.models import CheckInRow

BUSY_MILLISECONDS = 4000
#: Pages of 4 KiB, some 15,000 check-ins: up to here the file is written anew, in the order
#: of the keys, after each one. Above, a page's own order stays until it is split.
VACUUM_PAGES = 512


@dataclass(frozen=True)
class Group:
    """Check-ins of one area with the same answers to the same set, and how many there are."""

    area: str
    answers: dict[str, str]
    question_set: str
    size: int


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


class CheckIns:
    """The stored check-ins. Takes an engine made by `open_engine`, already migrated."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def record(self, checkin: CheckIn) -> None:
        """Keep one check-in under a new random key. When this returns, it is on disk.

        Raises NotKeptError, without the reason's details, if it could not be written.
        """
        row = {
            "random_key": secrets.token_hex(16),
            "week": checkin.week,
            "area": checkin.area,
            "age_band": checkin.age_band,
            "answers": json.dumps(dict(checkin.answers), sort_keys=True, separators=(",", ":")),
            "question_set": checkin.question_set,
        }
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(CheckInRow), row)
        except SQLAlchemyError as error:
            raise NotKeptError(
                f"A check-in could not be kept ({type(error).__name__}). Is the check-ins "
                "database there, migrated, and free to be written to?"
            ) from None
        if self._engine.dialect.name == "sqlite":
            self._shuffle_file()

    def _shuffle_file(self) -> None:
        """Take the order of arrival out of SQLite's file.

        The write-ahead log holds the latest check-ins one after another, and inside a page
        of the table newer rows lie before older ones, whatever their keys. Nobody is waited
        for: where another process is busy, the next check-in does this. A failure here is
        not one of keeping, so it is not raised.
        """
        with contextlib.suppress(SQLAlchemyError), self._engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout = 0")
            try:
                if connection.exec_driver_sql("PRAGMA page_count").scalar_one() <= VACUUM_PAGES:
                    connection.exec_driver_sql("VACUUM")
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                connection.exec_driver_sql(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")

    def _groups(self, first_week: str, last_week: str) -> list[Group]:
        """Check-ins of those weeks, both included, counted in groups. For this package only:
        the sizes are raw, and `checkins.disclosure` has to see them before anybody does.

        Raises StoreError.
        """
        columns = (CheckInRow.area, CheckInRow.answers, CheckInRow.question_set)
        query = (
            select(*columns, func.count())
            .where(CheckInRow.week.between(first_week, last_week))
            .group_by(*columns)
        )
        try:
            with self._engine.connect() as connection:
                return [
                    Group(area, json.loads(answers), question_set, size)
                    for area, answers, question_set, size in connection.execute(query)
                ]
        except SQLAlchemyError as error:
            raise StoreError(
                f"The check-ins could not be read ({type(error).__name__}). Check "
                "CHECKINS_DATABASE_URL, and that the program was started once to set it up."
            ) from None
