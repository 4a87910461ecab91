"""Anything at all asked of the whole API: every answer is one that our own document promises."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from sqlalchemy import Engine

from bot.web.publishing import create_publishing_app
from directory.encoder import Encoder
from directory.publishing.repository import ServiceRepository
from directory.search.service import SearchService
from tests.support.open_referral import connect

BOUNDED = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="session")
def standard_api(town_engine: Engine):
    app = connect(town_engine).app
    return schemathesis.openapi.from_asgi("/openreferral/v3/openapi.json", app)


@pytest.fixture(scope="session")
def pages_api(town_engine: Engine, encoder: Encoder):
    document = create_publishing_app(
        ServiceRepository(town_engine), SearchService(town_engine, encoder)
    ).openapi()
    schema = schemathesis.openapi.from_dict(document)
    schema.app = connect(town_engine, encoder).app
    return schema


def try_everything(schema: Any, mode: GenerationMode) -> list[str]:
    """Ask each operation for what it allows, or does not; the operations that were asked."""
    tried = []
    for result in schema.get_all_operations():
        operation = result.ok()
        if mode is GenerationMode.NEGATIVE and not any(operation.iter_parameters()):
            continue

        @BOUNDED
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: schemathesis.Case) -> None:
            case.call_and_validate()

        ask()
        tried.append(operation.label)
    return tried


MODES = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
def test_the_standard_api_keeps_its_promises(standard_api, mode):
    # The beginning takes no parameter that could be wrong.
    wanted = 11 if mode is GenerationMode.POSITIVE else 10
    assert len(try_everything(standard_api, mode)) == wanted


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
def test_listings_and_search_keep_theirs(pages_api, mode):
    assert len(try_everything(pages_api, mode)) == 3
