"""Messages and buttons on Telegram, over real HTTP with a Bot API server on loopback."""

import pytest

from bot.messages import (
    Message,
    Reply,
)
from bot.telegram.render import COMMANDS, SORRY, WORDS_ONLY
from tests.support.bot_api import BotApi, Chat
from tests.support.telegram_channel import Echo, running

# Texts, commands, places


async def test_texts_arrive_and_are_sent_unchanged(ada: Chat, echo: Echo) -> None:
    ada.send("tea & <b>cake</b>")
    reply = await ada.reply()
    assert reply.text == "heard tea & <b>cake</b>"
    assert reply.source == "heard tea &amp; &lt;b&gt;cake&lt;/b&gt;"
    assert echo.received == [(f"telegram:{ada.chat_id}", Message(text="tea & <b>cake</b>"))]


async def test_commands_are_taps_and_are_listed_in_the_menu(
    ada: Chat, echo: Echo, bot_api: BotApi
) -> None:
    for command in COMMANDS:
        ada.send(f"/{command.name}")
    ada.send("/start poster_12")
    ada.send("/unheard_of")
    await ada.replies(len(COMMANDS) + 2)
    taps = ["greet", "ask_capabilities", "start_check_in", "ask_privacy", "forget_me", "stop"]
    assert [message.tap for message in echo.messages] == [*taps, "greet", "ask_capabilities"]
    assert [entry["command"] for entry in bot_api.commands] == [
        "start",
        "help",
        "checkin",
        "privacy",
        "forget",
        "stop",
    ]


async def test_a_place_is_a_location_however_it_is_sent(ada: Chat, echo: Echo) -> None:
    ada.send_location(51.5, -0.125)
    ada.send_venue(51.25, -0.5)
    live = ada.send_location(51.0, 0.0, live=True)
    await ada.replies(3)
    ada.move_live_location(live, 51.1, 0.1)
    await ada.silence()
    places = [message.location for message in echo.messages]
    assert places == [(51.5, -0.125), (51.25, -0.5), (51.0, 0.0)]


async def test_an_edited_message_names_the_message_that_it_replaces(ada: Chat, echo: Echo) -> None:
    first = ada.send("chess")
    await ada.reply()
    ada.edit(first, "chess and draughts")
    assert (await ada.reply()).text == "heard chess and draughts"
    assert echo.messages == [
        Message(text="chess"),
        Message(text="chess and draughts", is_edit=True),
    ]
    assert [message.number for message in echo.messages] == [first, first]


UNREADABLE_KINDS = (
    "animation audio contact dice document poll sticker video video_note voice".split()
)


@pytest.mark.parametrize("kind", UNREADABLE_KINDS)
async def test_an_unreadable_message_gets_one_explanation(ada: Chat, echo: Echo, kind: str) -> None:
    ada.send_media(kind)
    assert (await ada.reply()).text == WORDS_ONLY
    await ada.silence(0.1)
    assert echo.received == []


async def test_an_album_gets_one_explanation_and_its_caption_an_answer(ada: Chat) -> None:
    ada.send_photo("my allotment", album="a")
    ada.send_photo(album="a")
    ada.send_photo(album="a")
    explanation, answer = await ada.replies(2)
    assert (explanation.text, answer.text) == (WORDS_ONLY, "heard my allotment")
    await ada.silence()


async def test_a_pinned_message_gets_no_answer(ada: Chat) -> None:
    ada.pin(ada.send("hello"))
    assert (await ada.reply()).text == "heard hello"
    await ada.silence()


# Buttons


async def test_a_tap_is_confirmed_and_answered_and_removes_the_buttons(
    ada: Chat,
) -> None:
    ada.send("ask")
    question = await ada.reply()
    assert question.labels == ["Yes", "No"]
    tap = ada.tap("Yes")
    await ada.answered(tap)
    assert (await ada.reply()).text == "heard yes"
    await ada.until(lambda: question.buttons == [], "the buttons stayed")
    assert question.text == "Which?"
    with pytest.raises(AssertionError, match="no button"):
        ada.tap("No")


async def test_a_tap_is_confirmed_before_it_is_answered(ada: Chat, echo: Echo) -> None:
    ada.send("ask")
    await ada.reply()
    ada.send("wait")
    tap = ada.tap("Yes")
    await ada.answered(tap, within=2)
    assert Message(tap="yes") not in echo.messages
    echo.may_finish.set()
    assert [reply.text for reply in await ada.replies(2)] == ["heard wait", "heard yes"]


async def test_a_double_press_counts_once(ada: Chat, echo: Echo) -> None:
    ada.send("ask")
    question = await ada.reply()
    taps = [ada.tap_on(question, "yes"), ada.tap_on(question, "yes"), ada.tap_on(question, "no")]
    for tap in taps:
        await ada.answered(tap)
    assert (await ada.reply()).text == "heard yes"
    await ada.silence()
    assert [message.tap for message in echo.messages if message.tap] == ["yes"]


async def test_a_listing_keeps_its_buttons(ada: Chat) -> None:
    ada.send("card")
    card = await ada.reply()
    assert card.text.startswith("Tea & Talk\nGroup\nWhy: You like tea\n")
    for _ in range(2):
        await ada.answered(ada.tap("Tell me more"))
        assert (await ada.reply()).text == "heard more:7"
    assert card.labels == ["Tell me more"]


async def test_a_question_can_be_answered_again_if_the_conversation_failed(
    bot_api: BotApi,
) -> None:
    class FailsOnce(Echo):
        async def _answer(self, message: Message) -> list[Reply]:
            if message.tap and len(self.received) == 2:
                raise RuntimeError
            return await super()._answer(message)

    async with running(bot_api, FailsOnce()):
        ada = bot_api.chat()
        ada.send("ask")
        question = await ada.reply()
        ada.tap("Yes")
        assert (await ada.reply()).text == SORRY
        assert question.labels == ["Yes", "No"]
        ada.tap("Yes")
        assert (await ada.reply()).text == "heard yes"


async def test_a_button_too_long_for_telegram_is_left_out(bot_api: BotApi, echo: Echo) -> None:
    async with running(bot_api, echo, strict=False):
        ada = bot_api.chat()
        ada.send("too long a tap")
        assert (await ada.reply()).labels == ["Fine"]
    async with running(bot_api, echo, strict=True):
        ada.send("too long a tap")
        assert (await ada.reply()).text == SORRY


async def test_a_long_reply_comes_in_parts_with_the_buttons_last(ada: Chat) -> None:
    ada.send("long")
    parts = await ada.replies(3)
    assert [part.labels for part in parts] == [[], [], ["Yes", "No"]]
    assert all(part.text.endswith("more.") for part in parts)
    assert " ".join(part.text for part in parts) == ("A sentence & more. " * 500).strip()


async def test_help_lines_are_plain_numbers(ada: Chat) -> None:
    ada.send("help")
    assert (await ada.reply()).source == "Call now.\n\nSamaritans: 116 123"
