"""Calls to Telegram: messages with retries, the typing indicator, spinners and old buttons.

Must never log or store a text, a name or a chat id: only the type of an exception is logged.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta

from telegram import (
    Bot,
    CallbackQuery,
    Chat,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
)
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter, TelegramError
from tenacity import RetryCallState, retry, retry_if_exception, stop_after_attempt, wait_exponential

from bot.telegram.render import OutgoingMessage, refuse_groups

log = logging.getLogger(__name__)

# About two minutes in all, so that a short loss of the network does not lose a reply.
SEND_ATTEMPTS = 10
MAX_FLOOD_DELAY = 120.0
TYPING_DELAY = 1.0
TYPING_INTERVAL = 4.5  # Telegram shows "typing" for five seconds

_wait_longer = wait_exponential(multiplier=0.5, max=30)


def compute_delay(state: RetryCallState) -> float:
    """Seconds to wait before the next attempt: as long as Telegram asks, or longer each time."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, RetryAfter):
        delay = error.retry_after
        seconds = delay.total_seconds() if isinstance(delay, timedelta) else float(delay)
        return min(seconds, MAX_FLOOD_DELAY)
    return _wait_longer(state)


def is_temporary(error: BaseException | None) -> bool:
    """Whether another attempt can help. The library counts BadRequest as a NetworkError."""
    return isinstance(error, NetworkError | RetryAfter) and not isinstance(error, BadRequest)


@contextlib.contextmanager
def log_failures(failure: str) -> Iterator[None]:
    """Log the type of an exception. Nothing is logged for a person who blocked the bot."""
    try:
        yield
    except Forbidden:
        pass
    except Exception as error:
        log.warning("%s (%s)", failure, type(error).__name__)


class Outbox:
    """Calls a bot's methods for the handlers."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    @retry(
        retry=retry_if_exception(is_temporary),
        wait=compute_delay,
        stop=stop_after_attempt(SEND_ATTEMPTS),
        reraise=True,
    )
    async def send(self, chat_id: int, outgoing: OutgoingMessage) -> int:
        """Send one message, with retries for about two minutes. Returns its id.

        Raises TelegramError.

        After a timeout it may have arrived already: twice is better than never.
        """
        markup = None
        if outgoing.button_rows:
            markup = InlineKeyboardMarkup(
                [
                    [InlineKeyboardButton(option.label, callback_data=option.tap) for option in row]
                    for row in outgoing.button_rows
                ]
            )
        message = await self._bot.send_message(
            chat_id,
            outgoing.html,
            parse_mode=ParseMode.HTML,
            reply_markup=markup,
            link_preview_options=LinkPreviewOptions(is_disabled=True),
        )
        return message.message_id

    async def send_all(self, chat_id: int, outgoing: Sequence[OutgoingMessage]) -> list[int]:
        """Send messages in order. Returns their ids.

        Raises TelegramError at the first that cannot be sent.
        """
        return [await self.send(chat_id, item) for item in outgoing]

    async def stop_spinner(self, query: CallbackQuery) -> None:
        """Have the pressed button stop spinning."""
        with log_failures("a button kept its spinner"):
            await self._bot.answer_callback_query(query.id)

    async def clear_buttons(self, chat_id: int, message_id: int) -> None:
        """Remove a message's buttons."""
        with log_failures("old buttons were not removed"):
            await self._bot.edit_message_reply_markup(chat_id, message_id, reply_markup=None)

    @contextlib.asynccontextmanager
    async def show_typing(self, chat_id: int) -> AsyncIterator[None]:
        """Show "typing" after a second of waiting, until the block ends."""
        typing = asyncio.create_task(self._show_typing(chat_id))
        try:
            yield
        finally:
            typing.cancel()
            await asyncio.gather(typing, return_exceptions=True)

    async def leave_group(self, chat: Chat) -> None:
        """Say where the bot can be written to, except in a channel, and leave."""
        if chat.type != Chat.CHANNEL:
            with contextlib.suppress(BadRequest, Forbidden):
                await self.send(chat.id, OutgoingMessage(refuse_groups(self._bot.username)))
        await self._bot.leave_chat(chat.id)

    async def _show_typing(self, chat_id: int) -> None:
        await asyncio.sleep(TYPING_DELAY)
        while True:
            with contextlib.suppress(TelegramError):
                await self._bot.send_chat_action(chat_id, ChatAction.TYPING)
            await asyncio.sleep(TYPING_INTERVAL)
