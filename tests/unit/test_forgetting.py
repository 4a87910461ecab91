"""Forgetting erases one conversation and no other, whatever happens at the same time."""

import asyncio
import secrets

import pytest

from bot.messages import Message
from bot.rasa.active_conversations import ActiveConversations
from bot.rasa.client import RasaSilentError, RasaUnavailableError
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
    ("fault", "silences"), [(RasaUnavailableError("status 500"), 0), (RasaSilentError("silent"), 1)]
)
def test_silence_casts_doubt_on_rasas_health_and_an_error_does_not(
    fault: Exception, silences: int
) -> None:
    async def talk() -> None:
        rasa = FakeRasa()
        rasa.fault = fault
        replies = await make_conversation(rasa).answer("web:mine", HELLO)
        assert replies == [Responses().render("utter_greet")]
        assert rasa.silences == silences

    asyncio.run(talk())


def test_rasa_is_killed_if_it_cannot_erase_a_conversation() -> None:
    async def talk() -> None:
        rasa = FakeRasa()
        conversation = make_conversation(rasa)
        await conversation.answer("web:mine", HELLO)
        rasa.fault = RasaSilentError("silent")
        await conversation.forget("web:mine")
        assert rasa.silences == 3  # it is tried again while Rasa may only be busy
        assert rasa.restarts == 1

    asyncio.run(talk())


def test_active_conversations_expire_after_two_hours() -> None:
    now = 0.0
    active = ActiveConversations(lambda: now)
    for number in range(100):
        active.add_conversation(f"{number}", 0, has_content=True)
    now = 3601.0
    active.add_conversation("0", 0, has_content=True)
    assert len(active) == 100
    now = 7201.0
    active.add_conversation("later", 0, has_content=True)
    active.remove_expired()
    assert len(active) == 2
    assert active.remove_conversation("0")
    assert not active.remove_conversation("0")
    assert not active.remove_conversation("1")
