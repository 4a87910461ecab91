"""What tests share: the real encoder, the real program, and the feeds where they are."""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import httpx
import numpy as np
import pytest
from hypothesis import settings
from sqlalchemy import Engine

from bot.settings import ROOT
from checkins.migration import migrate as migrate_checkins
from checkins.store import open_engine
from directory.database import migrate, open_database
from directory.encoder import DIMENSIONS, Encoder, Vectors, prepare_encoder
from tests.support.bot_api import BotApi
from tests.support.example_listings import TEA
from tests.support.open_referral import fill, open_empty
from tests.support.postgres import Postgres
from tests.support.service import Service, StartService, Talk
from tests.support.shared_data import SHARED

# Each run tries the same examples; `make fuzz` tries new ones.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("fuzz", max_examples=500, deadline=None, print_blob=True)

pytest_plugins = [
    "tests.support.outcomes",
    "tests.support.bot_api.fixtures",
    "tests.support.browser",
    "tests.support.connector_command",
    "tests.support.desk_browser",
    "tests.support.http_server",
    "tests.support.telegram_channel",
]


@pytest.fixture(autouse=True)
def _restore_umask() -> Iterator[None]:
    """Undo the umask of a command that a test called in this process."""
    umask = os.umask(0o022)
    os.umask(umask)
    yield
    os.umask(umask)


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    """The encoder as it is used, prepared once for the checkout."""
    folder = ROOT / "var" / "encoder"
    prepare_encoder(folder)
    encoder = Encoder(folder)
    encoder.load()
    return encoder


class _Remembering(Encoder):
    """The real encoder, which encodes no text twice."""

    def __init__(self, encoder: Encoder) -> None:
        self._real = encoder
        self._known: dict[str, Vectors] = {}

    @property
    def is_ready(self) -> bool:
        return self._real.is_ready

    def encode(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> Vectors:
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known.update(zip(new, self._real.encode(new), strict=True))
        if progress:
            progress(len(texts))
        return np.array([self._known[text] for text in texts]).reshape(-1, DIMENSIONS)


@pytest.fixture(scope="session")
def remembering_encoder(encoder: Encoder) -> Encoder:
    """For the same listings on every kind of database: they are encoded for the first alone."""
    return _Remembering(encoder)


@pytest.fixture(scope="session")
def feeds() -> Path:
    """Two councils' real Open Referral UK feeds; not part of the project."""
    if not (SHARED / "feeds").is_dir():
        pytest.skip(f"the councils' feeds are not at {SHARED}; set CONNECTOR_SHARED_DATA")
    return SHARED / "feeds"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL of the tests' own, with a database `directory` to make others like."""
    server = Postgres()
    server.start()
    server.execute("CREATE DATABASE directory")
    engine = open_database(server.url("directory"))
    migrate(engine)
    engine.dispose()
    yield server
    server.stop()


MakeUrl = Callable[[], str]


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def make_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MakeUrl]:
    """Makes databases for directories, each of its own, first on SQLite and then on PostgreSQL."""
    if request.param == "sqlite":
        yield lambda: f"sqlite:///{tmp_path_factory.mktemp('database') / 'directory.db'}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    yield lambda: server.url(server.make_database("directory"))


@pytest.fixture
def directory_url(make_url: MakeUrl) -> str:
    """The address of a directory's database: a test that asks for it is run on every kind."""
    return make_url()


@pytest.fixture
def engine(directory_url: str) -> Iterator[Engine]:
    """An empty directory of its own for each test, of either kind."""
    engine = open_database(directory_url)
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def sqlite_engine(tmp_path: Path) -> Iterator[Engine]:
    """An empty directory on SQLite, for what is the same on every kind of database."""
    engine = open_empty(tmp_path)
    yield engine
    engine.dispose()


@pytest.fixture
def checkins_engine(checkins_url: str) -> Iterator[Engine]:
    """An empty database of check-ins, of each kind."""
    engine = open_engine(checkins_url)
    yield engine
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def checkins_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a check-ins database of its own, set up, of either kind."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'checkins' / 'checkins.db'}"
        migrate_checkins(url)
        yield url
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = server.make_database()
    migrate_checkins(server.url(name))
    yield server.url(name)
    server.drop_database(name)


@pytest.fixture(scope="session")
def telegram_server() -> Iterator[BotApi]:
    """A Bot API server for as long as the program runs."""
    server = BotApi()
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory, telegram_server: BotApi) -> Iterator[Service]:
    """The program with the example town, Rasa and Telegram, ready to talk."""
    service = Service(
        tmp_path_factory.mktemp("service") / "var",
        {"TELEGRAM_BOT_TOKEN": telegram_server.token, "TELEGRAM_BASE_URL": telegram_server.url},
    )
    service.start()
    try:
        service.wait_for_rasa()
        yield service
    finally:
        service.stop()


@pytest.fixture
def start_service(tmp_path: Path) -> Iterator[StartService]:
    """Starts a program of the test's own, which may be harmed; it has one listing.

    Takes settings, such as `RASA_TIMEOUT="30"`.
    """
    services: list[Service] = []

    def start(**settings: str) -> Service:
        folder = tmp_path / "var"
        if not folder.exists():
            folder.mkdir()
            engine = open_empty(folder)
            fill(engine, "tests", [TEA])
            engine.dispose()
        service = Service(folder, settings)
        services.append(service)
        service.start()
        assert service.url
        return service

    yield start
    for service in services:
        service.stop(signal.SIGKILL)


@pytest.fixture(scope="session")
def app_url(service: Service) -> str:
    """Where the running program's web page is."""
    return service.url


@pytest.fixture
def rasa(service: Service) -> Iterator[httpx.Client]:
    """A client of the running Rasa server, with the token that it wants."""
    process = service.rasa
    ports = [one.laddr.port for one in process.net_connections() if one.status == "LISTEN"]
    with httpx.Client(
        base_url=f"http://127.0.0.1:{ports[0]}",
        headers={"Authorization": f"Bearer {process.environ()['RASA_TOKEN']}"},
        timeout=30,
        trust_env=False,
    ) as client:
        yield client


@pytest.fixture
def talk(service: Service) -> Iterator[Talk]:
    """A new conversation on the web page."""
    talk = Talk(service.url)
    yield talk
    talk.close()


@pytest.fixture(scope="module")
def service_without_rasa(service: Service) -> Iterator[Service]:
    """The program while Rasa is away: the one it had was lost, the next is kept from loading."""
    lost = service.rasa
    lost.suspend()
    talk = Talk(service.url)
    talk.say("is there a choir near here")
    talk.close()
    lost.wait(30)
    following = service.await_next_rasa(lost)
    following.suspend()
    yield service
    following.resume()
    service.wait_for_rasa()


@pytest.fixture
def talk_without_rasa(service_without_rasa: Service) -> Iterator[Talk]:
    """A new conversation while Rasa is away."""
    talk = Talk(service_without_rasa.url)
    yield talk
    talk.close()
