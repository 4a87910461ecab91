"""The whole program, with the real Rasa, after its directory broke under it."""

import subprocess
import time
from collections.abc import Iterator

import httpx
import pytest

from bot.responses import Responses
from directory.database import migrate, open_database
from tests.support.example_listings import TEA
from tests.support.open_referral import fill
from tests.support.postgres import Postgres
from tests.support.service import CONNECTOR, Service, StartService, Talk, words

BROKEN = Responses().templates["utter_broken"]["text"].splitlines()[0]


def read_health(service: Service) -> httpx.Response:
    return httpx.get(f"{service.url}/api/health", timeout=30)


def wait_until_broken(service: Service) -> None:
    """Wait until the health says that the directory is down."""
    deadline = time.monotonic() + 30
    while (health := read_health(service)).status_code != 503:
        assert time.monotonic() < deadline, health.json()
        time.sleep(0.1)
    assert health.json()["directory"] == "down"


def check_residents_are_told(service: Service) -> None:
    """Residents read that it is not them, and a crisis still gets its numbers."""
    talk = Talk(service.url)
    for text in ("is there a choir near here", "somewhere to have tea on a Monday"):
        replies = talk.say(text)
        assert BROKEN in words(replies), replies
    assert talk.tap("listen_now")[0]["type"] == "help_lines"
    assert talk.say("I want to end my life")[0]["type"] == "help_lines"
    talk.close()


@pytest.fixture
def server() -> Iterator[Postgres]:
    """A PostgreSQL to be stopped."""
    server = Postgres()
    server.start()
    yield server
    if server.folder.exists():
        server.stop()


def test_a_directory_that_was_moved_away(start_service: StartService) -> None:
    service = start_service()
    service.wait_for_rasa()
    assert read_health(service).status_code == 200
    directory = service.folder / "directory.db"
    directory.rename(directory.with_name("moved.db"))
    wait_until_broken(service)
    health = read_health(service).json()
    assert health["checkins"] == health["rasa"] == "up"
    check_residents_are_told(service)
    assert httpx.get(f"{service.url}/desk/sign-in").status_code == 500
    assert not directory.exists()
    assert service.stop() == 0
    # The next start says what happened, and makes nothing up.
    command = [CONNECTOR, "run"]
    again = subprocess.run(command, env=service.environment, capture_output=True, text=True)
    assert again.returncode == 1
    (line,) = again.stderr.splitlines()
    assert f"{directory} is gone" in line
    assert not directory.exists()


def test_a_postgresql_server_that_died(start_service: StartService, server: Postgres) -> None:
    url = server.url(server.make_database())
    engine = open_database(url)
    migrate(engine)
    fill(engine, "tests", [TEA])
    engine.dispose()
    service = start_service(DIRECTORY_DATABASE_URL=url)
    service.wait_for_rasa()
    server.stop()
    wait_until_broken(service)
    check_residents_are_told(service)
