"""Telegram's webhook: the secret, sizes, and what is answered where an update cannot be read."""

import asyncio
import json
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from bot.messages import HelpLine
from bot.telegram.render import UNREADABLE
from bot.web.telegram_webhook import MAX_UPDATE_BYTES
from tests.support.bot_api import BotApi, Chat
from tests.support.telegram_channel import SECRET, Echo, receiving, running

URDU = "کیا میرے قریب کوئی باغبانی گروپ ہے؟ "
HEADERS = {"X-Telegram-Bot-Api-Secret-Token": SECRET, "Content-Type": "application/json"}
HELPLINES = (HelpLine("Samaritans", "116 123", "tel:116123"),)


async def post(address: str, body: bytes, headers: dict[str, str] = HEADERS) -> int:
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        return (await client.post(address, content=body, headers=headers)).status_code


def make_update(api: BotApi, chat: Chat, **content: Any) -> dict[str, Any]:
    return {"update_id": api.number(), "message": chat._message(api.number()) | content}


async def test_each_update_is_answered_once(bot_api: BotApi, echo: Echo) -> None:
    async with receiving(bot_api, echo):
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


# The secret


async def test_a_call_without_the_secret_is_refused(bot_api: BotApi, echo: Echo) -> None:
    body = json.dumps(make_update(bot_api, bot_api.chat(), text="forged")).encode()
    async with receiving(bot_api, echo) as address:
        for secret in ("", "wrong", "\u00e9"):
            headers = HEADERS | {"X-Telegram-Bot-Api-Secret-Token": secret.encode()}
            assert await post(address, body, headers) == 403
        assert await post(address, b'{"no": "update"}') == 200
    assert echo.received == []


async def test_the_secret_is_checked_before_the_body_is_read(bot_api: BotApi, echo: Echo) -> None:
    async with receiving(bot_api, echo) as address:
        host, port = urlsplit(address).hostname, urlsplit(address).port
        reader, writer = await asyncio.open_connection(host, port)
        # The body is announced and never sent.
        writer.write(
            b"POST /api/telegram HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n"
            b"X-Telegram-Bot-Api-Secret-Token: wrong\r\n\r\n"
        )
        assert (await asyncio.wait_for(reader.readline(), 10)).split()[1] == b"403"
        writer.close()
        await writer.wait_closed()


# Sizes


async def test_a_text_of_4096_urdu_letters_is_answered(bot_api: BotApi, echo: Echo) -> None:
    text = (URDU * 200)[:4095] + "\u06d4"
    async with receiving(bot_api, echo):
        ada = bot_api.chat()
        ada.send(text)
        await ada.reply()
        assert [message.text for message in echo.messages] == [text]
        await ada.until(lambda: bot_api.webhook_statuses == [200], "the call was refused")


async def test_the_largest_message_that_telegram_carries_is_answered(
    bot_api: BotApi, echo: Echo
) -> None:
    """A long text of links that quotes another one, and has buttons."""
    text = URDU * 113
    links = [
        {"type": "text_link", "offset": place, "length": 1, "url": f"https://e.org/{'x' * 2000}"}
        for place in range(100)
    ]
    buttons = [[{"text": URDU, "callback_data": "x" * 64}]] * 60
    content = {"text": text, "entities": links, "reply_markup": {"inline_keyboard": buttons}}
    async with receiving(bot_api, echo):
        ada = bot_api.chat()
        update = make_update(bot_api, ada, **content)
        update["message"]["reply_to_message"] = dict(update["message"])
        assert len(json.dumps(update)) > 450_000
        bot_api.push(update)
        await ada.reply()
        assert [message.text for message in echo.messages] == [text]


# What cannot be read


def _make_bodies(api: BotApi, ada: Chat) -> dict[str, bytes]:
    hello = make_update(api, ada, text="hello")
    too_long = make_update(api, ada, text=URDU * 9000)
    assert len(json.dumps(too_long)) > MAX_UPDATE_BYTES
    return {
        "longer than any update": json.dumps(too_long).encode(),
        "cut off": json.dumps(hello).encode()[:-9],
        "nested too deeply": json.dumps(hello).encode()[:-1] + b',"x":' + b"[" * 100_000,
        "not in UTF-8": json.dumps(hello).encode()[:-2] + b"\xff}}",
        "of a new kind": json.dumps(make_update(api, ada, hologram={"id": 1})).encode(),
        "without words": json.dumps(make_update(api, ada, photo="?", voice=[1])).encode(),
    }


@pytest.mark.parametrize("case", _make_bodies(BotApi(), BotApi().chat()))
async def test_an_update_that_cannot_be_read_is_answered_with_helplines(
    bot_api: BotApi, echo: Echo, case: str
) -> None:
    """Otherwise Telegram would send it again for a day, and hold back what comes after it."""
    async with receiving(bot_api, echo, helplines=HELPLINES) as address:
        ada = bot_api.chat()
        assert await post(address, _make_bodies(bot_api, ada)[case]) == 200
        reply = await ada.reply()
        assert reply.text.startswith(UNREADABLE)
        assert "Samaritans: 116 123" in reply.text
        ada.send("after")
        assert (await ada.reply()).text == "heard after"


@pytest.mark.parametrize("channel", [running, receiving])
async def test_words_are_answered_although_something_beside_them_cannot_be_read(
    bot_api: BotApi, echo: Echo, channel: Any
) -> None:
    broken = {"forward_origin": {"type": "hologram"}, "entities": [{"type": "bold"}], "poll": 7}
    async with channel(bot_api, echo):
        ada = bot_api.chat()
        bot_api.push(make_update(bot_api, ada, text="i want to die", **broken))
        assert (await ada.reply()).text == "heard i want to die"
        bot_api.push(make_update(bot_api, ada, caption="my garden", photo=[{}], **broken))
        assert (await ada.reply()).text == "heard my garden"


async def test_a_tap_is_answered_although_its_message_cannot_be_read(
    bot_api: BotApi, echo: Echo
) -> None:
    async with running(bot_api, echo):
        ada = bot_api.chat()
        message = ada._message(bot_api.number()) | {"entities": [{"type": "bold"}]}
        query = {"id": "1", "from": {"id": ada.chat_id}, "message": message, "data": "yes"}
        bot_api.push({"callback_query": query})
        assert (await ada.reply()).text == "heard yes"
