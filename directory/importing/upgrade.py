"""Opens the directory's database and brings it up to date. Every program starts here."""

from sqlalchemy import Engine

from directory.database import migrate, open_database
from directory.importing.writer import renew_entries, renew_services
from directory.progress import Progress, no_progress


def open_directory(url: str, progress: Progress = no_progress) -> Engine:
    """An engine for `url`, after migrating its tables and renewing what an older program wrote.

    `progress` reports the renewal of search entries and of published services. Raises
    DatabaseError for an address that names no database, or a database that cannot be used.
    """
    engine = open_database(url)
    migrate(engine)
    renew_entries(engine, progress)
    renew_services(engine, progress)
    return engine
