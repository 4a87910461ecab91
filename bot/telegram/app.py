"""Telegram, as a channel: takes updates in, by polling or by webhook.

Owns the connection, the menu, and that nothing is taken twice. What an update is answered with is
`telegram_answering`'s. Must never log or store a text, a name or a
chat id: trouble is reported by the type of the exception alone.
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
from bot.telegram.handlers import UpdateHandler, pause, report
from bot.telegram.queue import Memory
from bot.telegram.render import COMMANDS

logger = logging.getLogger(__name__)

TELEGRAM = "https://api.telegram.org"
UPDATES = ["message", "edited_message", "callback_query", "my_chat_member"]
POLL_SECONDS = 25
STOP_SECONDS = 10.0

_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_REFUSED = (
    "Telegram does not know TELEGRAM_BOT_TOKEN: copy it again from @BotFather "
    "(/mybots, your bot, API Token), or unset it to run without Telegram."
)


class TelegramSetupError(SetupError):
    """Telegram refused a setting. The message is one plain line that says what to do."""


class TelegramTokenError(TelegramSetupError):
    """Telegram does not know the token."""


class Telegram:
    """The bot on Telegram, run inside an asyncio loop that is already running.

    `base_url` is the root of a Bot API server, without `/bot`; empty means Telegram's own. Under
    `strict` a button over Telegram's limits is an error, as tests want; otherwise it is left out.
    At most `answers_at_once` conversations are answered at the same time, each chat in order.
    """

    def __init__(
        self,
        conversation: Responder,
        *,
        token: str,
        base_url: str = "",
        strict: bool = False,
        answers_at_once: int = 8,
    ) -> None:
        _silence_libraries()
        if not token.strip():
            raise TelegramTokenError(_REFUSED)
        self._bot = Bot(
            token.strip(),
            base_url=f"{(base_url or TELEGRAM).rstrip('/')}/bot",
            request=HTTPXRequest(read_timeout=10),
            get_updates_request=_UpdatesRequest(connection_pool_size=1, read_timeout=10),
        )
        self._secret = ""
        self._introduced = False
        self._intake: asyncio.Task[None] | None = None
        self._offset: int | None = None
        self._answerer = UpdateHandler(
            self._bot, conversation, strict=strict, answers_at_once=answers_at_once
        )
        self._seen: Memory[int] = Memory()

    async def start(self) -> None:
        """Start polling. Raises TelegramTokenError for a wrong token.

        If Telegram cannot be reached, this returns all the same and goes on trying.
        """
        await self._begin(self._introduce_polling, self._poll)

    async def start_webhook(self, url: str, secret: str) -> None:
        """Ask Telegram to post updates to `url` (https), each with `secret` in a header.

        Raises TelegramSetupError for a wrong token, url or secret. If Telegram cannot be reached,
        this returns all the same and goes on trying.
        """
        if not _SECRET.fullmatch(secret):
            raise TelegramSetupError(
                "TELEGRAM_WEBHOOK_SECRET must be 1 to 256 letters, digits, '_' or '-': "
                "make one with 'openssl rand -hex 32'."
            )
        self._secret = secret

        async def introduce() -> None:
            try:
                await self._introduce(
                    lambda: self._bot.set_webhook(url, secret_token=secret, allowed_updates=UPDATES)
                )
            except BadRequest:
                raise TelegramSetupError(
                    "Telegram refused TELEGRAM_WEBHOOK_URL: it must be an https address "
                    "that Telegram can reach from outside."
                ) from None

        await self._begin(introduce, introduce)

    async def receive(self, payload: dict[str, Any], secret: str | None) -> bool:
        """Take one update that was posted to the webhook; it is answered afterwards.

        `secret` is the X-Telegram-Bot-Api-Secret-Token header. False if it is not ours: the
        caller answers 403. A payload that is no update is dropped, as posting it again would not
        help.
        """
        if not self._secret or not hmac.compare_digest(
            (secret or "").encode(), self._secret.encode()
        ):
            return False
        with report("a webhook call held no update"):
            self._take(Update.de_json(payload, self._bot))
        return True

    async def stop(self) -> None:
        """Stop taking messages, answer those taken (10 seconds at most), and close."""
        if self._intake:
            self._intake.cancel()
            await asyncio.gather(self._intake, return_exceptions=True)
            self._intake = None
        await self._answerer.drain(STOP_SECONDS)
        if self._offset is not None:
            # Telegram counts an update as read when a later one is asked for.
            with report("some messages may be answered twice"):
                await self._bot.get_updates(offset=self._offset, timeout=0, read_timeout=2)
        await self._bot.shutdown()

    # Setting up and taking in

    async def _begin(
        self,
        introduce: Callable[[], Awaitable[None]],
        run: Callable[[], Awaitable[None]],
    ) -> None:
        try:
            await introduce()
        except InvalidToken:
            await self._bot.shutdown()
            # Without its cause: the library's message quotes the token.
            raise TelegramTokenError(_REFUSED) from None
        except TelegramSetupError:
            await self._bot.shutdown()
            raise
        except TelegramError as error:
            logger.warning(
                "Telegram cannot be reached (%s); the rest runs, and it is tried again",
                type(error).__name__,
            )
        self._intake = asyncio.create_task(self._keep(run))

    async def _introduce(self, choose_mode: Callable[[], Awaitable[object]]) -> None:
        await self._bot.initialize()
        await choose_mode()
        await self._bot.set_my_commands(
            [BotCommand(command.name, command.description) for command in COMMANDS]
        )
        self._introduced = True

    async def _introduce_polling(self) -> None:
        await self._introduce(self._bot.delete_webhook)

    async def _poll(self) -> None:
        if not self._introduced:
            await self._introduce_polling()
        updates = await self._bot.get_updates(
            offset=self._offset, timeout=POLL_SECONDS, allowed_updates=UPDATES
        )
        for update in updates:
            self._offset = update.update_id + 1
            self._take(update)

    async def _keep(self, run: Callable[[], Awaitable[None]]) -> None:
        """Poll for ever, or set the webhook until it holds, whatever the network does."""
        failures, said = 0, ""
        while not (self._secret and self._introduced):
            try:
                await run()
            except Exception as error:
                if said != (said := _explain(error)):
                    logger.warning("%s (%s)", said, type(error).__name__)
                await asyncio.sleep(pause(error, failures))
                failures += 1
            else:
                if failures:
                    logger.warning("Telegram answers again")
                failures, said = 0, ""

    def _take(self, update: Update) -> None:
        """Put the update in its chat's queue, unless it was posted to us before."""
        if self._seen.add(update.update_id):
            self._answerer.take(update)


class _UpdatesRequest(HTTPXRequest):
    """Empties updates that the library cannot read, as one of them would stop polling for ever."""

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        answer = HTTPXRequest.parse_json_payload(payload)
        if isinstance(answer.get("result"), list):
            answer["result"] = [_keep_readable(update) for update in answer["result"]]
        return answer


def _keep_readable(update: dict[str, Any]) -> dict[str, Any]:
    with report("an update could not be read"):
        Update.de_json(update, None)
        return update
    return {"update_id": update["update_id"]}


def _explain(error: Exception) -> str:
    match error:
        case TelegramSetupError():
            return str(error)
        case InvalidToken():
            return _REFUSED
        case Conflict():
            return "another program reads this bot's messages: stop it, or use another token"
        case _:
            return "Telegram cannot be reached; it is tried again"


def _silence_libraries() -> None:
    # The addresses that these log hold the token.
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # This one quotes whole updates, even at CRITICAL; what matters is reported here.
    logging.getLogger("telegram").setLevel(logging.CRITICAL + 1)
    # Without it, every RetryAfter of python-telegram-bot 22 warns about its own attribute.
    os.environ.setdefault("PTB_TIMEDELTA", "true")
