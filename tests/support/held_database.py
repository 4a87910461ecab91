"""Another program that holds an SQLite database for as long as a test wants."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from sqlalchemy import Engine, event


@contextmanager
def hold_database(engine: Engine, *, alone: bool = False) -> Iterator[None]:
    """Let nobody else write to the database of `engine`; with `alone`, nobody read it either.

    `engine` does not wait, so that a test takes no longer than it must.
    """

    def do_not_wait(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute("PRAGMA busy_timeout = 0")

    event.listen(engine, "connect", do_not_wait)
    engine.dispose()
    with closing(sqlite3.connect(str(engine.url.database), isolation_level=None)) as other:
        if alone:
            other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN IMMEDIATE")
        yield
    event.remove(engine, "connect", do_not_wait)
    engine.dispose()
