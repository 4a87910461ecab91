"""Our own program, run as an operator runs it, with a data folder of its own.

Owns starting it twice and ending it. What is measured is the second start: the first
one has prepared everything.
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

_MOST_SEARCHING = 120.0
_FIRST_SEARCH = "somewhere to do a bit of gardening with other people"


def has_listing(replies: list[dict[str, Any]]) -> bool:
    return any(reply["type"] == "listing" for reply in replies)


@dataclass(frozen=True)
class Started:
    """Seconds from `connector run` to each moment."""

    address: float
    search: float
    rasa: float


@dataclass(frozen=True)
class Program:
    """The running program, started for the second time."""

    service: Service
    started: Started

    @property
    def url(self) -> str:
        return self.service.url


@contextmanager
def running(folder: Path) -> Iterator[Program]:
    """Start it, end it, start it again; ended when the block is left. Raises LeftOutError."""
    if Settings().telegram_bot_token is not None:
        raise LeftOutError(
            "TELEGRAM_BOT_TOKEN is set, and the program would answer that bot's residents; "
            "take it out of the environment and .env to measure this"
        )
    own = {"DIRECTORY_DATABASE_URL": "", "CHECKINS_DATABASE_URL": ""}
    service = Service(folder / "var", own)
    try:
        service.start()
        service.wait_for_rasa()
        service.stop()
        service.start()
        yield Program(service, _watch(service))
    finally:
        service.stop()


def _watch(service: Service) -> Started:
    url = service.url
    address = time.monotonic() - service.started
    talk = Talk(url)
    try:
        while not has_listing(talk.say(_FIRST_SEARCH)):
            if time.monotonic() - service.started > _MOST_SEARCHING:
                raise RuntimeError("the program does not answer a search")
            talk.start_again()
            time.sleep(0.05)
        search = time.monotonic() - service.started
        talk.start_again()
    finally:
        talk.close()
    service.wait_for_rasa()
    return Started(address, search, time.monotonic() - service.started)
