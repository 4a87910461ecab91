"""Bringing the check-ins database up to date.

Owns the run of Alembic over `migrations/checkins`. Must never touch the directory's
database or its history.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from checkins.errors import StoreError
from checkins.store import open_engine

HISTORY = Path(__file__).resolve().parent.parent / "migrations" / "checkins"


def migrate(engine_or_url: Engine | str) -> None:
    """Make or update the tables, in one transaction. Again does nothing.

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
    # Alembic's configuration reads a percent sign as the start of a name.
    config.set_main_option("script_location", str(HISTORY).replace("%", "%%"))
    try:
        with engine_or_url.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except (SQLAlchemyError, CommandError) as error:
        raise StoreError(
            f"The check-ins database could not be set up ({type(error).__name__}). Check "
            "CHECKINS_DATABASE_URL, that its place can be written to, and that this program "
            "is not older than the one that made it."
        ) from error
