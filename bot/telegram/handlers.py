"""Handlers of Telegram updates: turn an update into a message, and have the replies sent.

Owns buttons, and what is said where nothing could be read. Must never decide what is answered, nor
log or store a text, a name or a chat id: only the type of an exception is logged.
"""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from telegram import Chat, ChatMember, Update
from telegram import Message as TelegramMessage
from telegram.ext import (
    Application,
    ApplicationHandlerStop,
    CallbackQueryHandler,
    ChatMemberHandler,
    ContextTypes,
    MessageHandler,
    TypeHandler,
    filters,
)

from bot.messages import (
    HelpLine,
    HelpLines,
    Message,
    Reply,
    Responder,
    Text,
    find_open_checkin,
)
from bot.telegram.open_checkins import OpenCheckIn, OpenCheckIns
from bot.telegram.outbox import Outbox, is_temporary, log_failures
from bot.telegram.pending import Attempts, PendingUpdates, RecentKeys
from bot.telegram.render import (
    HELP_NOW,
    SORRY,
    TOO_MANY,
    UNREADABLE,
    WORDS_ONLY,
    OutgoingMessage,
    read_text,
    render,
)

log = logging.getLogger(__name__)

# A guard against an answer without end; the conversation has limits of its own.
ANSWER_SECONDS = 300.0

_IS_PLACE = filters.LOCATION | filters.VENUE
_IS_WORDLESS = ~(filters.TEXT | _IS_PLACE | filters.StatusUpdate.ALL)


class TooManyAttemptsError(Exception):
    """The answer was begun too often: it crashed the program, or could not be sent."""


class UpdateHandler:
    """Answers updates, in the order in which `ChatProcessor` runs these handlers.

    `helplines` and `strict` are as in `bot.telegram.app.Telegram`.
    """

    def __init__(
        self,
        outbox: Outbox,
        conversation: Responder,
        *,
        pending: PendingUpdates,
        attempts: Attempts,
        helplines: Sequence[HelpLine],
        strict: bool,
    ) -> None:
        self._outbox = outbox
        self._conversation = conversation
        self._pending = pending
        self._attempts = attempts
        self._helplines = tuple(helplines)
        self._strict = strict
        # One of them may have crashed the program: alone, it cannot take others with it.
        self._retries = asyncio.Lock()
        self._albums: RecentKeys[str] = RecentKeys()
        self._answered_questions: RecentKeys[tuple[int, int]] = RecentKeys()
        self._open_checkins = OpenCheckIns()

    def register(self, application: Application[Any, Any, Any, Any, Any, Any]) -> None:
        """Add the handlers. Of each group, the first that fits an update runs."""
        new = filters.UpdateType.MESSAGE
        application.add_handler(TypeHandler(Update, self.leave_groups), group=0)
        application.add_handlers(
            [
                CallbackQueryHandler(self.answer_tap),
                ChatMemberHandler(self.forget_blocker, ChatMemberHandler.MY_CHAT_MEMBER),
                MessageHandler(new & _IS_WORDLESS & filters.ATTACHMENT, self.explain_attachment),
                MessageHandler(new & _IS_WORDLESS & ~filters.CAPTION, self.explain_unreadable),
                # A live location is edited every few seconds, so that edits of a place are ignored.
                MessageHandler(new & _IS_PLACE, self.answer_place),
            ],
            group=1,
        )
        # After the explanation of a photo, its caption is answered.
        words = MessageHandler(filters.TEXT | filters.CAPTION, self.answer_words)
        application.add_handler(words, group=2)
        application.add_error_handler(self.handle_error)

    # Handlers

    async def leave_groups(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        """Say why the bot is not for groups, and leave.

        A bot in a group receives what strangers write there, and a question about loneliness
        must not be answered in front of others.
        """
        chat, member = update.effective_chat, update.my_chat_member
        if chat is None or chat.type == Chat.PRIVATE:
            return
        if member is None or member.new_chat_member.status not in (
            ChatMember.LEFT,
            ChatMember.BANNED,
        ):
            with log_failures("a group was not left"):
                await self._outbox.leave_group(chat)
        raise ApplicationHandlerStop

    async def forget_blocker(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        """Erase the conversation of a person who blocks or deletes the bot."""
        member, chat = update.my_chat_member, update.effective_chat
        if member and chat and member.new_chat_member.status == ChatMember.BANNED:
            self._open_checkins.forget(chat.id)
            await self._conversation.forget(_make_sender(chat.id))

    async def explain_attachment(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        """Say that a photo, a voice message or the like cannot be read; once for an album."""
        message = update.effective_message
        if message and (message.media_group_id is None or self._albums.add(message.media_group_id)):
            self._attempts.begin(update.update_id)
            await self._outbox.send(message.chat.id, OutgoingMessage(WORDS_ONLY))

    async def explain_unreadable(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer a message of which nothing could be read."""
        if update.effective_chat:
            self._attempts.begin(update.update_id)
            await self._apologise(update.effective_chat.id, UNREADABLE)

    async def answer_words(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer a text, a command or a caption, also an edited one."""
        message = update.effective_message
        if message and (text := message.text or message.caption):
            parsed = replace(read_text(text), number=message.message_id)
            # A command means the same wherever it stands.
            is_edit = update.edited_message is not None and parsed.text is not None
            await self._answer(update, message.chat.id, replace(parsed, is_edit=is_edit))

    async def answer_place(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer a location or a venue."""
        message = update.effective_message
        place = message and (message.venue.location if message.venue else message.location)
        if message and place:
            location = Message(location=(place.latitude, place.longitude))
            await self._answer(update, message.chat.id, location)

    async def answer_tap(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        """Answer a tap. A question takes one tap and then loses its buttons.

        Otherwise an old question could be answered again by mistake, and a double press of Send
        would count a check-in twice. Nothing replaces the buttons: an answer about loneliness
        should not stay on a phone that others may pick up. A listing keeps its buttons.
        """
        query = update.callback_query
        if query is None or query.data is None or query.message is None:
            return
        message, chat_id = query.message, query.message.chat.id
        if not isinstance(message, TelegramMessage) or _is_card(message):
            await self._answer(update, chat_id, Message(tap=query.data))
            return
        question = (chat_id, message.message_id)
        if not self._answered_questions.add(question):
            return
        is_answered = False
        try:
            is_answered = await self._answer(update, chat_id, Message(tap=query.data), question)
        finally:
            if not is_answered:
                self._answered_questions.discard(question)

    async def handle_error(self, update: object, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Log a failure. An answer that could not be sent is tried again with the same update."""
        with log_failures("a message was not answered"):
            if context.error is None:
                return
            if (
                isinstance(update, Update)
                and is_temporary(context.error)
                and self._attempts.can_retry(update.update_id)
            ):
                self._pending.fail(update.update_id)
            raise context.error

    async def refuse_flood(self, chat_id: int) -> None:
        """Say that too many messages are waiting to be answered."""
        log.warning("messages were not answered: too many are waiting in one chat")
        with log_failures("a message was not answered"):
            await self._outbox.send(chat_id, OutgoingMessage(TOO_MANY))

    # Answering

    async def _answer(
        self,
        update: Update,
        chat_id: int,
        message: Message,
        question: tuple[int, int] | None = None,
    ) -> bool:
        """Answer the message; False if that failed and an apology was sent.

        A message carries the check-in that is open in the chat, whose buttons stay only under the
        last message that shows them.
        """
        before = self._open_checkins.find(chat_id)
        if before:
            message = replace(message, open_checkin=before.tap)
        try:
            replies = await self._get_replies(update, chat_id, message)
            outgoing = self._render(replies)
        except Exception as error:
            log.error("the conversation failed (%s)", type(error).__name__)
            await self._apologise(chat_id, SORRY)
            return False
        questions = {question} if question else set()
        if before and not _waits(replies):
            questions.add((chat_id, before.message_id))
        clearing = asyncio.gather(*(self._outbox.clear_buttons(*old) for old in questions))
        sent, _ = await asyncio.gather(self._outbox.send_all(chat_id, outgoing), clearing)
        self._keep_checkin(chat_id, replies, sent)
        return True

    def _keep_checkin(self, chat_id: int, replies: Sequence[Reply], sent: Sequence[int]) -> None:
        """Hold the check-in that is open after these replies; its buttons are under the last."""
        if _waits(replies):
            return
        if tap := find_open_checkin(replies):
            self._open_checkins.keep(chat_id, OpenCheckIn(tap, sent[-1]))
        else:
            self._open_checkins.forget(chat_id)

    async def _get_replies(self, update: Update, chat_id: int, message: Message) -> list[Reply]:
        async def send_early(replies: list[Reply]) -> None:
            with log_failures("a person was not told that it takes longer"):
                await self._outbox.send_all(chat_id, self._render(replies))

        is_retry = self._attempts.has_begun(update.update_id)
        turn = self._retries if is_retry else contextlib.nullcontext()
        async with self._outbox.show_typing(chat_id), turn:
            if not self._attempts.begin(update.update_id):
                raise TooManyAttemptsError
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._conversation.answer(
                    _make_sender(chat_id), message, send_early=send_early
                )

    def _render(self, replies: Sequence[Reply]) -> list[OutgoingMessage]:
        return [item for reply in replies for item in render(reply, strict=self._strict)]

    async def _apologise(self, chat_id: int, text: str) -> None:
        """Say that there is no answer, and whom to call: the person may be in danger."""
        apology: Reply = Text(text)
        if self._helplines:
            apology = HelpLines(f"{text}\n\n{HELP_NOW}", self._helplines)
        await self._outbox.send_all(chat_id, render(apology))


def _make_sender(chat_id: int) -> str:
    return f"telegram:{chat_id}"


def _waits(replies: Sequence[Reply]) -> bool:
    """Whether a check-in stays open above the replies: helplines have nothing below them."""
    return any(isinstance(reply, HelpLines) and reply.open_checkin for reply in replies)


def _is_card(message: TelegramMessage) -> bool:
    """Whether the message shows a listing, which begins with its name in bold; see `render`."""
    return any(entity.type == "bold" and entity.offset == 0 for entity in message.entities)
