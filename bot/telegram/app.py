"""The Telegram channel: receives updates by polling or by webhook.

Owns the connection, the menu of commands, and that no update is handled twice. `handlers` answers
the updates. Must never log or store a text, a name or a chat id: only the type of an exception is
logged.
"""

import asyncio
import hmac
import logging
import os
import re
from collections.abc import Awaitable, Callable
from typing import Any

from telegram import (
    Bot,
    BotCommand,
    Update,
)
from telegram.error import (
    BadRequest,
    Conflict,
    InvalidToken,
    TelegramError,
)
from telegram.request import HTTPXRequest

from bot.errors import SetupError
from bot.messages import Responder
from bot.telegram.handlers import UpdateHandler, compute_delay, log_failures
from bot.telegram.queue import RecentKeys
from bot.telegram.render import COMMANDS

log = logging.getLogger(__name__)

API_ROOT = "https://api.telegram.org"
ALLOWED_UPDATES = ["message", "edited_message", "callback_query", "my_chat_member"]
POLL_SECONDS = 25
STOP_SECONDS = 10.0

_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_REFUSED = (
    "Telegram refused TELEGRAM_BOT_TOKEN: copy it again from @BotFather "
    "(/mybots, your bot, API Token), or unset it to run without Telegram."
)


class TelegramSetupError(SetupError):
    """Telegram refused a setting. The message is one plain line that says what to do."""


class TelegramTokenError(TelegramSetupError):
    """Telegram refused the token."""


class Telegram:
    """The bot on Telegram. Runs inside an asyncio loop that is already running.

    `base_url` is the root of a Bot API server, without `/bot`; empty means Telegram's own. With
    `strict`, for tests, a button over Telegram's limits is an error; otherwise it is left out.
    Each chat is answered in order, and different chats at the same time.
    """

    def __init__(
        self,
        conversation: Responder,
        *,
        token: str,
        base_url: str = "",
        strict: bool = False,
    ) -> None:
        _silence_libraries()
        if not token.strip():
            raise TelegramTokenError(_REFUSED)
        self._bot = Bot(
            token.strip(),
            base_url=f"{(base_url or API_ROOT).rstrip('/')}/bot",
            request=HTTPXRequest(read_timeout=10),
            get_updates_request=_UpdatesRequest(connection_pool_size=1, read_timeout=10),
        )
        self._secret = ""
        self._is_set_up = False
        self._receiving: asyncio.Task[None] | None = None
        self._offset: int | None = None
        self._handler = UpdateHandler(self._bot, conversation, strict=strict)
        self._received: RecentKeys[int] = RecentKeys()

    async def start(self) -> None:
        """Start polling. Raises TelegramTokenError for a wrong token.

        If Telegram cannot be reached, this returns anyway and keeps trying in the background.
        """
        await self._begin(self._set_up_polling, self._poll)

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

        async def set_up_webhook() -> None:
            try:
                await self._set_up(
                    lambda: self._bot.set_webhook(
                        url, secret_token=secret, allowed_updates=ALLOWED_UPDATES
                    )
                )
            except BadRequest:
                raise TelegramSetupError(
                    "Telegram refused TELEGRAM_WEBHOOK_URL: it must be an https address "
                    "that Telegram can reach from outside."
                ) from None

        await self._begin(set_up_webhook, set_up_webhook)

    async def receive(self, payload: dict[str, Any], secret: str | None) -> bool:
        """Queue one update that was posted to the webhook, to be answered later.

        `secret` is the X-Telegram-Bot-Api-Secret-Token header. Returns False if it is wrong: the
        caller answers 403. An unreadable payload is dropped, because posting it again would not
        help.
        """
        if not self._secret or not hmac.compare_digest(
            (secret or "").encode(), self._secret.encode()
        ):
            return False
        with log_failures("a webhook call held no update"):
            self._queue(Update.de_json(payload, self._bot))
        return True

    async def stop(self) -> None:
        """Stop receiving, answer what was received (10 seconds at most), and close."""
        if self._receiving:
            self._receiving.cancel()
            await asyncio.gather(self._receiving, return_exceptions=True)
            self._receiving = None
        await self._handler.drain(STOP_SECONDS)
        if self._offset is not None:
            # Telegram counts an update as read once a later one is requested.
            with log_failures("some messages may be answered twice"):
                await self._bot.get_updates(offset=self._offset, timeout=0, read_timeout=2)
        await self._bot.shutdown()

    # Setting up and receiving

    async def _begin(
        self,
        set_up: Callable[[], Awaitable[None]],
        run: Callable[[], Awaitable[None]],
    ) -> None:
        try:
            await set_up()
        except InvalidToken:
            await self._bot.shutdown()
            # Without the cause: the library's message quotes the token.
            raise TelegramTokenError(_REFUSED) from None
        except TelegramSetupError:
            await self._bot.shutdown()
            raise
        except TelegramError as error:
            log.warning(
                "Telegram cannot be reached (%s); everything else runs, and Telegram is retried",
                type(error).__name__,
            )
        self._receiving = asyncio.create_task(self._run_with_retries(run))

    async def _set_up(self, choose_mode: Callable[[], Awaitable[object]]) -> None:
        await self._bot.initialize()
        await choose_mode()
        await self._bot.set_my_commands(
            [BotCommand(command.name, command.description) for command in COMMANDS]
        )
        self._is_set_up = True

    async def _set_up_polling(self) -> None:
        await self._set_up(self._bot.delete_webhook)

    async def _poll(self) -> None:
        if not self._is_set_up:
            await self._set_up_polling()
        updates = await self._bot.get_updates(
            offset=self._offset, timeout=POLL_SECONDS, allowed_updates=ALLOWED_UPDATES
        )
        for update in updates:
            self._offset = update.update_id + 1
            self._queue(update)

    async def _run_with_retries(self, run: Callable[[], Awaitable[None]]) -> None:
        """Poll until stopped, or retry until the webhook is set."""
        failures, warning = 0, ""
        while not (self._secret and self._is_set_up):
            try:
                await run()
            except Exception as error:
                # The same warning is logged once, not at every attempt.
                if warning != (warning := _describe_failure(error)):
                    log.warning("%s (%s)", warning, type(error).__name__)
                await asyncio.sleep(compute_delay(error, failures))
                failures += 1
            else:
                if failures:
                    log.warning("Telegram can be reached again")
                failures, warning = 0, ""

    def _queue(self, update: Update) -> None:
        """Put the update in its chat's queue, unless it was received before."""
        if self._received.add(update.update_id):
            self._handler.queue(update)


class _UpdatesRequest(HTTPXRequest):
    """Empties updates that the library cannot parse: a single one would stop polling."""

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        response = HTTPXRequest.parse_json_payload(payload)
        if isinstance(response.get("result"), list):
            response["result"] = [_empty_if_unreadable(update) for update in response["result"]]
        return response


def _empty_if_unreadable(update: dict[str, Any]) -> dict[str, Any]:
    with log_failures("an update could not be read"):
        Update.de_json(update, None)
        return update
    return {"update_id": update["update_id"]}


def _describe_failure(error: Exception) -> str:
    match error:
        case TelegramSetupError():
            return str(error)
        case InvalidToken():
            return _REFUSED
        case Conflict():
            return "another program receives this bot's messages: stop it, or use another token"
        case _:
            return "Telegram cannot be reached; trying again"


def _silence_libraries() -> None:
    # These libraries log request addresses, which hold the token.
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # This one quotes whole updates, even at CRITICAL. This package logs what matters itself.
    logging.getLogger("telegram").setLevel(logging.CRITICAL + 1)
    # Without it, every RetryAfter of python-telegram-bot 22 warns about its own attribute.
    os.environ.setdefault("PTB_TIMEDELTA", "true")
