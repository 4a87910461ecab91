"""Migrations of the check-ins database.

Runs Alembic over `migrations/checkins`. Must never touch the directory's database or its
migrations.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from checkins.errors import StoreError
from checkins.store import open_engine

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations" / "checkins"


def migrate(engine_or_url: Engine | str) -> None:
    """Create or update the tables, in one transaction. A second call changes nothing.

    Raises StoreError if the database cannot be reached, or is newer than this program.
    """
    if isinstance(engine_or_url, str):
        engine = open_engine(engine_or_url)
        try:
            migrate(engine)
        finally:
            engine.dispose()
        return
    config = Config()
    # Alembic's configuration interpolates names that follow a percent sign.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    try:
        with engine_or_url.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except (SQLAlchemyError, CommandError) as error:
        raise StoreError(
            f"The check-ins database could not be set up ({type(error).__name__}). Check "
            "CHECKINS_DATABASE_URL, that its folder is writable, and that this program "
            "is not older than the one that created the database."
        ) from error
