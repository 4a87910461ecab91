"""Another program that holds an SQLite database for as long as a test wants."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from unittest.mock import patch

from sqlalchemy import Engine


@contextmanager
def hold_database(engine: Engine, *, alone: bool = False) -> Iterator[None]:
    """Let nobody else write to the database of `engine`; with `alone`, nobody read it either.

    New connections do not wait for it, so that a test takes no longer than it must.
    """
    engine.dispose()
    with (
        patch("directory.database._BUSY_MILLISECONDS", 0),
        patch("checkins.store.BUSY_MILLISECONDS", 0),
        closing(sqlite3.connect(str(engine.url.database), isolation_level=None)) as other,
    ):
        if alone:
            other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN IMMEDIATE")
        yield
    engine.dispose()
