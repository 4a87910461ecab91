"""Telegram setup, groups and logs, over real HTTP with a Bot API server on loopback."""

import asyncio
import logging

import pytest

from bot.telegram.app import Telegram, TelegramSetupError, TelegramTokenError
from tests.support.bot_api import BotApi, Fault
from tests.support.telegram_channel import SECRET, Echo, running

# Groups


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize("kind", ["group", "supergroup"])
async def test_the_bot_explains_itself_and_leaves_a_group(
    bot_api: BotApi, echo: Echo, kind: str
) -> None:
    group = bot_api.chat(kind)
    group.add_bot()
    await group.until(lambda: group.is_left, "the bot stayed")
    assert (await group.reply()).text.endswith("https://t.me/connector_test_bot")
    group.send("@connector_test_bot hello")
    await group.silence()
    assert echo.received == []


@pytest.mark.usefixtures("ada")
async def test_the_bot_leaves_a_channel_silently(bot_api: BotApi) -> None:
    channel = bot_api.chat("channel")
    channel.add_bot("administrator")
    await channel.until(lambda: channel.is_left, "the bot stayed")
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
