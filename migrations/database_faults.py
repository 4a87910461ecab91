"""Faults of a database under a running program: busy, out of reach, or its file replaced.

Both databases are watched by this module. It must know neither of them.
"""

from pathlib import Path
from typing import Literal

from sqlalchemy import Engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

DatabaseState = Literal["up", "busy", "down"]

#: How PostgreSQL's driver finds out that a server has gone away, in seconds and milliseconds.
POSTGRESQL_TIMEOUTS = {"connect_timeout": 5, "tcp_user_timeout": 10_000, "keepalives_idle": 30}
#: SQLSTATE of PostgreSQL: a lock or a connection that could not be had in time.
_BUSY_CODES = {"40P01", "53300", "55P03"}
_BUSY_WORDS = ("database is locked", "database table is locked")


class DatabaseReplacedError(SQLAlchemyError):
    """The file of an SQLite database was replaced or deleted while the program had it open.

    What is written to such a file is lost. Only a new start can use the file that is there now: it
    may be older than this program, and what was read from the other one is still in memory.
    """


def watch_file(engine: Engine) -> None:
    """Have every use of an SQLite engine raise DatabaseReplacedError once its file is another one.

    The file may be missing at first: it is the one that the first connection opens or makes.
    """
    name = engine.url.database
    if engine.dialect.name != "sqlite" or not name or name == ":memory:":
        return
    path = Path(name).absolute()
    opened: tuple[int, int] | None = None
    is_replaced = False

    def check(*_: object) -> None:
        nonlocal opened, is_replaced
        found = _identify(path)
        opened = opened or found
        # For good: once nothing holds the old file open, a new one may get its number.
        is_replaced = is_replaced or found != opened
        if is_replaced:
            raise DatabaseReplacedError(
                f"{path} was replaced or deleted while this program had it open, so it is not used "
                "any more. Put the file back if it is missing, then start this program again."
            )

    # Also before a connection is made: SQLite would make a new file in place of a missing one.
    for moment in ("do_connect", "connect", "checkout"):
        event.listen(engine, moment, check)


def _identify(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def is_busy(error: BaseException) -> bool:
    """Whether a database could not be used because others held it for too long."""
    if isinstance(error, PoolTimeoutError):
        return True
    cause = getattr(error, "orig", None)
    if not isinstance(error, DBAPIError) or cause is None:
        return False
    return getattr(cause, "sqlstate", None) in _BUSY_CODES or any(
        words in str(cause) for words in _BUSY_WORDS
    )


def check_database(engine: Engine) -> DatabaseState:
    """Whether a migrated database can be read just now."""
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("SELECT version_num FROM alembic_version").all()
    except SQLAlchemyError as error:
        return "busy" if is_busy(error) else "down"
    return "up"
