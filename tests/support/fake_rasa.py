"""A stand-in for Rasa, for tests of the conversation alone."""

import asyncio
import threading

from bot.conversation import Conversation
from bot.messages import Text
from bot.rasa.client import RasaReply
from bot.safety.guard import Classification
from directory.search.service import SearchService
from directory.team import Team


class FakeRasa:
    """Stands in for both the Rasa process and its client."""

    def __init__(self) -> None:
        self.client = self
        self.is_up = True
        self.is_starting = False
        self.replies: list[RasaReply] = [Text("Hello")]
        self.senders: list[str] = []
        self.forgotten: list[str] = []
        self.open_requests = self.most_open_requests = self.failures = self.restarts = 0
        self.fault: Exception | None = None

    async def send(self, sender: str, _payload: str) -> list[RasaReply]:
        if self.fault:
            raise self.fault
        self.senders.append(sender)
        return self.replies

    async def forget(self, sender: str) -> None:
        self.open_requests += 1
        self.most_open_requests = max(self.most_open_requests, self.open_requests)
        await asyncio.sleep(0.001)
        self.open_requests -= 1
        if self.fault:
            raise self.fault
        self.forgotten.append(sender)

    async def forget_all(self) -> None:
        self.restarts += 1

    def report_failure(self) -> None:
        self.failures += 1

    def report_answer(self) -> None:
        self.failures = 0


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
    rasa: FakeRasa, guard: SlowGuard | None = None, search_service: SearchService | None = None
) -> Conversation:
    """A conversation with no parts but these."""
    return Conversation(
        guard=guard,
        checkin_flow=NoCheckins(),
        rasa=rasa,
        search_service=search_service,
        notebook=None,
        secret=b"of these tests alone",
        nation="england",
        team=Team(),
    )
