"""Databases of check-ins to release from, on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from checkins.migrating import migrate
from checkins.store import open_engine
from tests.postgres import Postgres


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database of check-ins, of each kind."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/checkins.db"
    else:
        server: Postgres = request.getfixturevalue("postgres")
        url = server.url(server.make_database())
    engine = open_engine(url)
    migrate(engine)
    yield engine
    engine.dispose()
