"""A stand-in for Rasa, for tests of the conversation alone."""

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from bot.conversation import Conversation
from bot.messages import Text
from bot.rasa.client import RasaReply
from bot.rasa.gateway import RasaGateway
from bot.safety.guard import Classification
from directory.search.service import SearchService
from directory.team import Team
from nlu.actions import Services


class FakeRasa:
    """Stands in for both the Rasa process and its client.

    While `may_answer` is cleared, turns stay open.
    """

    def __init__(self) -> None:
        self.client = self
        self.is_up = True
        self.is_starting = False
        self.generation = 0
        self.replies: list[RasaReply] = [Text("Hello")]
        self.senders: list[str] = []
        self.payloads: list[str] = []
        self.forgotten: list[str] = []
        self.restored: list[Mapping[str, Any]] = []
        self.open_requests = self.most_open_requests = self.silences = self.restarts = 0
        self.fault: Exception | None = None
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def send(self, sender: str, payload: str) -> list[RasaReply]:
        with self._count_request():
            if self.fault:
                raise self.fault
            self.senders.append(sender)
            self.payloads.append(payload)
            await self.may_answer.wait()
            return self.replies

    async def restore_slots(self, _sender: str, slots: Mapping[str, Any]) -> None:
        if self.fault:
            raise self.fault
        self.restored.append(slots)

    async def rewind(self, _sender: str) -> None:
        if self.fault:
            raise self.fault
        self.payloads.append("rewind")

    async def forget(self, sender: str) -> None:
        with self._count_request():
            await asyncio.sleep(0.001)
            if self.fault:
                raise self.fault
            self.forgotten.append(sender)

    async def forget_all(self) -> None:
        self.restarts += 1

    async def wait_until_settled(self) -> None:
        return

    def report_silence(self) -> None:
        self.silences += 1

    def report_answer(self) -> None:
        return

    @contextmanager
    def _count_request(self) -> Iterator[None]:
        self.open_requests += 1
        self.most_open_requests = max(self.most_open_requests, self.open_requests)
        try:
            yield
        finally:
            self.open_requests -= 1


class NoCheckins:
    """A check-in flow that owns no tap."""

    def owns(self, _tap: str) -> bool:
        return False


class SlowGuard:
    """A guard that reads a message until `may_finish` is set."""

    def __init__(self) -> None:
        self.is_reading, self.may_finish = threading.Event(), threading.Event()

    def classify(self, _text: str) -> Classification:
        self.is_reading.set()
        self.may_finish.wait(10)
        return Classification("none")


def make_conversation(
    rasa: FakeRasa,
    guard: Any = None,
    search_service: SearchService | None = None,
    checkin_flow: Any = None,
) -> Conversation:
    """A conversation with no parts but these."""
    return Conversation(
        guard=guard,
        checkin_flow=checkin_flow or NoCheckins(),
        rasa=RasaGateway(rasa),
        services=Services(search_service, None, None, Team()),
        secret=b"of these tests alone",
        nation="england",
    )
