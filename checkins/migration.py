"""Migrations of the check-ins database.

Runs `migrations/checkins` with `migrations.runner`. Must never touch the database of the directory
or its migrations.
"""

from pathlib import Path

from alembic.util import CommandError
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from checkins.errors import StoreError
from checkins.store import open_engine
from migrations.database_copy import CopyError
from migrations.runner import run_migrations

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations" / "checkins"


def migrate(engine_or_url: Engine | str) -> None:
    """Create or update the tables, in one transaction. A second call changes nothing.

    Raises StoreError if the database cannot be reached or copied, or is newer than this program.
    """
    if isinstance(engine_or_url, str):
        engine = open_engine(engine_or_url)
        try:
            migrate(engine)
        finally:
            engine.dispose()
        return
    try:
        run_migrations(engine_or_url, MIGRATIONS)
    except CopyError as error:
        raise StoreError(str(error)) from error
    except (SQLAlchemyError, CommandError) as error:
        raise StoreError(
            f"The check-ins database could not be set up ({type(error).__name__}). Check "
            "CHECKINS_DATABASE_URL, that its folder is writable, and that this program "
            "is not older than the one that created the database."
        ) from error
