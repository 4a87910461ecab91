"""Telegram forgets an update only once it is answered, by polling and by webhook.

Over real HTTP with a Bot API server on loopback, which keeps what is not acknowledged.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tenacity import stop_after_attempt, wait_none

from bot.messages import HelpLine, Message, Reply, Text
from bot.telegram import app, processor
from bot.telegram.outbox import Outbox
from bot.telegram.render import SORRY, TOO_MANY, WORDS_ONLY
from tests.support.bot_api import BotApi, Fault
from tests.support.telegram_channel import Echo, receiving, running

both_channels = pytest.mark.parametrize("channel", [running, receiving])


@both_channels
async def test_an_update_is_acknowledged_when_it_is_answered(
    bot_api: BotApi, echo: Echo, channel: Any
) -> None:
    async with channel(bot_api, echo):
        ada, ben = bot_api.chat(), bot_api.chat(name="Ben")
        ada.send("wait")
        await ada.until(lambda: echo.concurrency == 1, "the message did not come in")
        ben.send("hello")
        assert (await ben.reply()).text == "heard hello"
        # Also where Telegram is asked again meanwhile.
        polls = len(bot_api.calls_of("getUpdates"))
        if channel is running:
            await ada.until(
                lambda: len(bot_api.calls_of("getUpdates")) > polls + 1, "polling has stopped"
            )
        assert bot_api.unacknowledged >= 1
        echo.may_finish.set()
        assert (await ada.reply()).text == "heard wait"
        await ada.until(lambda: bot_api.unacknowledged == 0, "an answered update was kept")
    assert [message.text for message in echo.messages] == ["wait", "hello"]


async def test_a_webhook_call_that_takes_too_long_for_telegram_is_answered_once(
    bot_api: BotApi, echo: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "WEBHOOK_SECONDS", 0.1)
    async with receiving(bot_api, echo):
        ada = bot_api.chat()
        ada.send("wait")
        await ada.until(lambda: bot_api.webhook_statuses[:2] == [503, 503], "no call was ended")
        echo.may_finish.set()
        assert (await ada.reply()).text == "heard wait"
        await ada.until(lambda: bot_api.webhook_statuses[-1] == 200, "it was not accepted")
    assert [message.text for message in echo.messages] == ["wait"]


@both_channels
async def test_an_answer_that_could_not_be_sent_is_tried_again(
    bot_api: BotApi, echo: Echo, channel: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Outbox.send.retry, "stop", stop_after_attempt(2))
    async with channel(bot_api, echo):
        ada = bot_api.chat()
        bot_api.fail("sendMessage", Fault.bad_gateway(), times=2)
        ada.send("ask")
        assert (await ada.reply()).labels == ["Yes", "No"]
        bot_api.fail("sendMessage", Fault.bad_gateway(), times=2)
        ada.tap("Yes")
        assert (await ada.reply()).text == "heard yes"
        bot_api.fail("sendMessage", Fault.bad_gateway(), times=2)
        ada.send_media("voice")
        assert (await ada.reply()).text == WORDS_ONLY
        await ada.until(lambda: bot_api.unacknowledged == 0, "an answered update was kept")


@both_channels
async def test_an_answer_that_can_never_be_sent_is_given_up(
    bot_api: BotApi, echo: Echo, channel: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Outbox.send.retry, "wait", wait_none())
    async with channel(bot_api, echo):
        ada = bot_api.chat()
        bot_api.fail("sendMessage", Fault.bad_gateway(), times=30)
        ada.send("lost")
        ada.send("hello")
        assert (await ada.reply()).text == "heard hello"
        await ada.until(lambda: bot_api.unacknowledged == 0, "it is still tried")
    assert [message.text for message in echo.messages] == ["lost"] * 3 + ["hello"]


async def test_an_answer_without_end_is_given_up(
    bot_api: BotApi, echo: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram.handlers.ANSWER_SECONDS", 0.2)
    async with running(bot_api, echo):
        ada = bot_api.chat()
        ada.send("wait")
        ada.send("hello")
        assert [reply.text for reply in await ada.replies(2)] == [SORRY, "heard hello"]


@both_channels
async def test_what_is_not_answered_at_a_stop_is_answered_at_the_next_start(
    bot_api: BotApi, channel: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "STOP_SECONDS", 0.2)

    class NeverEnding(Echo):
        async def _answer(self, message: Message) -> list[Reply]:
            return await asyncio.Future() if message.text == "wait" else [Text("heard")]

    slow, ada = NeverEnding(), bot_api.chat()
    async with channel(bot_api, slow):
        ada.send("wait")
        ada.send("next")
        await ada.until(lambda: slow.concurrency == 1, "the message did not come in")
    async with channel(bot_api, (quick := Echo())):
        quick.may_finish.set()
        assert [reply.text for reply in await ada.replies(2)] == ["heard wait", "heard next"]


async def test_a_slow_chat_does_not_hide_more_messages_than_telegram_shows_at_once(
    bot_api: BotApi, echo: Echo
) -> None:
    async with running(bot_api, echo):
        ada, ben = bot_api.chat(), bot_api.chat(name="Ben")
        ada.send("wait")
        await ada.until(lambda: echo.concurrency == 1, "the message did not come in")
        for number in range(150):
            ben.send(str(number))
        texts = [reply.text for reply in await ben.replies(150, within=30)]
        assert texts == [f"heard {number}" for number in range(150)]
        assert ada.sent == []


async def test_a_flood_of_one_chat_is_refused_with_one_answer(
    bot_api: BotApi, echo: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processor, "MAX_WAITING_PER_CHAT", 2)
    async with running(bot_api, echo):
        ada = bot_api.chat()
        ada.send("wait")
        await ada.until(lambda: echo.concurrency == 1, "the message did not come in")
        for number in range(6):
            ada.send(str(number))
        assert (await ada.reply()).text == TOO_MANY
        echo.may_finish.set()
        texts = [reply.text for reply in await ada.replies(3)]
        assert texts == ["heard wait", "heard 0", "heard 1"]
        ada.send("after")
        assert (await ada.reply()).text == "heard after"


# A message that crashes the program


class Mortal(Echo):
    """A conversation that crashes the program on one message, with others under way."""

    async def _answer(self, message: Message) -> list[Reply]:
        if message.text == "poison":
            await asyncio.sleep(0.3)
            os.kill(os.getpid(), signal.SIGKILL)
        if message.text == "slow":
            await asyncio.sleep(0.6)
        return await super()._answer(message)


async def _run_mortal(token: str, url: str, folder: str) -> None:
    channel = app.Telegram(
        Mortal(),
        token=token,
        base_url=url,
        helplines=[HelpLine("Samaritans", "116 123", "tel:116123")],
        attempts_file=Path(folder) / "attempts.json",
    )
    await channel.start()
    await asyncio.Event().wait()


def test_a_message_that_crashes_the_program_does_so_three_times_at_most(
    bot_api: BotApi, tmp_path: Path
) -> None:
    ada, ben = bot_api.chat(), bot_api.chat(name="Ben")
    ada.send("poison")
    ada.send("hello")
    ben.send("slow")
    command = [sys.executable, "-m", __name__, bot_api.token, bot_api.url, str(tmp_path)]
    for _ in range(3):
        assert subprocess.run(command, timeout=60, check=False).returncode == -signal.SIGKILL
    counts = json.loads((tmp_path / "attempts.json").read_text())
    # The file holds numbers of updates, and none of a chat.
    assert next(iter(counts.values())) == 3
    assert str(ada.chat_id) not in counts
    with subprocess.Popen(command) as program:
        apology, answer = ada.wait_replies(2, within=60)
        assert apology.text.startswith(SORRY)
        assert "Samaritans: 116 123" in apology.text
        assert answer.text == "heard hello"
        assert ben.wait_replies(1)[0].text == "heard slow"
        bot_api.wait_until(lambda: bot_api.unacknowledged == 0, "an answered update was kept")
        program.terminate()
    assert json.loads((tmp_path / "attempts.json").read_text()) == {}


if __name__ == "__main__":
    asyncio.run(_run_mortal(*sys.argv[1:]))
