"""The directory's database, opened and brought up to date: where every program begins."""

from sqlalchemy import Engine

from directory.filling.writing import renew_entries
from directory.store import migrate, open_database


def open_directory(url: str) -> Engine:
    """An engine for `url`, its tables and entries as this program knows them.

    Raises DatabaseError for an address that names no database, or one that cannot be used.
    """
    engine = open_database(url)
    migrate(engine)
    renew_entries(engine)
    return engine
