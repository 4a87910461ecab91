"""Order, retries and failures on Telegram, over real HTTP with a Bot API server on loopback."""

import asyncio

import pytest

from bot.telegram import polling
from bot.telegram.render import SORRY
from tests.support.bot_api import BotApi, Chat, Fault
from tests.support.telegram_channel import Echo, running


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


async def test_no_chat_waits_for_another(ada: Chat, bot_api: BotApi, echo: Echo) -> None:
    """The conversation limits what is slow; a crisis must not wait for it here."""
    chats = [bot_api.chat() for _ in range(20)]
    for chat in chats:
        chat.send("wait")
    await ada.until(lambda: echo.concurrency == 20, "some chats wait for others")
    ada.send("hello")
    assert (await ada.reply()).text == "heard hello"
    echo.may_finish.set()
    for chat in chats:
        await chat.reply()


async def test_what_comes_before_the_answer_is_sent_at_once(ada: Chat, echo: Echo) -> None:
    ada.send("busy")
    assert (await ada.reply()).text == "One moment, please."
    echo.may_finish.set()
    assert (await ada.reply()).text == "heard busy"


async def test_an_answer_comes_although_the_first_reply_could_not_be_sent(
    ada: Chat, bot_api: BotApi, echo: Echo
) -> None:
    bot_api.fail("sendMessage", Fault(400, "Bad Request: chat not found"))
    echo.may_finish.set()
    ada.send("busy")
    assert (await ada.reply()).text == "heard busy"


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
    records = [record for record in caplog.records if record.name == polling.log.name]
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
