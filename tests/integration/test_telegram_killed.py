"""The running program is killed while it answers people on Telegram."""

import signal
import socket
from pathlib import Path

import pytest

from bot.telegram.render import UNREADABLE
from tests.support.bot_api import BotApi
from tests.support.service import Service

CHATS, MESSAGES = 12, 5
# The guard answers it with one message, whether Rasa has started or not.
CRISIS = "i dont want to be here anymore"


def _find_free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@pytest.fixture(params=["polling", "webhook"])
def service(request: pytest.FixtureRequest, tmp_path: Path, bot_api: BotApi) -> Service:
    settings = {"TELEGRAM_BOT_TOKEN": bot_api.token, "TELEGRAM_BASE_URL": bot_api.url}
    if request.param == "webhook":
        port = str(_find_free_port())
        settings |= {
            "WEB_PORT": port,
            "TELEGRAM_WEBHOOK_URL": f"http://127.0.0.1:{port}/api/telegram",
            "TELEGRAM_WEBHOOK_SECRET": "a-secret_1",
        }
    return Service(tmp_path / "var", settings)


def test_no_kill_loses_a_message(service: Service, bot_api: BotApi) -> None:
    service.start()
    try:
        assert service.url
        ben = bot_api.chat(name="Ben")
        ben.send(CRISIS)
        ben.wait_replies(1, within=60)
        bot_api.wait_until(lambda: bot_api.unacknowledged == 0, "an answered update was kept")

        # Each chat's first answer is on its way, and the messages behind it are waiting.
        bot_api.hold("sendMessage")
        chats = [bot_api.chat() for _ in range(CHATS)]
        for _ in range(MESSAGES):
            for chat in chats:
                chat.send(CRISIS)
        bot_api.wait_until(lambda: bot_api.holding == CHATS, "not all are answered", within=60)
        polls = len(bot_api.calls_of("getUpdates"))
        if not bot_api.webhook_url:
            bot_api.wait_until(
                lambda: len(bot_api.calls_of("getUpdates")) >= polls + 2, "polling has stopped"
            )
        assert all(chat.sent == [] for chat in chats)
        assert service.stop(signal.SIGKILL) == -signal.SIGKILL
        bot_api.wait_until(lambda: bot_api.holding == 0, "the killed program still waits")
        bot_api.release()

        service.start()
        for chat in chats:
            replies = chat.wait_replies(MESSAGES, within=120)
            assert all("116 123" in reply.text for reply in replies)
        bot_api.wait_until(lambda: bot_api.unacknowledged == 0, "an answered update was kept")
        assert len(ben.sent) == 1, "an acknowledged message was answered again"

        chats[0].send_hologram()
        (reply,) = chats[0].wait_replies(1, within=60)
        assert reply.text.startswith(UNREADABLE)
        assert "116 123" in reply.text
    finally:
        service.stop()
