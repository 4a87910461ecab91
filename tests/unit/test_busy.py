"""What a person sees while many write at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.conversation import Conversation
from bot.messages import Message, Reply, Text
from bot.responses import Responses, get_line
from bot.safety.guard import Classification, Label
from bot.safety.replies import make_replies
from tests.support.fake_rasa import FakeRasa, make_conversation

HELLO = Message(tap="greet")
MORE = Message(tap="show_more")
ANSWER = Text("Hello")
BUSY = Text(get_line("busy_wait"))
TRY_AGAIN = Text(get_line("busy_try_again"))
TALK_LOST = Responses().render("utter_talk_lost")
GENTLE = list(make_replies("support", "england"))


class FixedGuard:
    """A guard that labels every message the same."""

    def __init__(self, label: Label) -> None:
        self._label = label

    def classify(self, _text: str) -> Classification:
        return Classification(self._label)


class CheckinPage:
    """A check-in flow that owns every tap of its own."""

    page = Text("How often do you feel lonely?")

    def owns(self, tap: str) -> bool:
        return tap.startswith("ci:")

    def answer(self, _tap: str, _client: str, _open_checkin: str) -> list[Reply]:
        return [self.page]


class Early:
    """Receives what is sent before the answer."""

    def __init__(self) -> None:
        self._sent: asyncio.Queue[list[Reply]] = asyncio.Queue()

    async def send(self, replies: list[Reply]) -> None:
        self._sent.put_nowait(replies)

    async def receive(self) -> list[Reply]:
        async with asyncio.timeout(20):
            return await self._sent.get()

    @property
    def is_empty(self) -> bool:
        return self._sent.empty()


@asynccontextmanager
async def stuck(rasa: FakeRasa, conversation: Conversation, turns: int) -> AsyncIterator[None]:
    """Rasa answers nothing inside the block, and one client has sent this many first messages."""
    rasa.may_answer.clear()
    burst = [
        asyncio.create_task(conversation.answer(f"web:{number}", HELLO, client="library"))
        for number in range(turns)
    ]
    await asyncio.sleep(0)
    yield
    rasa.may_answer.set()
    await asyncio.gather(*burst)


async def test_a_person_who_waits_is_told_once_and_then_answered() -> None:
    rasa, early = FakeRasa(), Early()
    conversation = make_conversation(rasa)
    async with stuck(rasa, conversation, turns=60):
        answering = asyncio.create_task(
            conversation.answer("web:mine", HELLO, send_early=early.send)
        )
        assert await early.receive() == [BUSY]
    assert await answering == [ANSWER]
    assert early.is_empty
    assert rasa.most_open_requests <= 4


async def test_a_quick_answer_comes_alone() -> None:
    early = Early()
    conversation = make_conversation(FakeRasa())
    assert await conversation.answer("web:mine", HELLO, send_early=early.send) == [ANSWER]
    assert early.is_empty


async def test_another_client_is_answered_before_the_rest_of_a_burst() -> None:
    rasa = FakeRasa()
    conversation = make_conversation(rasa)
    async with stuck(rasa, conversation, turns=60):
        mine = asyncio.create_task(conversation.answer("web:mine", MORE, client="home"))
        await asyncio.sleep(0.1)
        assert "/show_more" not in rasa.payloads
    assert await mine == [ANSWER]
    # The turns in flight come first, and one for each turn of the other client.
    assert rasa.payloads.index("/show_more") <= 5


async def test_helplines_do_not_wait_for_rasa() -> None:
    rasa, early = FakeRasa(), Early()
    conversation = make_conversation(rasa, FixedGuard("support"))
    message = Message(text="I feel so alone")
    async with stuck(rasa, conversation, turns=10):
        answering = asyncio.create_task(
            conversation.answer("web:mine", message, send_early=early.send)
        )
        assert await early.receive() == [*GENTLE, BUSY]
        # A page that cannot show anything before the answer gets the helplines alone.
        assert await conversation.answer("web:plain", message) == [*GENTLE, TRY_AGAIN]
    assert await answering == [ANSWER]
    assert len(rasa.payloads) == 11, "the message that was given up reached Rasa"


async def test_a_crisis_and_a_check_in_are_answered_while_rasa_answers_nothing() -> None:
    rasa = FakeRasa()
    conversation = make_conversation(rasa, FixedGuard("crisis"), checkin_flow=CheckinPage())
    async with stuck(rasa, conversation, turns=300), asyncio.timeout(1):
        crisis = await conversation.answer("web:mine", Message(text="I want to die"))
        assert crisis == list(make_replies("crisis", "england"))
        page = await conversation.answer("web:mine", Message(tap="ci:1"))
        assert [reply.text for reply in page] == [CheckinPage.page.text]


async def test_a_full_queue_says_so_to_the_client_that_fills_it() -> None:
    rasa = FakeRasa()
    conversation = make_conversation(rasa)
    async with stuck(rasa, conversation, turns=300):
        flooding = asyncio.create_task(conversation.answer("web:300", HELLO, client="library"))
        mine = asyncio.create_task(conversation.answer("web:mine", HELLO, client="home"))
        assert await flooding == [TRY_AGAIN]
        assert not mine.done()
    assert await mine == [ANSWER]


async def test_who_waits_is_answered_without_rasa_if_it_ends_meanwhile() -> None:
    rasa = FakeRasa()
    conversation = make_conversation(rasa)
    async with stuck(rasa, conversation, turns=10):
        waiting = asyncio.create_task(conversation.answer("web:mine", HELLO))
        await asyncio.sleep(0.1)
        rasa.is_up = False
    assert await waiting == [Responses().render("utter_greet")]
    assert len(rasa.payloads) == 4
