"""Generated requests to every operation: every response matches our own OpenAPI document."""

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
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="session")
def standard_api(town_engine: Engine):
    app = connect(town_engine, base_url="https://c.example").app
    return schemathesis.openapi.from_asgi("/openreferral/v3/openapi.json", app)


@pytest.fixture(scope="session")
def pages_api(town_engine: Engine, encoder: Encoder):
    document = create_publishing_app(
        ServiceRepository(town_engine), SearchService(town_engine, encoder)
    ).openapi()
    schema = schemathesis.openapi.from_dict(document)
    schema.app = connect(town_engine, encoder, "https://c.example").app
    return schema


def call_operations(schema: Any, mode: GenerationMode) -> list[str]:
    """Call each operation with valid or invalid parameters, and return the operations' names."""
    labels = []
    for result in schema.get_all_operations():
        operation = result.ok()
        if mode is GenerationMode.NEGATIVE and not any(operation.iter_parameters()):
            continue

        @BOUNDED
        @given(case=operation.as_strategy(generation_mode=mode))
        def call(case: schemathesis.Case) -> None:
            case.call_and_validate()

        call()
        labels.append(operation.label)
    return labels


MODES = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
def test_the_open_referral_api_matches_its_openapi_document(standard_api, mode):
    # The root has no parameter, so none can be invalid.
    count = 11 if mode is GenerationMode.POSITIVE else 10
    assert len(call_operations(standard_api, mode)) == count


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
def test_listings_and_search_match_their_openapi_document(pages_api, mode):
    assert len(call_operations(pages_api, mode)) == 3
