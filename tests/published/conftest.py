"""Directories to publish, and the official schemas if they are on this machine."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from directory.publishing.repository import ServiceRepository
from tests.support.example_listings import NOTICE, read_feed, read_town
from tests.support.open_referral import AppClient, Standard, connect, fill, open_empty
from tests.support.shared_data import SHARED


@pytest.fixture(scope="session")
def standards() -> Path:
    """Open Referral UK's schemas and its validator's feeds, which are not part of the project."""
    if not (SHARED / "standards" / "oruk-v3").is_dir():
        pytest.skip(f"the standard is not at {SHARED}; set CONNECTOR_SHARED_DATA")
    return SHARED / "standards"


@pytest.fixture(scope="session")
def standard(standards: Path) -> Standard:
    return Standard(standards / "oruk-v3" / "schema")


@pytest.fixture
def repository(sqlite_engine: Engine) -> ServiceRepository:
    return ServiceRepository(sqlite_engine)


@pytest.fixture(scope="session")
def town_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The example town."""
    engine = open_empty(tmp_path_factory.mktemp("town"))
    fill(engine, "larkhaven", read_town(), notice=NOTICE)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def town(town_engine: Engine) -> AppClient:
    return connect(town_engine)


@pytest.fixture(scope="session")
def councils(feeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppClient]:
    """Both councils' real feeds."""
    engine = open_empty(tmp_path_factory.mktemp("councils"))
    for name in ("bristol", "north-lincolnshire"):
        fill(engine, name, read_feed(feeds / f"{name}.json"))
    yield connect(engine)
    engine.dispose()
