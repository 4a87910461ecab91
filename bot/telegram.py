"""Telegram, as a channel: carries a person's words in and the replies out.

Owns everything of Telegram's: updates, order within a chat, retries, buttons, the menu. Decides
nothing about what is said. Must never log or store a text, a name or a chat id: trouble is
reported by the type of the exception alone.
"""

import asyncio
import contextlib
import hmac
import logging
import os
import re
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any

from telegram import (
    Bot,
    BotCommand,
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
from telegram.error import (
    BadRequest,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)
from telegram.ext.filters import StatusUpdate
from telegram.request import HTTPXRequest

from bot.errors import SetupError
from bot.replies import Conversation, Message, Reply
from bot.telegram_queue import ChatQueues, Memory
from bot.telegram_text import (
    COMMANDS,
    SORRY,
    WORDS_ONLY,
    Bubble,
    read_words,
    refuse_groups,
    render,
)

logger = logging.getLogger(__name__)

TELEGRAM = "https://api.telegram.org"
UPDATES = ["message", "edited_message", "callback_query", "my_chat_member"]
POLL_SECONDS = 25
# A reply is tried for about two minutes, so that a dropped line does not lose it.
SEND_ATTEMPTS = 10
LONGEST_PAUSE = 30.0
LONGEST_FLOOD_PAUSE = 120.0
TYPING_AFTER = 1.0
TYPING_AGAIN = 4.5  # Telegram shows "typing" for five seconds
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
        conversation: Conversation,
        *,
        token: str,
        base_url: str = "",
        strict: bool = False,
        answers_at_once: int = 8,
    ) -> None:
        _silence_libraries()
        self._conversation = conversation
        self._strict = strict
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
        self._answering = asyncio.Semaphore(answers_at_once)
        self._chats = ChatQueues(self._serve)
        self._seen: Memory[int] = Memory()
        self._albums: Memory[str] = Memory()
        self._questions: Memory[tuple[int, int]] = Memory()

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
        with _report("a webhook call held no update"):
            self._take(Update.de_json(payload, self._bot))
        return True

    async def stop(self) -> None:
        """Stop taking messages, answer those taken (10 seconds at most), and close."""
        if self._intake:
            self._intake.cancel()
            await asyncio.gather(self._intake, return_exceptions=True)
            self._intake = None
        await self._chats.drain(STOP_SECONDS)
        if self._offset is not None:
            # Telegram counts an update as read when a later one is asked for.
            with _report("some messages may be answered twice"):
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
                await asyncio.sleep(_pause(error, failures))
                failures += 1
            else:
                if failures:
                    logger.warning("Telegram answers again")
                failures, said = 0, ""

    def _take(self, update: Update) -> None:
        """Put the update in its chat's queue, unless it was posted to us before."""
        if not self._seen.add(update.update_id):
            return
        if update.callback_query:
            self._chats.spawn(self._stop_spinner(update.callback_query))
        if update.effective_chat:
            self._chats.put(update.effective_chat.id, update)

    # One update

    async def _serve(self, update: Update) -> None:
        with _report("a message was not answered"):
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
                await self._send(chat.id, Bubble(WORDS_ONLY))
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
            await self._send(chat_id, Bubble(SORRY))
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

    async def _send(self, chat_id: int, bubble: Bubble) -> None:
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
                await asyncio.sleep(_pause(error, failures))
            else:
                return

    async def _stop_spinner(self, query: CallbackQuery) -> None:
        with _report("a button was left spinning"):
            await self._bot.answer_callback_query(query.id)

    async def _clear_buttons(self, chat_id: int, message_id: int) -> None:
        with _report("old buttons were left standing"):
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
                await self._send(chat.id, Bubble(refuse_groups(self._bot.username)))
        with contextlib.suppress(BadRequest, Forbidden):
            await self._bot.leave_chat(chat.id)


class _UpdatesRequest(HTTPXRequest):
    """Empties updates that the library cannot read, as one of them would stop polling for ever."""

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        answer = HTTPXRequest.parse_json_payload(payload)
        if isinstance(answer.get("result"), list):
            answer["result"] = [_keep_readable(update) for update in answer["result"]]
        return answer


def _keep_readable(update: dict[str, Any]) -> dict[str, Any]:
    with _report("an update could not be read"):
        Update.de_json(update, None)
        return update
    return {"update_id": update["update_id"]}


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


def _pause(error: Exception, failures: int) -> float:
    """Seconds to wait after so many failures before this one."""
    if isinstance(error, RetryAfter):
        told = error.retry_after
        seconds = told.total_seconds() if isinstance(told, timedelta) else float(told)
        return min(seconds, LONGEST_FLOOD_PAUSE)
    return min(LONGEST_PAUSE, 0.5 * 2.0 ** min(failures, 10))


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


@contextlib.contextmanager
def _report(trouble: str) -> Iterator[None]:
    """Log an exception by its type. One who blocked the bot is no trouble."""
    try:
        yield
    except Forbidden:
        pass
    except Exception as error:
        logger.warning("%s (%s)", trouble, type(error).__name__)


def _silence_libraries() -> None:
    # The addresses that these log hold the token.
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # This one quotes whole updates, even at CRITICAL; what matters is reported here.
    logging.getLogger("telegram").setLevel(logging.CRITICAL + 1)
    # Without it, every RetryAfter of python-telegram-bot 22 warns about its own attribute.
    os.environ.setdefault("PTB_TIMEDELTA", "true")
