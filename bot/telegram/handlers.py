"""Answering what came in on Telegram: what an update says, and sending the replies.

Owns order within a chat, buttons, the sign of typing, and trying again. Decides nothing about what
is said. Must never log or store a text, a name or a chat id: trouble is reported by the type of
the exception alone.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterator
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
from bot.telegram.queue import ChatQueues, Memory
from bot.telegram.render import (
    SORRY,
    WORDS_ONLY,
    OutgoingMessage,
    read_words,
    refuse_groups,
    render,
)

logger = logging.getLogger(__name__)

# A reply is tried for about two minutes, so that a dropped line does not lose it.
SEND_ATTEMPTS = 10
LONGEST_PAUSE = 30.0
LONGEST_FLOOD_PAUSE = 120.0
TYPING_AFTER = 1.0
TYPING_AGAIN = 4.5  # Telegram shows "typing" for five seconds


class UpdateHandler:
    """Answers the updates that it is given, those of one chat one after another.

    `strict` and `answers_at_once` are as in `telegram.Telegram`.
    """

    def __init__(
        self, bot: Bot, conversation: Responder, *, strict: bool, answers_at_once: int
    ) -> None:
        self._bot = bot
        self._conversation = conversation
        self._strict = strict
        self._answering = asyncio.Semaphore(answers_at_once)
        self._chats = ChatQueues(self._serve)
        self._albums: Memory[str] = Memory()
        self._questions: Memory[tuple[int, int]] = Memory()

    def take(self, update: Update) -> None:
        """Put the update in its chat's queue."""
        if update.callback_query:
            self._chats.spawn(self._stop_spinner(update.callback_query))
        if update.effective_chat:
            self._chats.put(update.effective_chat.id, update)

    async def drain(self, seconds: float) -> None:
        """Answer what was taken, for so many seconds at most."""
        await self._chats.drain(seconds)

    async def _serve(self, update: Update) -> None:
        with report("a message was not answered"):
            await self._handle(update)

    async def _handle(self, update: Update) -> None:
        chat = update.effective_chat
        if chat is None:
            return
        if chat.type != Chat.PRIVATE:
            await self._leave(chat, update)
        elif update.my_chat_member:
            # Blocking or deleting the bot ends the conversation, and what is held of it goes.
            if update.my_chat_member.new_chat_member.status == ChatMember.BANNED:
                await self._conversation.forget(_sender(chat.id))
        elif update.callback_query:
            await self._handle_tap(chat.id, update.callback_query)
        elif message := update.effective_message:
            if message.edit_date is None and self._is_unreadable(message):
                await self._send(chat.id, OutgoingMessage(WORDS_ONLY))
            if translated := translate(message):
                await self._answer(chat.id, translated)

    def _is_unreadable(self, message: TelegramMessage) -> bool:
        """Whether there is something in it other than words and a place, new to us."""
        if message.text is not None or message.location or message.venue:
            return False
        if StatusUpdate.ALL.check_update(Update(0, message=message)):
            return False
        album = message.media_group_id
        return album is None or self._albums.add(album)

    async def _handle_tap(self, chat_id: int, query: CallbackQuery) -> None:
        """Answer a tap. A question takes one tap, and then its buttons go.

        Otherwise old questions could be answered again by mistake, and a double press of Send
        would count a check-in twice. Nothing is written in their place: an answer about
        loneliness should not stay on a phone that others may pick up. A listing keeps its buttons.
        """
        shown = query.message
        if query.data is None or shown is None:
            return
        if not isinstance(shown, TelegramMessage) or _is_card(shown):
            await self._answer(chat_id, Message(tap=query.data))
            return
        question = (chat_id, shown.message_id)
        if not self._questions.add(question):
            return
        if not await self._answer(chat_id, Message(tap=query.data), question):
            self._questions.forget(question)

    async def _answer(
        self, chat_id: int, message: Message, question: tuple[int, int] | None = None
    ) -> bool:
        """Answer the message; False if the conversation failed and the person was told so."""
        try:
            replies = await self._ask(chat_id, message)
            bubbles = [bubble for reply in replies for bubble in render(reply, strict=self._strict)]
        except Exception as error:
            logger.error("the conversation failed (%s)", type(error).__name__)
            await self._send(chat_id, OutgoingMessage(SORRY))
            return False
        if question:
            self._chats.spawn(self._clear_buttons(*question))
        for bubble in bubbles:
            await self._send(chat_id, bubble)
        return True

    async def _ask(self, chat_id: int, message: Message) -> list[Reply]:
        typing = asyncio.create_task(self._type(chat_id))
        try:
            async with self._answering:
                return await self._conversation.answer(_sender(chat_id), message)
        finally:
            typing.cancel()
            await asyncio.gather(typing, return_exceptions=True)

    # Calls to Telegram

    async def _send(self, chat_id: int, bubble: OutgoingMessage) -> None:
        """Send one message, trying again for about two minutes.

        After a time-out it may have arrived already: twice is better than never.
        """
        markup = None
        if bubble.rows:
            markup = InlineKeyboardMarkup(
                [
                    [InlineKeyboardButton(option.label, callback_data=option.tap) for option in row]
                    for row in bubble.rows
                ]
            )
        for failures in range(SEND_ATTEMPTS):
            try:
                await self._bot.send_message(
                    chat_id,
                    bubble.html,
                    parse_mode=ParseMode.HTML,
                    reply_markup=markup,
                    link_preview_options=LinkPreviewOptions(is_disabled=True),
                )
            except BadRequest:  # a NetworkError to the library, but no time heals it
                raise
            except (NetworkError, RetryAfter) as error:
                if failures + 1 == SEND_ATTEMPTS:
                    raise
                await asyncio.sleep(pause(error, failures))
            else:
                return

    async def _stop_spinner(self, query: CallbackQuery) -> None:
        with report("a button was left spinning"):
            await self._bot.answer_callback_query(query.id)

    async def _clear_buttons(self, chat_id: int, message_id: int) -> None:
        with report("old buttons were left standing"):
            await self._bot.edit_message_reply_markup(chat_id, message_id, reply_markup=None)

    async def _type(self, chat_id: int) -> None:
        await asyncio.sleep(TYPING_AFTER)
        while True:
            with contextlib.suppress(TelegramError):
                await self._bot.send_chat_action(chat_id, ChatAction.TYPING)
            await asyncio.sleep(TYPING_AGAIN)

    async def _leave(self, chat: Chat, update: Update) -> None:
        """Say why, and leave.

        A bot that stays is handed what strangers write there, and a question about loneliness
        must not be answered before an audience.
        """
        member = update.my_chat_member
        if member and member.new_chat_member.status in (ChatMember.LEFT, ChatMember.BANNED):
            return
        if chat.type != Chat.CHANNEL:
            with contextlib.suppress(BadRequest, Forbidden):
                await self._send(chat.id, OutgoingMessage(refuse_groups(self._bot.username)))
        with contextlib.suppress(BadRequest, Forbidden):
            await self._bot.leave_chat(chat.id)


def translate(message: TelegramMessage) -> Message | None:
    """What a person's message says, or None if it holds neither words nor a place.

    An edited place is left out: a live location is edited every few seconds.
    """
    place = message.venue.location if message.venue else message.location
    if place and message.edit_date is None:
        return Message(location=(place.latitude, place.longitude))
    words = message.text or message.caption
    return read_words(words) if words else None


def _sender(chat_id: int) -> str:
    return f"telegram:{chat_id}"


def _is_card(message: TelegramMessage) -> bool:
    """Whether it shows a listing, whose name in bold comes first; see telegram_text."""
    return any(entity.type == "bold" and entity.offset == 0 for entity in message.entities)


def pause(error: Exception, failures: int) -> float:
    """Seconds to wait after so many failures before this one."""
    if isinstance(error, RetryAfter):
        told = error.retry_after
        seconds = told.total_seconds() if isinstance(told, timedelta) else float(told)
        return min(seconds, LONGEST_FLOOD_PAUSE)
    return min(LONGEST_PAUSE, 0.5 * 2.0 ** min(failures, 10))


@contextlib.contextmanager
def report(trouble: str) -> Iterator[None]:
    """Log an exception by its type. One who blocked the bot is no trouble."""
    try:
        yield
    except Forbidden:
        pass
    except Exception as error:
        logger.warning("%s (%s)", trouble, type(error).__name__)
