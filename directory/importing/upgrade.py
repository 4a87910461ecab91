"""The directory's database, opened and brought up to date: where every program begins."""

from sqlalchemy import Engine

from directory.database import migrate, open_database
from directory.importing.writer import renew_entries
from directory.progress import Progress, no_progress


def open_directory(url: str, progress: Progress = no_progress) -> Engine:
    """An engine for `url`, its tables and entries as this program knows them.

    `progress` is told of entries that an older program wrote, while they are made again.
    Raises DatabaseError for an address that names no database, or one that cannot be used.
    """
    engine = open_database(url)
    migrate(engine)
    renew_entries(engine, progress)
    return engine
