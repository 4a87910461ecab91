"""Polling: a bot that acknowledges an update only once it is answered.

Owns the offset that Telegram is sent, and one log line for each change of the connection. Must
never log an update or the token: only the type of an exception is logged.
"""

import logging
from typing import Any

from telegram import Update
from telegram.error import Conflict, InvalidToken, TelegramError
from telegram.ext import ExtBot
from telegram.request import HTTPXRequest

from bot.errors import SetupError
from bot.telegram.pending import PendingUpdates
from bot.telegram.unreadable import make_readable

log = logging.getLogger(__name__)

# While an answer is under way Telegram hands out its update again at once, so that other people's
# new messages can only be asked for at intervals.
SECONDS_BETWEEN_POLLS = 0.5
# Telegram's limit for the updates of one call.
MAX_UPDATES = 100
REFUSED = (
    "Telegram refused TELEGRAM_BOT_TOKEN: copy it again from @BotFather "
    "(/mybots, your bot, API Token), or unset it to run without Telegram."
)


class PollingBot(ExtBot[None]):
    """A bot whose `get_updates` gives each update once and has Telegram keep it until answered.

    The library's `Updater` acknowledges an update as soon as it is in the queue.
    """

    def __init__(self, token: str, base_url: str, pending: PendingUpdates) -> None:
        super().__init__(
            token,
            base_url=base_url,
            request=HTTPXRequest(read_timeout=10),
            get_updates_request=_UpdatesRequest(connection_pool_size=1, read_timeout=10),
        )
        self._pending = pending
        self._connection = ConnectionLog()

    async def get_updates(self, *args: Any, **settings: Any) -> tuple[Update, ...]:
        """New updates; the `offset` is replaced. Takes what `telegram.Bot.get_updates` takes."""
        if not await self._pending.wait_for_all(SECONDS_BETWEEN_POLLS):
            settings["timeout"] = 0
        settings["offset"] = self._pending.offset
        try:
            updates = await super().get_updates(*args, **settings)
        except TelegramError as error:
            self._connection.report_failure(error)
            if isinstance(error, InvalidToken):
                # The library would stop polling for good, although a proxy or a fault of Telegram
                # can cause this too. Without the cause: its message quotes the token.
                raise TelegramError("the token was refused") from None
            raise
        self._connection.report_success()
        new = tuple(update for update in updates if self._pending.add(update.update_id))
        if len(updates) >= MAX_UPDATES and not new:
            # Telegram shows nothing behind these: one slow chat must not stop all the others.
            self._pending.release_oldest()
        return new

    async def acknowledge(self) -> None:
        """Have Telegram forget the updates that are answered."""
        if (offset := self._pending.offset) is not None:
            await super().get_updates(offset=offset, limit=1, timeout=0, read_timeout=2)


class ConnectionLog:
    """Logs each change of the connection once, and not every attempt."""

    def __init__(self) -> None:
        self._warning = ""

    def report_failure(self, error: Exception) -> None:
        """Log why the connection fails, unless that was logged last."""
        if self._warning != (warning := _describe_failure(error)):
            self._warning = warning
            log.warning("%s (%s)", warning, type(error).__name__)

    def report_success(self) -> None:
        """Log that the connection works again, if it had failed."""
        if self._warning:
            self._warning = ""
            log.warning("Telegram can be reached again")


class _UpdatesRequest(HTTPXRequest):
    """Makes every update readable: a single one that is not would stop polling."""

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        response = HTTPXRequest.parse_json_payload(payload)
        if isinstance(response.get("result"), list):
            response["result"] = [make_readable(update) for update in response["result"]]
        return response


def _describe_failure(error: Exception) -> str:
    match error:
        case SetupError():
            return str(error)
        case InvalidToken():
            return REFUSED
        case Conflict():
            return "another program receives this bot's messages: stop it, or use another token"
        case _:
            return "Telegram cannot be reached; trying again"
