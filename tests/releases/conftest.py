"""Databases of check-ins to release from, on SQLite and on PostgreSQL."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from checkins.store import open_engine


@pytest.fixture
def engine(checkins_url: str) -> Iterator[Engine]:
    """An empty database of check-ins, of each kind."""
    engine = open_engine(checkins_url)
    yield engine
    engine.dispose()
