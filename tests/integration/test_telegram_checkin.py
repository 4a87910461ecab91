"""A check-in on Telegram: typed answers, old buttons and double presses, over real HTTP."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.messages import Message, Reply, SendEarly
from bot.responses import get_line
from bot.telegram.open_checkins import OpenCheckIn, OpenCheckIns
from tests.support.bot_api import BotApi, Chat
from tests.support.bot_api.chat import Sent
from tests.support.fake_rasa import FakeRasa, make_conversation
from tests.support.telegram_channel import Echo, running
from tests.unit.test_checkin_conversation import WordGuard
from tests.unit.test_checkin_flow import MemoryStore


class CheckInTalk(Echo):
    """A conversation with a real check-in, whose Rasa says hello to everything else."""

    def __init__(self) -> None:
        super().__init__()
        self.store = MemoryStore()
        self.rasa = FakeRasa()
        self.conversation = make_conversation(
            self.rasa, WordGuard(), checkin_flow=self.store.flow("standard")
        )

    async def answer(self, sender: str, message: Message, *, send_early: SendEarly) -> list[Reply]:
        self.received.append((sender, message))
        return await self.conversation.answer(sender, message, send_early=send_early)

    async def forget(self, sender: str) -> None:
        await self.conversation.forget(sender)


@pytest.fixture
def talk() -> CheckInTalk:
    return CheckInTalk()


@pytest.fixture
async def ada(bot_api: BotApi, talk: CheckInTalk) -> AsyncIterator[Chat]:
    async with running(bot_api, talk):
        yield bot_api.chat()


async def say(ada: Chat, text: str) -> Sent:
    """The last of the messages that answer a text."""
    ada.send(text)
    return await ada.reply()


async def tap(ada: Chat, label: str) -> Sent:
    ada.tap(label)
    return await ada.reply()


async def open_check_in(ada: Chat, talk: CheckInTalk) -> Sent:
    """The first page of a check-in that a message leads to."""
    talk.rasa.replies = talk.store.flow("standard").start()  # as Rasa hands over to it
    page = await say(ada, "do the check in")
    talk.rasa.replies = FakeRasa().replies
    talk.rasa.payloads.clear()
    return page


async def open_check_in_by_button(ada: Chat) -> Sent:
    """The first page of a check-in whose button still stands further up."""
    sent = ada.sent[-1]
    ada.tap_on(sent, "ci:start")
    return await ada.reply()


async def test_a_check_in_is_typed_and_nothing_of_it_reaches_rasa(
    ada: Chat, talk: CheckInTalk
) -> None:
    question = await open_check_in(ada, talk)
    for text in ("yes", "Old Town", "72", "fairly", "often", "pass", "no thanks", "hardly ever"):
        following = await say(ada, text)
        await ada.until(lambda old=question: old.buttons == [], "an answered question has buttons")
        question = following
    assert "press Send" in question.text
    await say(ada, "send")
    (checkin,) = talk.store.checkins
    assert (checkin.area, checkin.age_band) == ("Old Town", "65-74")
    assert [code for _, code in checkin.answers] == ["2", "3", "s", "s", "4"]
    assert talk.rasa.payloads == []


async def test_the_question_and_its_buttons_stand_below_another_answer(
    ada: Chat, talk: CheckInTalk
) -> None:
    await open_check_in(ada, talk)
    area = await tap(ada, "Yes, I am 16 or over")
    ada.send("what is on tonight")
    hello, again = await ada.replies(2)
    assert hello.text == "Hello"
    assert (again.text, again.labels) == (
        area.text,
        ["Harbour", "Old Town", "Mill Lane", *"Back Stop".split()],
    )
    await ada.until(lambda: area.buttons == [], "the buttons are there twice")
    assert get_line("checkin_ask_age") in (await tap(ada, "Old Town")).text


async def test_an_old_button_changes_nothing(ada: Chat, talk: CheckInTalk) -> None:
    await open_check_in(ada, talk)
    await tap(ada, "Yes, I am 16 or over")
    age = await say(ada, "old town")
    prefer_not = next(data for label, data in age.buttons if label == "Prefer not to say")
    belonging = await say(ada, "im 40")
    # The message had its buttons a moment ago, and the press was on its way.
    ada.tap_on(age, prefer_not)
    again = await ada.reply()
    assert again.text == f"{get_line('checkin_answered')}\n\n{belonging.text}"
    for text in ("1", "1", "1", "1"):
        await say(ada, text)
    review = await say(ada, "1")
    assert "35 to 49" in review.text


TOO_LATE = get_line("edited_too_late")


async def test_an_edited_answer_is_no_second_answer(ada: Chat, talk: CheckInTalk) -> None:
    await open_check_in(ada, talk)
    await say(ada, "yes")
    await say(ada, "old town")
    age = ada.send("im 40")
    belonging = await ada.reply()
    text, labels = belonging.text, belonging.labels
    for edited in ("im 72", "very strongly", "skip"):
        ada.edit(age, edited)
        explanation, again = await ada.replies(2)
        assert explanation.text == TOO_LATE
        assert (again.text, again.labels) == (text, labels)
    for _ in range(4):
        await say(ada, "1")
    assert "Age: 35 to 49" in (await say(ada, "1")).text
    assert talk.rasa.payloads == []


async def test_an_edit_replaces_the_last_message_and_no_older_one(
    ada: Chat, talk: CheckInTalk
) -> None:
    older = ada.send("chess")
    await ada.reply()
    last = ada.send("choirr")
    await ada.reply()
    ada.edit(last, "choir")
    assert (await ada.reply()).text == "Hello"
    assert talk.rasa.payloads == ["chess", "choirr", "rewind", "choir"]
    ada.edit(older, "draughts")
    assert (await ada.reply()).text == TOO_LATE
    ada.edit(last, "choirs")  # a second edit
    assert (await ada.reply()).text == "Hello"
    assert talk.rasa.payloads[4:] == ["rewind", "choirs"]


async def test_an_edit_answers_no_newer_question(ada: Chat, talk: CheckInTalk) -> None:
    """Neither after a button, nor where Rasa does not have the message."""
    wish = ada.send("choir")
    await ada.reply()
    ada.send("/privacy")
    await ada.reply()
    ada.edit(wish, "yes")
    assert (await ada.reply()).text == TOO_LATE
    talk.rasa.generation += 1  # it was restarted
    talk.rasa.payloads.clear()
    ada.edit(wish, "yes")
    assert (await ada.reply()).text == TOO_LATE
    assert talk.rasa.payloads == []


async def test_an_edit_that_tells_of_danger_gets_helplines(ada: Chat) -> None:
    wish = ada.send("choir")
    await ada.reply()
    ada.send("chess")
    await ada.reply()
    ada.edit(wish, "i want to die")
    assert "999" in (await ada.reply()).text


async def test_an_edit_below_an_open_check_in_leaves_it_open(ada: Chat, talk: CheckInTalk) -> None:
    wish = ada.send("choirr")
    await ada.reply()
    await open_check_in_by_button(ada)
    ada.edit(wish, "choir")
    hello, again = await ada.replies(2)
    assert hello.text == "Hello"
    assert "Are you 16 or over?" in again.text
    assert talk.rasa.payloads == ["choirr", "rewind", "choir"]


async def test_a_long_message_is_cut_and_its_person_told(ada: Chat, talk: CheckInTalk) -> None:
    ada.send("a" * 999 + " and the end")
    cut, hello = await ada.replies(2)
    assert cut.text == get_line("message_cut", most=1000)
    assert hello.text == "Hello"
    assert talk.rasa.payloads == ["a" * 999 + " "]
    ada.send("a" * 1000)
    assert (await ada.reply()).text == "Hello"


async def test_helplines_come_alone_and_the_check_in_waits(ada: Chat, talk: CheckInTalk) -> None:
    await open_check_in(ada, talk)
    area = await tap(ada, "Yes, I am 16 or over")
    helplines = await say(ada, "i want to die")
    assert "999" in helplines.text
    await ada.silence()
    assert area.labels
    assert get_line("checkin_ask_age") in (await say(ada, "old town")).text


async def test_stop_ends_it_and_the_next_words_are_no_answer(ada: Chat, talk: CheckInTalk) -> None:
    await open_check_in(ada, talk)
    page = await say(ada, "/stop")
    assert page.text == get_line("checkin_stopped")
    assert (await say(ada, "yes")).text == "Hello"
    assert talk.rasa.payloads == ["yes"]


async def test_another_chat_has_a_check_in_of_its_own(
    bot_api: BotApi, ada: Chat, talk: CheckInTalk
) -> None:
    await open_check_in(ada, talk)
    assert (await say(bot_api.chat(), "yes")).text == "Hello"
    assert get_line("checkin_ask_area") in (await say(ada, "yes")).text


async def test_an_open_check_in_is_held_no_longer_than_its_buttons_work() -> None:
    checkins = OpenCheckIns(seconds_held=0)
    checkins.keep(7, OpenCheckIn("ci:a", 1))
    checkins.keep(7, OpenCheckIn("ci:b", 2))
    assert checkins.find(7) == OpenCheckIn("ci:b", 2)
    for _ in range(3):  # turns of the event loop
        await asyncio.sleep(0)
    assert checkins.find(7) is None
    assert len(checkins) == 0
