"""Forgetting erases one conversation and no other, whatever happens at the same time."""

import asyncio
import secrets

import httpx
import pytest

from bot.active_conversations import ActiveConversations
from bot.messages import Message
from bot.rasa.client import RasaBusyError, RasaClient, RasaUnavailableError
from bot.responses import Responses
from tests.support.fake_rasa import FakeRasa, SlowGuard, make_conversation

HELLO = Message(tap="greet")


def test_only_an_active_conversation_is_erased_and_only_once() -> None:
    async def talk() -> None:
        rasa = FakeRasa()
        conversation = make_conversation(rasa)
        for _ in range(1000):
            await conversation.forget(f"web:{secrets.token_urlsafe(24)}")
        assert rasa.most_open_requests == 0
        await conversation.answer("web:mine", HELLO)
        await conversation.answer("web:yours", HELLO)
        for _ in range(1000):
            await conversation.forget("web:mine")
        assert rasa.forgotten == rasa.senders[:1]
        # A conversation that goes on can be erased again.
        await conversation.answer("web:mine", HELLO)
        await conversation.forget("web:mine")
        assert rasa.forgotten == rasa.senders[:1] * 2

    asyncio.run(talk())


def test_leaving_during_an_answer_erases_the_conversation_after_it() -> None:
    async def talk() -> None:
        rasa, guard = FakeRasa(), SlowGuard()
        conversation = make_conversation(rasa, guard)
        answering = asyncio.create_task(conversation.answer("web:mine", Message(text="a secret")))
        await asyncio.to_thread(guard.is_reading.wait, 10)
        await conversation.forget("web:mine")
        assert rasa.senders == rasa.forgotten == []
        guard.may_finish.set()
        await answering
        assert len(rasa.senders) == 1
        assert rasa.forgotten == rasa.senders
        # The next message starts afresh.
        await conversation.answer("web:mine", HELLO)
        assert len(rasa.forgotten) == 1

    asyncio.run(talk())


def test_many_conversations_are_erased_a_few_at_a_time() -> None:
    async def talk() -> None:
        rasa = FakeRasa()
        conversation = make_conversation(rasa)
        senders = [f"web:{number}" for number in range(200)]
        for sender in senders:
            await conversation.answer(sender, HELLO)
        await asyncio.gather(*map(conversation.forget, senders))
        assert sorted(rasa.forgotten) == sorted(rasa.senders)
        assert rasa.most_open_requests == 4
        assert rasa.restarts == 0

    asyncio.run(talk())


@pytest.mark.parametrize(
    ("fault", "failures"), [(RasaBusyError("full"), 0), (RasaUnavailableError("silent"), 1)]
)
def test_a_failure_is_reported_but_a_full_client_is_not(fault, failures) -> None:
    async def talk() -> None:
        rasa = FakeRasa()
        rasa.fault = fault
        replies = await make_conversation(rasa).answer("web:mine", HELLO)
        assert replies == [Responses().render("utter_greet")]
        assert rasa.failures == failures

    asyncio.run(talk())


def test_rasa_is_killed_if_it_cannot_erase_a_conversation() -> None:
    async def talk() -> None:
        rasa = FakeRasa()
        conversation = make_conversation(rasa)
        await conversation.answer("web:mine", HELLO)
        rasa.fault = RasaUnavailableError("silent")
        await conversation.forget("web:mine")
        assert rasa.restarts == 1

    asyncio.run(talk())


def test_erasing_waits_for_a_free_connection_and_a_message_does_not() -> None:
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


def test_active_conversations_expire_after_two_hours() -> None:
    now = 0.0
    active = ActiveConversations(lambda: now)
    for number in range(100):
        active.add_conversation(f"{number}")
    now = 3601.0
    active.add_conversation("0")
    assert len(active) == 100
    now = 7201.0
    active.add_conversation("later")
    assert len(active) == 2
    assert active.remove_conversation("0")
    assert not active.remove_conversation("0")
    assert not active.remove_conversation("1")
