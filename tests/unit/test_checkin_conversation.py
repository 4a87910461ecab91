"""A check-in within a conversation: what is typed meanwhile, and that Rasa never sees an answer."""

from dataclasses import replace

import pytest

from bot.conversation import Conversation
from bot.helplines_button import add_helplines_button
from bot.messages import Choices, HelpLines, Message, Reply, Text, find_open_checkin
from bot.rasa.client import Handover, RasaUnavailableError
from bot.responses import Responses, get_line
from bot.safety.care import Care
from bot.safety.guard import Classification
from tests.support.fake_rasa import FakeRasa, make_conversation
from tests.unit.test_checkin_flow import TO_REVIEW, MemoryStore, find_tap


class WordGuard:
    """A guard that sees a crisis in one sentence."""

    def classify(self, text: str) -> Classification:
        return Classification("crisis" if text == "i want to die" else "none")


class Person:
    """Somebody whose channel holds the open question, as every channel does."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self.open_checkin = ""
        self.replies: list[Reply] = []

    async def send(self, message: Message) -> list[Reply]:
        message = replace(message, open_checkin=self.open_checkin)
        self.replies = await self._conversation.answer("web:1", message)
        self.open_checkin = find_open_checkin(self.replies)
        return self.replies

    async def say(self, text: str) -> list[Reply]:
        return await self.send(Message(text=text))

    async def press(self, label: str) -> list[Reply]:
        page = self.replies[-1]
        assert isinstance(page, Choices)
        return await self.send(Message(tap=find_tap(page, label)))

    async def start(self, *labels: str) -> Choices:
        await self.send(Message(tap="ci:start"))
        for label in labels:
            await self.press(label)
        page = self.replies[-1]
        assert isinstance(page, Choices)
        return page


@pytest.fixture
def rasa() -> FakeRasa:
    return FakeRasa()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def person(rasa: FakeRasa, store: MemoryStore) -> Person:
    return Person(make_conversation(rasa, WordGuard(), checkin_flow=store.flow()))


async def test_rasa_sees_no_answer(person: Person, rasa: FakeRasa, store: MemoryStore) -> None:
    await person.start()
    # "not often" is in doubt, and is asked again.
    for text in ("yes", "2", "no thanks", "fairly", "back", "not very", "not often", "sometimes"):
        await person.say(text)
    await person.say("Send")
    assert store.checkins[0].answers == (("belonging", "3"), ("lonely", "2"))
    assert rasa.payloads == []


async def test_an_age_that_answers_a_check_in_is_not_remembered_for_helplines(
    rasa: FakeRasa, store: MemoryStore
) -> None:
    person = Person(make_conversation(rasa, WordGuard(), checkin_flow=store.flow()))
    await person.start(*TO_REVIEW[:2])
    await person.say("im 16")
    assert "Question 1 of 2" in person.replies[-1].text  # type: ignore[union-attr]
    with_age, without_age = (Care(WordGuard(), "england") for _ in range(2))
    with_age.answer("somebody", "im 16")
    (young,) = with_age.answer("somebody", "i want to die").replies
    (ageless,) = without_age.answer("somebody", "i want to die").replies
    assert young != ageless
    (helplines,) = await person.say("i want to die")
    assert replace(helplines, open_checkin="") == ageless


async def test_what_is_no_answer_is_answered_and_the_question_offered_again(
    person: Person, rasa: FakeRasa
) -> None:
    page = await person.start(*TO_REVIEW[:3])
    assert await person.say("is there a choir near here") == [Text("Hello"), page]
    assert rasa.payloads == ["is there a choir near here"]
    assert await person.send(Message(tap="ask_privacy")) == [Text("Hello"), page]
    assert "Question 2 of 2" in (await person.say("very strongly"))[-1].text  # type: ignore[union-attr]


async def test_the_question_is_offered_again_while_rasa_is_away(
    person: Person, rasa: FakeRasa
) -> None:
    page = await person.start(*TO_REVIEW[:3])
    rasa.fault = RasaUnavailableError("it is not up")
    *answer, again = await person.send(Message(tap="ask_privacy"))
    assert answer
    assert again == page
    assert "Question 2 of 2" in (await person.say("very strongly"))[-1].text  # type: ignore[union-attr]


async def test_a_crisis_comes_first_and_the_check_in_waits(person: Person) -> None:
    page = await person.start(*TO_REVIEW[:4])
    (helplines,) = await person.say("i want to die")
    assert isinstance(helplines, HelpLines)
    assert person.open_checkin == page.open_checkin
    assert await person.say("thank you") == add_helplines_button([Text("Hello"), page])


@pytest.mark.parametrize("stop", [Message(text="stop"), Message(tap="stop")])
async def test_stop_stops_the_check_in(person: Person, rasa: FakeRasa, stop: Message) -> None:
    await person.start(*TO_REVIEW[:2])
    (stopped,) = await person.send(stop)
    assert isinstance(stopped, Choices)
    assert stopped.text == get_line("checkin_stopped")
    assert rasa.payloads == []
    assert person.open_checkin == ""


@pytest.mark.parametrize(
    "fresh", [Message(text="delete my data"), Message(tap="forget_me"), Message(text="start again")]
)
async def test_what_is_forgotten_is_not_offered_again(person: Person, fresh: Message) -> None:
    await person.start(*TO_REVIEW[:2])
    await person.send(fresh)
    assert person.open_checkin == ""


async def test_forgetting_that_rasa_understood_ends_the_check_in(
    person: Person, rasa: FakeRasa
) -> None:
    await person.start(*TO_REVIEW[:2])
    rasa.replies = [Handover.FORGET]
    assert await person.say("wipe it all") == [Responses().render("utter_forgotten")]


async def test_asking_for_the_check_in_in_the_middle_of_it_goes_on_where_it_was(
    person: Person, rasa: FakeRasa
) -> None:
    page = await person.start(*TO_REVIEW[:2])
    rasa.replies = [Handover.CHECK_IN]
    assert await person.say("can we do the check in") == [page]


async def test_the_button_that_starts_a_check_in_starts_a_new_one(
    person: Person, rasa: FakeRasa
) -> None:
    await person.start(*TO_REVIEW[:2])
    rasa.replies = [Handover.CHECK_IN]
    (page,) = await person.send(Message(tap="start_check_in"))
    assert isinstance(page, Choices)
    assert "Are you 16 or over?" in page.text
