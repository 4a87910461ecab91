"""What is forgotten is what was said, whatever others ask for at the same time."""

import asyncio
import secrets
import threading

import httpx
import pytest

from bot.active_conversations import ActiveConversations
from bot.conversation import Conversation
from bot.messages import Message, Text
from bot.rasa.client import RasaBusyError, RasaClient, RasaUnavailableError
from bot.responses import Responses
from bot.safety.guard import Finding
from directory.team import Team


class FakeRasa:
    """Stands for both the server and what it is asked by."""

    def __init__(self) -> None:
        self.client = self
        self.is_up = True
        self.is_starting = False
        self.heard: list[str] = []
        self.forgotten: list[str] = []
        self.at_once = self.most_at_once = self.doubts = self.ended = 0
        self.fault: Exception | None = None

    async def send(self, sender: str, _payload: str) -> list[Text]:
        if self.fault:
            raise self.fault
        self.heard.append(sender)
        return [Text("Hello")]

    async def forget(self, sender: str) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0.001)
        self.at_once -= 1
        if self.fault:
            raise self.fault
        self.forgotten.append(sender)

    async def forget_all(self) -> None:
        self.ended += 1

    def report_failure(self) -> None:
        self.doubts += 1

    def report_answer(self) -> None:
        self.doubts = 0


class NoCheckins:
    def owns(self, _tap: str) -> bool:
        return False


class SlowGuard:
    """Reads a message until it is let go on."""

    def __init__(self) -> None:
        self.reading, self.go_on = threading.Event(), threading.Event()

    def find(self, _text: str) -> Finding:
        self.reading.set()
        self.go_on.wait(10)
        return Finding("none")


def converse(rasa: FakeRasa, guard: SlowGuard | None = None) -> Conversation:
    return Conversation(
        guard=guard, checkins=NoCheckins(), rasa=rasa, search_service=None, notebook=None,
        secret=b"of these tests alone", nation="england", team=Team(),
    )  # fmt: skip


HELLO = Message(tap="greet")


def test_only_who_talked_is_forgotten_and_only_once() -> None:
    async def talk() -> None:
        rasa = FakeRasa()
        conversation = converse(rasa)
        for _ in range(1000):
            await conversation.forget(f"web:{secrets.token_urlsafe(24)}")
        assert rasa.most_at_once == 0
        await conversation.answer("web:mine", HELLO)
        await conversation.answer("web:yours", HELLO)
        for _ in range(1000):
            await conversation.forget("web:mine")
        assert rasa.forgotten == rasa.heard[:1]
        # Whoever goes on talking can be forgotten again.
        await conversation.answer("web:mine", HELLO)
        await conversation.forget("web:mine")
        assert rasa.forgotten == rasa.heard[:1] * 2

    asyncio.run(talk())


def test_who_leaves_before_rasa_has_heard_them_is_forgotten_once_it_has() -> None:
    async def talk() -> None:
        rasa, guard = FakeRasa(), SlowGuard()
        conversation = converse(rasa, guard)
        answering = asyncio.create_task(conversation.answer("web:mine", Message(text="a secret")))
        await asyncio.to_thread(guard.reading.wait, 10)
        await conversation.forget("web:mine")
        assert rasa.heard == rasa.forgotten == []
        guard.go_on.set()
        await answering
        assert len(rasa.heard) == 1
        assert rasa.forgotten == rasa.heard
        # And nothing of that leaving is left for whoever goes on.
        await conversation.answer("web:mine", HELLO)
        assert len(rasa.forgotten) == 1

    asyncio.run(talk())


def test_many_who_leave_at_once_are_all_forgotten_a_few_at_a_time() -> None:
    async def talk() -> None:
        rasa = FakeRasa()
        conversation = converse(rasa)
        people = [f"web:{number}" for number in range(200)]
        for one in people:
            await conversation.answer(one, HELLO)
        await asyncio.gather(*map(conversation.forget, people))
        assert sorted(rasa.forgotten) == sorted(rasa.heard)
        assert rasa.most_at_once == 4
        assert rasa.ended == 0

    asyncio.run(talk())


@pytest.mark.parametrize(
    ("fault", "doubts"), [(RasaBusyError("full"), 0), (RasaUnavailableError("silent"), 1)]
)
def test_rasa_is_doubted_where_it_was_asked_and_not_where_there_was_no_room(fault, doubts) -> None:
    async def talk() -> None:
        rasa = FakeRasa()
        rasa.fault = fault
        replies = await converse(rasa).answer("web:mine", HELLO)
        assert replies == [Responses().render("utter_greet")]
        assert rasa.doubts == doubts

    asyncio.run(talk())


def test_a_rasa_that_cannot_forget_is_ended() -> None:
    async def talk() -> None:
        rasa = FakeRasa()
        conversation = converse(rasa)
        await conversation.answer("web:mine", HELLO)
        rasa.fault = RasaUnavailableError("silent")
        await conversation.forget("web:mine")
        assert rasa.ended == 1

    asyncio.run(talk())


def test_forgetting_waits_for_a_free_connection_and_a_message_does_not() -> None:
    released = asyncio.Event()
    serving: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.append(asyncio.current_task())
        while head := await reader.readline():
            while await reader.readline() != b"\r\n":
                pass
            # The one body that is sent is `[]`.
            await reader.readexactly(2 if head.startswith(b"PUT") else 0)
            if head.startswith(b"GET /hold"):
                await released.wait()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
        writer.close()
        await writer.wait_closed()

    async def talk() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        one = httpx.Limits(max_connections=1)
        url = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient(base_url=url, limits=one, trust_env=False) as client:
            rasa = RasaClient(client, 0.2)
            holding = asyncio.create_task(client.get("/hold", timeout=30))
            await asyncio.sleep(0.05)
            with pytest.raises(RasaBusyError):
                await rasa.send("somebody", "hello")
            forgetting = asyncio.create_task(rasa.forget("somebody"))
            healthy = asyncio.create_task(rasa.is_healthy())
            await asyncio.sleep(0.5)
            assert not forgetting.done()
            assert not healthy.done()
            released.set()
            await asyncio.gather(holding, forgetting)
            assert await healthy
        await asyncio.gather(*serving)
        server.close()

    asyncio.run(talk())


def test_who_talked_is_known_no_longer_than_rasa_may_remember() -> None:
    now = 0.0
    talks = ActiveConversations(lambda: now)
    for number in range(100):
        talks.add(f"{number}")
    now = 3601.0
    talks.add("0")
    assert len(talks) == 100
    now = 7201.0
    talks.add("later")
    assert len(talks) == 2
    assert talks.take("0")
    assert not talks.take("0")
    assert not talks.take("1")
