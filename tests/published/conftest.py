"""Directories to publish from, and the official schemas where they are."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot.settings import ROOT
from directory.importing.classify import propose
from directory.listing import Listing
from directory.publishing.repository import ServiceRepository
from directory.sources.detect import read_source
from directory.sources.openreferral import find_services, read_service
from tests.conftest import SHARED
from tests.published.helpers import Caller, Standard, connect, fill, open_empty

NOTICE = "Fictional example: this place does not exist."


def read_feed(path: Path) -> list[Listing]:
    """The listings of a feed, each with its record."""
    services = find_services(json.loads(path.read_text())) or []
    read = [(record, read_service(record)) for record in services]
    return [
        replace(propose(listing), record=record)
        for record, listing in read
        if isinstance(listing, Listing)
    ]


def read_town() -> list[Listing]:
    rows = read_source(str(ROOT / "examples" / "larkhaven.csv"))
    return [row for row in rows if isinstance(row, Listing)]


@pytest.fixture(scope="session")
def standards() -> Path:
    """Open Referral UK's own schemas and the validator's feeds; not part of the project."""
    if not (SHARED / "standards" / "oruk-v3").is_dir():
        pytest.skip(f"the standard is not at {SHARED}; set CONNECTOR_SHARED_DATA")
    return SHARED / "standards"


@pytest.fixture(scope="session")
def standard(standards: Path) -> Standard:
    return Standard(standards / "oruk-v3" / "schema")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_empty(tmp_path)
    yield engine
    engine.dispose()


@pytest.fixture
def repository(engine: Engine) -> ServiceRepository:
    return ServiceRepository(engine)


@pytest.fixture(scope="session")
def town_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The example town."""
    engine = open_empty(tmp_path_factory.mktemp("town"))
    fill(engine, "larkhaven", read_town(), notice=NOTICE)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def town(town_engine: Engine) -> Caller:
    return connect(town_engine)


@pytest.fixture(scope="session")
def councils(feeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    """Both councils' real feeds."""
    engine = open_empty(tmp_path_factory.mktemp("councils"))
    for name in ("bristol", "north-lincolnshire"):
        fill(engine, name, read_feed(feeds / f"{name}.json"))
    yield connect(engine)
    engine.dispose()
