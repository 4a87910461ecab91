"""The desk while another program holds the database, and when the database is broken."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine

from checkins.migration import migrate as migrate_checkins
from checkins.release.ledger import Ledger
from checkins.store import open_engine
from directory.encoder import Encoder
from tests.support.desk_forms import NEW
from tests.support.desk_server import DeskServer, Person
from tests.support.example_listings import TEA
from tests.support.held_database import hold_database
from tests.support.open_referral import fill, open_empty


@pytest.fixture
def checkins_engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{tmp_path / 'checkins.db'}")
    migrate_checkins(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def desk(tmp_path: Path, encoder: Encoder, checkins_engine: Engine) -> Iterator[DeskServer]:
    """A desk of each test's own, since it is harmed."""
    engine = open_empty(tmp_path)
    fill(engine, "tests", [TEA])
    server = DeskServer(engine, encoder, Ledger(checkins_engine))
    server.start()
    yield server
    server.stop()
    engine.dispose()


@pytest.fixture
def admin(desk: DeskServer) -> Iterator[Person]:
    person = desk.make_person("Ada", "admin")
    yield person
    person.close()


def is_busy_page(response: httpx.Response) -> bool:
    assert response.status_code == 503, response.text
    assert int(response.headers["retry-after"]) > 0
    assert "Try again in a minute." in response.text
    return "The directory is busy" in response.text


def test_a_change_is_refused_plainly_while_another_program_writes(
    desk: DeskServer, admin: Person
) -> None:
    with hold_database(desk.engine):
        assert "Tea" in admin.read("/desk/listings")
        response = admin.post("/desk/listings/new", page="/desk/listings/new", **NEW)
        assert is_busy_page(response)
        assert "Nothing was changed" in response.text
    assert NEW["name"] not in admin.read("/desk/listings")
    response = admin.post("/desk/listings/new", page="/desk/listings/new", **NEW)
    assert response.status_code == 303


def test_signing_in_is_refused_plainly_while_another_program_writes(
    desk: DeskServer, admin: Person
) -> None:
    assert admin.get("/desk").status_code == 200
    visitor = Person(desk.url)
    with hold_database(desk.engine):
        assert is_busy_page(visitor.sign_in("Ada", "correct horse battery"))
    visitor.close()


def test_every_page_says_that_another_program_keeps_the_directory_to_itself(
    desk: DeskServer, admin: Person
) -> None:
    with hold_database(desk.engine, alone=True):
        assert is_busy_page(admin.get("/desk/listings"))


def test_the_releases_say_that_another_program_keeps_the_check_ins_to_itself(
    checkins_engine: Engine, admin: Person
) -> None:
    with hold_database(checkins_engine, alone=True):
        response = admin.get("/desk/releases")
        assert not is_busy_page(response)
        assert "The releases cannot be read now" in response.text
    assert admin.get("/desk/releases").status_code == 200


def test_a_change_to_a_directory_that_was_moved_away_is_refused(
    admin: Person, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "directory.db").rename(tmp_path / "moved.db")
    response = admin.client.post("/desk/listings/new", data=NEW)
    assert response.status_code == 500
    assert "Tell the person who runs this service." in response.text
    assert not (tmp_path / "directory.db").exists()
    assert "DatabaseReplacedError" in caplog.text
