"""Everything published while another program keeps the database to itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot.web.errors import FAILED
from tests.support.example_listings import TEA
from tests.support.held_database import hold_database
from tests.support.open_referral import AppClient, connect, fill, open_empty


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_empty(tmp_path)
    fill(engine, "tests", [TEA])
    yield engine
    engine.dispose()


@pytest.fixture
def client(engine: Engine) -> AppClient:
    return connect(engine)


@pytest.mark.parametrize(
    "path", ["/openreferral/v3/services", "/listings/1.json", "/api/search?words=tea"]
)
def test_a_program_is_asked_to_try_again(client: AppClient, engine: Engine, path: str) -> None:
    with hold_database(engine, alone=True):
        response = client.get(path)
    assert response.status_code == 503, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert int(response.headers["retry-after"]) > 0
    problem = response.json()
    assert problem["status"] == 503
    assert problem["detail"] == problem["error"] == "The directory is busy. Try again in a minute."
    assert client.get(path).status_code == 200


def test_a_person_is_asked_to_try_again(client: AppClient, engine: Engine) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    with hold_database(engine, alone=True):
        response = client.get("/listings/1", browser)
    assert response.status_code == 503
    assert response.headers["content-type"].startswith("text/html")
    assert int(response.headers["retry-after"]) > 0
    assert "The directory is busy. Try again in a minute." in response.text
    assert client.get("/listings/1", browser).status_code == 200


def test_a_directory_that_was_moved_away_is_an_error_on_our_side(
    client: AppClient, tmp_path: Path
) -> None:
    (tmp_path / "directory.db").rename(tmp_path / "moved.db")
    response = client.get("/openreferral/v3/services")
    assert response.status_code == 500
    assert response.json() == {"error": FAILED}
    page = client.get("/listings/1", {"Accept": "text/html"})
    assert page.status_code == 500
    assert FAILED in page.text
