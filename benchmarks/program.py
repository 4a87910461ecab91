"""The program as an operator runs it, with its own data folder.

Owns starting it twice and stopping it. The second start is measured, after the first one has
prepared everything.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.tables import LeftOutError
from bot.settings import Settings
from tests.support.service import Service, Talk

_SEARCH_TIMEOUT = 120.0
_FIRST_SEARCH = "somewhere to do a bit of gardening with other people"


def has_listing(replies: list[dict[str, Any]]) -> bool:
    return any(reply["type"] == "listing" for reply in replies)


@dataclass(frozen=True)
class StartTimes:
    """Seconds until the address is printed, a search is answered, and Rasa is up."""

    address: float
    search: float
    rasa: float


@dataclass(frozen=True)
class Program:
    """The running program, started for the second time."""

    service: Service
    started: StartTimes

    @property
    def url(self) -> str:
        return self.service.url


@contextmanager
def run_program(folder: Path) -> Iterator[Program]:
    """Start the program twice, and run it inside the block. Raises LeftOutError."""
    if Settings().telegram_bot_token is not None:
        raise LeftOutError(
            "TELEGRAM_BOT_TOKEN is set, and the program would answer that bot's users; "
            "remove it from the environment and .env"
        )
    settings = {"DIRECTORY_DATABASE_URL": "", "CHECKINS_DATABASE_URL": ""}
    service = Service(folder / "var", settings)
    try:
        service.start()
        service.wait_for_rasa()
        service.stop()
        service.start()
        yield Program(service, _time_start(service))
    finally:
        service.stop()


def _time_start(service: Service) -> StartTimes:
    url = service.url
    address = time.monotonic() - service.started
    talk = Talk(url)
    try:
        while not has_listing(talk.say(_FIRST_SEARCH)):
            if time.monotonic() - service.started > _SEARCH_TIMEOUT:
                raise RuntimeError("the program does not answer a search")
            talk.start_again()
            time.sleep(0.05)
        search = time.monotonic() - service.started
        talk.start_again()
    finally:
        talk.close()
    service.wait_for_rasa()
    return StartTimes(address, search, time.monotonic() - service.started)
