"""What tests share: the real encoder, the real program, and the feeds where they are."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.settings import ROOT
from directory.embeddings import Encoder, prepare
from tests.bot_api import BotApi
from tests.service import Service, Talk

SHARED = Path(os.environ.get("CONNECTOR_SHARED_DATA", ROOT.parent / "shared" / "data"))


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    """The encoder as it is used, prepared once for the checkout."""
    folder = ROOT / "var" / "encoder"
    prepare(folder)
    encoder = Encoder(folder)
    encoder.warm()
    return encoder


@pytest.fixture(scope="session")
def feeds() -> Path:
    """Two councils' real Open Referral UK feeds; not part of the project."""
    if not (SHARED / "feeds").is_dir():
        pytest.skip(f"the councils' feeds are not at {SHARED}; set CONNECTOR_SHARED_DATA")
    return SHARED / "feeds"


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
    service.wait_for_rasa()
    yield service
    service.stop()


@pytest.fixture(scope="session")
def app_url(service: Service) -> str:
    """Where the running program's web page is."""
    return service.url


@pytest.fixture
def rasa_url(service: Service) -> str:
    """Where the running Rasa server listens."""
    ports = [one.laddr.port for one in service.rasa.net_connections() if one.status == "LISTEN"]
    return f"http://127.0.0.1:{ports[0]}"


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
