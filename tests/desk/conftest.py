"""For each test module: a desk with the example town, and signed-in people."""

from collections.abc import Iterator

import pytest

from directory.encoder import Encoder
from tests.support.desk_server import REPORT, DeskServer, Person, Releases
from tests.support.example_listings import NOTICE, read_town
from tests.support.open_referral import fill, open_empty


@pytest.fixture(scope="session")
def ledger() -> Releases:
    files = {
        "checkins.csv": b"area,count\r\nOld Town,15\r\n",
        "checkins.parquet": b"PAR1",
        "datapackage.json": b"{}",
        "report.html": REPORT,
        "README.txt": b"How it was made.",
    }
    return Releases({"2026-Q3": files, "2026-Q4": files})


@pytest.fixture(scope="module")
def desk(
    tmp_path_factory: pytest.TempPathFactory, encoder: Encoder, ledger: Releases
) -> Iterator[DeskServer]:
    engine = open_empty(tmp_path_factory.mktemp("desk"))
    fill(engine, "larkhaven", read_town(), notice=NOTICE)
    server = DeskServer(engine, encoder, ledger)
    server.start()
    yield server
    server.stop()
    engine.dispose()


@pytest.fixture(scope="module")
def navigator(desk: DeskServer) -> Iterator[Person]:
    person = desk.make_person("Nadia", "navigator")
    yield person
    person.close()


@pytest.fixture(scope="module")
def analyst(desk: DeskServer) -> Iterator[Person]:
    person = desk.make_person("Anil", "analyst")
    yield person
    person.close()


@pytest.fixture(scope="module")
def admin(desk: DeskServer) -> Iterator[Person]:
    person = desk.make_person("Ada", "admin")
    yield person
    person.close()


@pytest.fixture
def stranger(desk: DeskServer) -> Iterator[Person]:
    person = Person(desk.url)
    yield person
    person.close()
