"""The Telegram channel over real HTTP, with a Bot API server on loopback."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import uvicorn

from bot.messages import (
    Choices,
    HelpLine,
    HelpLines,
    ListingCard,
    Message,
    Option,
    Reply,
    Text,
)
from bot.telegram import app as telegram
from bot.telegram.app import Telegram, TelegramSetupError, TelegramTokenError
from bot.telegram.render import COMMANDS, SORRY, WORDS_ONLY
from bot.web.app import create_app
from tests.support.bot_api import BotApi, Chat, Fault

CARD = ListingCard(
    listing_id=7,
    name="Tea & Talk",
    kind="group",
    organisation="",
    reasons=("You like tea",),
    when="Tuesdays",
    where="Library",
    cost="Free",
    access="",
    alert="",
    notice="",
    description="",
    website="https://example.org",
    phone="",
    email="",
    options=(Option("Tell me more", "more:7"),),
)
QUESTION = Choices("Which?", (Option("Yes", "yes"), Option("No", "no")))


@dataclass
class Echo:
    """A conversation that repeats each message; a few texts have a reply of their own."""

    received: list[tuple[str, Message]] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    may_finish: asyncio.Event = field(default_factory=asyncio.Event)
    concurrency: int = 0
    peak_concurrency: int = 0

    async def answer(self, sender: str, message: Message) -> list[Reply]:
        self.received.append((sender, message))
        self.concurrency += 1
        self.peak_concurrency = max(self.peak_concurrency, self.concurrency)
        try:
            return await self._answer(message)
        finally:
            self.concurrency -= 1

    async def _answer(self, message: Message) -> list[Reply]:
        match message.text:
            case "wait":
                await self.may_finish.wait()
            case "fail":
                raise ValueError("secret words")
            case "ask":
                return [QUESTION]
            case "card":
                return [CARD]
            case "long":
                return [Choices("A sentence & more. " * 500, QUESTION.options)]
            case "many":
                return [Text("one"), Text("two"), Text("three")]
            case "help":
                return [HelpLines("Call now.", (HelpLine("Samaritans", "116 123", "tel:116123"),))]
            case "too long a tap":
                return [Choices("Which?", (Option("Long", "x" * 65), Option("Fine", "fine")))]
        return [Text(f"heard {message.text or message.tap or message.location}")]

    async def forget(self, sender: str) -> None:
        self.forgotten.append(sender)

    @property
    def messages(self) -> list[Message]:
        return [message for _, message in self.received]


@asynccontextmanager
async def running(api: BotApi, conversation: Echo, **settings: Any) -> AsyncIterator[Telegram]:
    """The channel, polling the server."""
    settings = {"token": api.token, "base_url": api.url, "strict": True} | settings
    channel = Telegram(conversation, **settings)
    try:
        await channel.start()
        yield channel
    finally:
        conversation.may_finish.set()
        await channel.stop()


@pytest.fixture
async def echo() -> Echo:
    return Echo()


@pytest.fixture
async def ada(bot_api: BotApi, echo: Echo) -> AsyncIterator[Chat]:
    """A person in a private chat with the running bot."""
    async with running(bot_api, echo):
        yield bot_api.chat()


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


async def test_an_edited_message_is_answered_as_a_new_one(ada: Chat) -> None:
    first = ada.send("chess")
    await ada.reply()
    ada.edit(first, "chess and draughts")
    assert (await ada.reply()).text == "heard chess and draughts"


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


# Order, concurrency, failures


async def test_a_chat_is_answered_in_order_while_others_are_answered(
    ada: Chat, bot_api: BotApi, echo: Echo
) -> None:
    ben = bot_api.chat(name="Ben")
    ada.send("wait")
    for number in range(5):
        ada.send(str(number))
    ben.send("hello")
    assert (await ben.reply()).text == "heard hello"
    assert ada.sent == []
    echo.may_finish.set()
    texts = [reply.text for reply in await ada.replies(6)]
    assert texts == ["heard wait", *(f"heard {number}" for number in range(5))]


async def test_the_number_of_answers_at_once_is_limited(bot_api: BotApi, echo: Echo) -> None:
    async with running(bot_api, echo, answers_at_once=2):
        chats = [bot_api.chat() for _ in range(5)]
        for chat in chats:
            chat.send("wait")
        await chats[0].until(lambda: echo.concurrency == 2, "fewer than two are answered")
        await chats[0].silence(0.3)
        echo.may_finish.set()
        for chat in chats:
            await chat.reply()
    assert echo.peak_concurrency == 2


async def test_a_slow_answer_shows_typing_and_a_quick_one_does_not(ada: Chat, echo: Echo) -> None:
    ada.send("hello")
    await ada.reply()
    assert ada.actions == []
    ada.send("wait")
    await ada.until(lambda: ada.actions == ["typing"], "no typing was shown", within=3)
    echo.may_finish.set()
    await ada.reply()


async def test_an_apology_is_sent_when_the_conversation_fails(
    ada: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    ada.send("fail")
    ada.send("hello")
    assert [reply.text for reply in await ada.replies(2)] == [SORRY, "heard hello"]
    assert "ValueError" in caplog.text
    assert "secret words" not in caplog.text


@pytest.mark.parametrize("fault", [Fault.flood(1), Fault.bad_gateway(), Fault.hang_up()])
async def test_a_reply_is_retried_until_it_arrives(
    ada: Chat, bot_api: BotApi, fault: Fault
) -> None:
    bot_api.fail("sendMessage", fault, times=2)
    ada.send("many")
    assert [reply.text for reply in await ada.replies(3)] == ["one", "two", "three"]
    await ada.silence(0.1)


async def test_a_refused_message_is_not_retried(ada: Chat, bot_api: BotApi) -> None:
    bot_api.fail("sendMessage", Fault(400, "Bad Request: message is too long"))
    ada.send("lost")
    ada.send("hello")
    assert (await ada.reply()).text == "heard hello"
    assert len(bot_api.calls_of("sendMessage")) == 2


async def test_blocking_the_bot_erases_the_conversation_and_logs_nothing(
    ada: Chat, bot_api: BotApi, echo: Echo, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.clear()
    ada.send("wait")
    await ada.until(lambda: echo.concurrency == 1, "the message did not come in")
    ada.block()
    echo.may_finish.set()
    await ada.until(lambda: len(bot_api.calls_of("sendMessage")) == 1, "no reply was tried")
    await asyncio.sleep(0.2)
    assert echo.forgotten == [f"telegram:{ada.chat_id}"]
    assert caplog.records == []


async def test_polling_survives_network_errors(
    ada: Chat, bot_api: BotApi, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    bot_api.fail("getUpdates", Fault.hang_up())
    bot_api.fail("getUpdates", Fault(409, "Conflict: terminated by other getUpdates request"))
    bot_api.fail("getUpdates", Fault(404, "Not Found"))
    ada.send("one")
    ada.send("two")
    assert [reply.text for reply in await ada.replies(2, within=20)] == ["heard one", "heard two"]
    out, err = capfd.readouterr()
    records = [record for record in caplog.records if record.name == telegram.logger.name]
    assert [record.getMessage().rsplit("(")[-1] for record in records] == [
        "NetworkError)",
        "Conflict)",
        "InvalidToken)",
        "Telegram can be reached again",
    ]
    assert all(record.exc_info is None for record in records)
    assert "Traceback" not in out + err


async def test_polling_survives_a_server_restart(ada: Chat, bot_api: BotApi, echo: Echo) -> None:
    ada.send("one")
    await ada.reply()
    await asyncio.to_thread(bot_api.stop)
    ada.send("two")
    await asyncio.sleep(0.7)
    await asyncio.to_thread(bot_api.start)
    assert (await ada.reply()).text == "heard two"
    assert [message.text for message in echo.messages] == ["one", "two"]


async def test_pending_answers_are_sent_before_it_stops(bot_api: BotApi, echo: Echo) -> None:
    async with running(bot_api, echo):
        ada = bot_api.chat()
        ada.send("wait")
        await ada.until(lambda: echo.concurrency == 1, "the message did not come in")
    assert [sent.text for sent in ada.sent] == ["heard wait"]
    async with running(bot_api, echo):
        ada.send("again")
        assert [reply.text for reply in await ada.replies(2)] == ["heard wait", "heard again"]
    assert [message.text for message in echo.messages] == ["wait", "again"]


# Groups


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize("kind", ["group", "supergroup"])
async def test_the_bot_explains_itself_and_leaves_a_group(
    bot_api: BotApi, echo: Echo, kind: str
) -> None:
    group = bot_api.chat(kind)
    group.add_bot()
    await group.until(lambda: group.left, "the bot stayed")
    assert (await group.reply()).text.endswith("https://t.me/connector_test_bot")
    group.send("@connector_test_bot hello")
    await group.silence()
    assert echo.received == []


@pytest.mark.usefixtures("ada")
async def test_the_bot_leaves_a_channel_silently(bot_api: BotApi) -> None:
    channel = bot_api.chat("channel")
    channel.add_bot("administrator")
    await channel.until(lambda: channel.left, "the bot stayed")
    assert channel.sent == []


# Setting up


@pytest.mark.parametrize("token", ["", "not a token", "123456789:AAwrong"])
async def test_a_wrong_token_is_reported_in_one_line(
    bot_api: BotApi, echo: Echo, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(TelegramTokenError) as raised:
        await Telegram(echo, token=token, base_url=bot_api.url).start()
    assert "TELEGRAM_BOT_TOKEN" in str(raised.value)
    assert "\n" not in str(raised.value)
    assert not token or token not in str(raised.value) + caplog.text


async def test_it_starts_without_a_network_and_connects_later(bot_api: BotApi, echo: Echo) -> None:
    bot_api.stop()
    async with running(bot_api, echo):
        ada = bot_api.chat()
        ada.send("hello")
        await asyncio.to_thread(bot_api.start)
        assert (await ada.reply()).text == "heard hello"
        assert bot_api.commands


async def test_polling_replaces_a_webhook(bot_api: BotApi, echo: Echo) -> None:
    bot_api.set_webhook("https://example.org/old", "", [])
    async with running(bot_api, echo):
        ada = bot_api.chat()
        ada.send("hello")
        await ada.reply()


# Webhook

SECRET = "a-secret_1"


@asynccontextmanager
async def web_app(channel: Telegram, conversation: Echo) -> AsyncIterator[str]:
    """The program's web server. Gives the address for Telegram."""
    app = create_app(
        conversation,
        origins=[],
        secret=b"of the tests alone",
        rasa_is_up=lambda: False,
        receive_telegram=channel.receive,
    )
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(
            uvicorn.Config(app, lifespan="off", ws="none", log_config=None, access_log=False)
        )
        serving = asyncio.create_task(server._serve(sockets=[listener]))
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/api/telegram"
        server.should_exit = True
        await serving


async def test_a_webhook_answers_each_update_once(bot_api: BotApi, echo: Echo) -> None:
    channel = Telegram(echo, token=bot_api.token, base_url=bot_api.url, strict=True)
    async with web_app(channel, echo) as address:
        await channel.start_webhook(address, SECRET)
        ada = bot_api.chat()
        update = bot_api.push({"message": ada._message(bot_api.number()) | {"text": "hello"}})
        assert (await ada.reply()).text == "heard hello"
        bot_api.push(update)
        ada.send("ask")
        await ada.reply()
        await ada.answered(ada.tap("Yes"))
        assert (await ada.reply()).text == "heard yes"
        await ada.until(lambda: bot_api.webhook_statuses == [200] * 4, "a call was refused")
        assert [message.text for message in echo.messages] == ["hello", "ask", None]
        await channel.stop()


async def test_a_webhook_call_without_the_secret_is_refused(bot_api: BotApi, echo: Echo) -> None:
    channel = Telegram(echo, token=bot_api.token, base_url=bot_api.url)
    payload = {"update_id": 1, "message": bot_api.chat()._message(1) | {"text": "forged"}}
    assert not await channel.receive(payload, "")
    async with web_app(channel, echo) as address:
        await channel.start_webhook(address, SECRET)
        async with httpx.AsyncClient(trust_env=False) as client:
            for headers in ({}, {"X-Telegram-Bot-Api-Secret-Token": "wrong"}):
                response = await client.post(address, json=payload, headers=headers)
                assert response.status_code == 403
            right = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
            response = await client.post(address, json={"no": "update"}, headers=right)
            assert response.status_code == 200
        await channel.stop()
    assert echo.received == []


@pytest.mark.parametrize(
    ("url", "secret", "setting"),
    [
        ("http://example.org", SECRET, "TELEGRAM_WEBHOOK_URL"),
        ("https://example.org", "has space", "TELEGRAM_WEBHOOK_SECRET"),
        ("https://example.org", "", "TELEGRAM_WEBHOOK_SECRET"),
    ],
)
async def test_a_wrong_webhook_setting_is_reported_in_one_line(
    bot_api: BotApi, echo: Echo, url: str, secret: str, setting: str
) -> None:
    channel = Telegram(echo, token=bot_api.token, base_url=bot_api.url)
    with pytest.raises(TelegramSetupError, match=setting):
        await channel.start_webhook(url, secret)
    await channel.stop()


# Privacy


async def test_no_personal_data_and_no_token_reaches_a_log(
    bot_api: BotApi, echo: Echo, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with running(bot_api, echo):
        ada = bot_api.chat(name="Sentinelname")
        bot_api.fail("sendMessage", Fault.bad_gateway())
        bot_api.fail("sendMessage", Fault(400, "Bad Request: chat not found"))
        ada.send("sentinelwords")
        ada.send("fail")
        ada.send("ask")
        ada.send_photo("sentinelcaption")
        await ada.until(lambda: len(ada.sent) >= 3, "no replies came")
        ada.tap("Yes")
        bot_api.push({"message": {"sentinelbroken": "not a message"}})
        ada.send("after")
        await ada.until(lambda: ada.sent[-1].text == "heard after", "a broken update stopped it")
        logged = "\n".join(
            f"{record.name} {record.getMessage()} {record.exc_info}"
            for record in caplog.records
            if not record.name.startswith("uvicorn")  # the Bot API server's own
        )
    for secret in ("entinel", "secret words", bot_api.token, str(ada.chat_id)):
        assert secret not in logged
    assert "bot.telegram" in logged
