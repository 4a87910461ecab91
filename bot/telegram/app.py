"""The Telegram channel: receives updates by polling or by webhook.

Owns the library's `Application` and its life, and the menu of commands. `handlers` answers the
updates. Must never log or store a text, a name or a chat id: only the type of an exception is
logged.
"""

import asyncio
import hmac
import logging
import os
import re
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from telegram import BotCommand
from telegram.error import BadRequest, InvalidToken, TelegramError
from telegram.ext import Application
from tenacity import AsyncRetrying, RetryCallState

from bot.errors import SetupError
from bot.messages import HelpLine, Responder
from bot.telegram.handlers import UpdateHandler
from bot.telegram.outbox import Outbox, compute_delay, log_failures
from bot.telegram.pending import Attempts, PendingUpdates
from bot.telegram.polling import REFUSED, ConnectionLog, PollingBot
from bot.telegram.processor import ChatProcessor
from bot.telegram.render import COMMANDS
from bot.telegram.unreadable import read_update

log = logging.getLogger(__name__)

API_ROOT = "https://api.telegram.org"
ALLOWED_UPDATES = ["message", "edited_message", "callback_query", "my_chat_member"]
POLL_SECONDS = 25
# Within the grace period of the whole program, with the calls before and after.
STOP_SECONDS = 5.0
# Telegram closes a webhook call after 60 idle seconds.
# https://github.com/tdlib/telegram-bot-api/blob/master/telegram-bot-api/WebhookActor.cpp
WEBHOOK_SECONDS = 50.0
# Each call stays open until its update is answered. This is Telegram's maximum.
WEBHOOK_CONNECTIONS = 100

_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


class TelegramSetupError(SetupError):
    """Telegram refused a setting. The message is one plain line that says what to do."""


class TelegramTokenError(TelegramSetupError):
    """Telegram refused the token."""


class Telegram:
    """The bot on Telegram. Runs inside an asyncio loop that is already running.

    `base_url` is the root of a Bot API server, without `/bot`; empty means Telegram's own.
    `helplines` are shown where a message could not be read or answered. With `strict`, for tests,
    a button over Telegram's limits is an error; otherwise it is left out. Each chat is answered in
    order, and different chats at the same time. `attempts_file` counts the answers that were
    begun, so that no update crashes the program for ever.
    """

    def __init__(
        self,
        conversation: Responder,
        *,
        token: str,
        base_url: str = "",
        helplines: Sequence[HelpLine] = (),
        strict: bool = False,
        attempts_file: Path | None = None,
    ) -> None:
        _silence_libraries()
        if not token.strip():
            raise TelegramTokenError(REFUSED)
        self._pending = PendingUpdates()
        attempts = Attempts(attempts_file)
        root = f"{(base_url or API_ROOT).rstrip('/')}/bot"
        self._bot = PollingBot(token.strip(), root, self._pending)
        outbox = Outbox(self._bot)
        handler = UpdateHandler(
            outbox,
            conversation,
            pending=self._pending,
            attempts=attempts,
            helplines=helplines,
            strict=strict,
        )
        self._processor = ChatProcessor(handler, outbox, self._pending, attempts)
        self._application = (
            Application.builder()
            .bot(self._bot)
            .concurrent_updates(self._processor)
            .job_queue(None)
            .build()
        )
        handler.register(self._application)
        self._secret = ""
        self._connecting: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start polling. Raises TelegramTokenError for a wrong token.

        If Telegram cannot be reached, this returns anyway and keeps trying in the background.
        """
        await self._connect(self._set_up_polling)

    async def start_webhook(self, url: str, secret: str) -> None:
        """Ask Telegram to post updates to `url` (https), each with `secret` in a header.

        Raises TelegramSetupError for a wrong token, url or secret. If Telegram cannot be reached,
        this returns anyway and keeps trying in the background.
        """
        if not _SECRET.fullmatch(secret):
            raise TelegramSetupError(
                "TELEGRAM_WEBHOOK_SECRET must be 1 to 256 letters, digits, '_' or '-': "
                "make one with 'openssl rand -hex 32'."
            )
        self._secret = secret
        await self._connect(lambda: self._set_up_webhook(url))

    def accepts(self, secret: str | None) -> bool:
        """Whether `secret`, the X-Telegram-Bot-Api-Secret-Token header, is the webhook's."""
        if not self._secret:
            return False
        return hmac.compare_digest((secret or "").encode(), self._secret.encode())

    async def receive(self, body: bytes) -> bool:
        """Answer one update that was posted to the webhook; the caller has checked the secret.

        Returns True once it is answered, also if it was answered before or holds no update.
        Otherwise Telegram must send it again: the program is stopping, Telegram's time is nearly
        over, or the answer could not be sent.
        """
        if not self._application.running:
            return False
        update = read_update(body, self._bot)
        if update is None:
            return True
        if self._pending.add(update.update_id):
            await self._application.update_queue.put(update)
        return await self._pending.wait_for(update.update_id, WEBHOOK_SECONDS)

    async def stop(self) -> None:
        """Stop receiving, answer what was received (5 seconds at most), and close."""
        if self._connecting:
            self._connecting.cancel()
            await asyncio.gather(self._connecting, return_exceptions=True)
            self._connecting = None
        updater = self._application.updater
        is_polling = updater is not None and updater.running
        if updater and is_polling:
            await updater.stop()
        if self._application.running:
            stopping = asyncio.create_task(self._application.stop())
            await asyncio.wait([stopping], timeout=STOP_SECONDS)
            self._processor.cancel()
            await stopping
        if is_polling:
            with log_failures("some messages may be answered twice"):
                await self._bot.acknowledge()
        await self._application.shutdown()
        await self._bot.shutdown()

    async def _connect(self, set_up: Callable[[], Awaitable[None]]) -> None:
        try:
            await set_up()
        except InvalidToken:
            await self.stop()
            # Without the cause: the library's message quotes the token.
            raise TelegramTokenError(REFUSED) from None
        except TelegramSetupError:
            await self.stop()
            raise
        except TelegramError as error:
            log.warning(
                "Telegram cannot be reached (%s); everything else runs, and Telegram is retried",
                type(error).__name__,
            )
            self._connecting = asyncio.create_task(_retry(set_up))

    async def _set_up_polling(self) -> None:
        await self._start_application()
        if self._application.updater:
            await self._application.updater.start_polling(
                timeout=POLL_SECONDS, allowed_updates=ALLOWED_UPDATES
            )

    async def _set_up_webhook(self, url: str) -> None:
        await self._start_application()
        try:
            await self._bot.set_webhook(
                url,
                secret_token=self._secret,
                allowed_updates=ALLOWED_UPDATES,
                max_connections=WEBHOOK_CONNECTIONS,
            )
        except BadRequest:
            raise TelegramSetupError(
                "Telegram refused TELEGRAM_WEBHOOK_URL: it must be an https address "
                "that Telegram can reach from outside."
            ) from None

    async def _start_application(self) -> None:
        """Start what is not started yet: a set-up that failed is tried again."""
        await self._application.initialize()
        await self._bot.set_my_commands(
            [BotCommand(command.name, command.description) for command in COMMANDS]
        )
        if not self._application.running:
            await self._application.start()


async def _retry(set_up: Callable[[], Awaitable[None]]) -> None:
    """Try until it succeeds."""
    connection = ConnectionLog()

    def report(state: RetryCallState) -> None:
        if state.outcome and isinstance(error := state.outcome.exception(), Exception):
            connection.report_failure(error)

    await AsyncRetrying(wait=compute_delay, before_sleep=report)(set_up)
    log.warning("Telegram can be reached again")


def _silence_libraries() -> None:
    # These libraries log request addresses, which hold the token.
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # This one quotes whole updates, even at CRITICAL. This package logs what matters itself.
    logging.getLogger("telegram").setLevel(logging.CRITICAL + 1)
    # Without it, every RetryAfter of python-telegram-bot 22 warns about its own attribute.
    os.environ.setdefault("PTB_TIMEDELTA", "true")
