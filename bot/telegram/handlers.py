"""Handlers of Telegram updates: turn an update into a message, and send the replies.

Owns order within a chat, buttons, the typing indicator and retries. Must never decide what is
answered, nor log or store a text, a name or a chat id: only the type of an exception is logged.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterator, Sequence
from datetime import timedelta

from telegram import (
    Bot,
    CallbackQuery,
    Chat,
    ChatMember,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Update,
)
from telegram import Message as TelegramMessage
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter, TelegramError
from telegram.ext.filters import StatusUpdate

from bot.messages import Message, Reply, Responder
from bot.telegram.queue import ChatQueues, RecentKeys
from bot.telegram.render import (
    SORRY,
    WORDS_ONLY,
    OutgoingMessage,
    read_text,
    refuse_groups,
    render,
)

log = logging.getLogger(__name__)

# About two minutes in all, so that a short loss of the network does not lose a reply.
SEND_ATTEMPTS = 10
MAX_RETRY_DELAY = 30.0
MAX_FLOOD_DELAY = 120.0
TYPING_DELAY = 1.0
TYPING_INTERVAL = 4.5  # Telegram shows "typing" for five seconds


class UpdateHandler:
    """Answers updates, those of one chat in order.

    `strict` is as in `bot.telegram.app.Telegram`.
    """

    def __init__(self, bot: Bot, conversation: Responder, *, strict: bool) -> None:
        self._bot = bot
        self._conversation = conversation
        self._strict = strict
        self._queues = ChatQueues(self._handle_safely)
        self._albums: RecentKeys[str] = RecentKeys()
        self._answered_questions: RecentKeys[tuple[int, int]] = RecentKeys()

    def queue(self, update: Update) -> None:
        """Put the update in its chat's queue."""
        if update.callback_query:
            self._queues.spawn(self._stop_spinner(update.callback_query))
        if update.effective_chat:
            self._queues.put(update.effective_chat.id, update)

    async def drain(self, seconds: float) -> None:
        """Answer what is queued, for `seconds` at most."""
        await self._queues.drain(seconds)

    async def _handle_safely(self, update: Update) -> None:
        with log_failures("a message was not answered"):
            await self._handle(update)

    async def _handle(self, update: Update) -> None:
        chat = update.effective_chat
        if chat is None:
            return
        if chat.type != Chat.PRIVATE:
            await self._leave(chat, update)
        elif update.my_chat_member:
            # Blocking or deleting the bot ends the conversation and erases its state.
            if update.my_chat_member.new_chat_member.status == ChatMember.BANNED:
                await self._conversation.forget(_make_sender(chat.id))
        elif update.callback_query:
            await self._handle_tap(chat.id, update.callback_query)
        elif message := update.effective_message:
            if message.edit_date is None and self._is_unreadable(message):
                await self._send(chat.id, OutgoingMessage(WORDS_ONLY))
            if translated := translate_message(message):
                await self._answer(chat.id, translated)

    def _is_unreadable(self, message: TelegramMessage) -> bool:
        """Whether it holds neither text nor a place, such as a photo. True once for an album."""
        if message.text is not None or message.location or message.venue:
            return False
        if StatusUpdate.ALL.check_update(Update(0, message=message)):
            return False
        album = message.media_group_id
        return album is None or self._albums.add(album)

    async def _handle_tap(self, chat_id: int, query: CallbackQuery) -> None:
        """Answer a tap. A question takes one tap and then loses its buttons.

        Otherwise an old question could be answered again by mistake, and a double press of Send
        would count a check-in twice. Nothing replaces the buttons: an answer about loneliness
        should not stay on a phone that others may pick up. A listing keeps its buttons.
        """
        message = query.message
        if query.data is None or message is None:
            return
        if not isinstance(message, TelegramMessage) or _is_card(message):
            await self._answer(chat_id, Message(tap=query.data))
            return
        question = (chat_id, message.message_id)
        if not self._answered_questions.add(question):
            return
        if not await self._answer(chat_id, Message(tap=query.data), question):
            self._answered_questions.discard(question)

    async def _answer(
        self, chat_id: int, message: Message, question: tuple[int, int] | None = None
    ) -> bool:
        """Answer the message; False if the conversation failed and an apology was sent."""
        try:
            replies = await self._get_replies(chat_id, message)
            outgoing = self._render(replies)
        except Exception as error:
            log.error("the conversation failed (%s)", type(error).__name__)
            await self._send(chat_id, OutgoingMessage(SORRY))
            return False
        if question:
            self._queues.spawn(self._clear_buttons(*question))
        for item in outgoing:
            await self._send(chat_id, item)
        return True

    async def _get_replies(self, chat_id: int, message: Message) -> list[Reply]:
        typing = asyncio.create_task(self._show_typing(chat_id))

        async def send_early(replies: list[Reply]) -> None:
            with log_failures("a person was not told that it takes longer"):
                for item in self._render(replies):
                    await self._send(chat_id, item)

        try:
            return await self._conversation.answer(
                _make_sender(chat_id), message, send_early=send_early
            )
        finally:
            typing.cancel()
            await asyncio.gather(typing, return_exceptions=True)

    def _render(self, replies: Sequence[Reply]) -> list[OutgoingMessage]:
        return [item for reply in replies for item in render(reply, strict=self._strict)]

    # Calls to Telegram

    async def _send(self, chat_id: int, outgoing: OutgoingMessage) -> None:
        """Send one message, with retries for about two minutes.

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
        for failures in range(SEND_ATTEMPTS):
            try:
                await self._bot.send_message(
                    chat_id,
                    outgoing.html,
                    parse_mode=ParseMode.HTML,
                    reply_markup=markup,
                    link_preview_options=LinkPreviewOptions(is_disabled=True),
                )
            except BadRequest:  # a NetworkError in the library, but a retry cannot help
                raise
            except (NetworkError, RetryAfter) as error:
                if failures + 1 == SEND_ATTEMPTS:
                    raise
                await asyncio.sleep(compute_delay(error, failures))
            else:
                return

    async def _stop_spinner(self, query: CallbackQuery) -> None:
        with log_failures("a button kept its spinner"):
            await self._bot.answer_callback_query(query.id)

    async def _clear_buttons(self, chat_id: int, message_id: int) -> None:
        with log_failures("old buttons were not removed"):
            await self._bot.edit_message_reply_markup(chat_id, message_id, reply_markup=None)

    async def _show_typing(self, chat_id: int) -> None:
        await asyncio.sleep(TYPING_DELAY)
        while True:
            with contextlib.suppress(TelegramError):
                await self._bot.send_chat_action(chat_id, ChatAction.TYPING)
            await asyncio.sleep(TYPING_INTERVAL)

    async def _leave(self, chat: Chat, update: Update) -> None:
        """Say why the bot is not for groups, and leave.

        A bot in a group receives what strangers write there, and a question about loneliness
        must not be answered in front of others.
        """
        member = update.my_chat_member
        if member and member.new_chat_member.status in (ChatMember.LEFT, ChatMember.BANNED):
            return
        if chat.type != Chat.CHANNEL:
            with contextlib.suppress(BadRequest, Forbidden):
                await self._send(chat.id, OutgoingMessage(refuse_groups(self._bot.username)))
        with contextlib.suppress(BadRequest, Forbidden):
            await self._bot.leave_chat(chat.id)


def translate_message(message: TelegramMessage) -> Message | None:
    """The message for the conversation, or None if it holds neither text nor a place.

    An edited place is ignored: a live location is edited every few seconds.
    """
    place = message.venue.location if message.venue else message.location
    if place and message.edit_date is None:
        return Message(location=(place.latitude, place.longitude))
    text = message.text or message.caption
    return read_text(text) if text else None


def _make_sender(chat_id: int) -> str:
    return f"telegram:{chat_id}"


def _is_card(message: TelegramMessage) -> bool:
    """Whether the message shows a listing, which begins with its name in bold; see `render`."""
    return any(entity.type == "bold" and entity.offset == 0 for entity in message.entities)


def compute_delay(error: Exception, failures: int) -> float:
    """Seconds to wait before the next attempt, after `failures` earlier ones."""
    if isinstance(error, RetryAfter):
        delay = error.retry_after
        seconds = delay.total_seconds() if isinstance(delay, timedelta) else float(delay)
        return min(seconds, MAX_FLOOD_DELAY)
    return min(MAX_RETRY_DELAY, 0.5 * 2.0 ** min(failures, 10))


@contextlib.contextmanager
def log_failures(failure: str) -> Iterator[None]:
    """Log the type of an exception. Nothing is logged for a person who blocked the bot."""
    try:
        yield
    except Forbidden:
        pass
    except Exception as error:
        log.warning("%s (%s)", failure, type(error).__name__)
