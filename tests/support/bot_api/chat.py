"""A chat with the bot, from the person's side.

Owns one chat's history and the actions of a person in it. Must never offer what Telegram's apps
do not: a button can only be pressed where the bot put it.
"""

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.support.bot_api.server import BotApi

PATIENCE = 10.0


@dataclass
class Sent:
    """A message from the bot: `text` as shown, `source` as sent, and its buttons."""

    message_id: int
    text: str
    source: str
    entities: list[dict[str, Any]]
    keyboard: list[list[dict[str, str]]]
    edited: bool = False

    @property
    def buttons(self) -> list[tuple[str, str]]:
        return [
            (button["text"], button["callback_data"]) for row in self.keyboard for button in row
        ]

    @property
    def labels(self) -> list[str]:
        return [label for label, _ in self.buttons]


@dataclass
class Tap:
    """A press of a button; `answered` once its spinner has stopped."""

    query_id: str
    answered: bool = False


@dataclass
class Chat:
    """One chat. Everything here can be called from any thread.

    Methods named `wait_*` block for up to ten seconds. The coroutines wait in a thread, so that a
    bot in the test's own event loop keeps running.
    """

    api: "BotApi"
    chat_id: int
    kind: str = "private"
    name: str = "Ada"
    sent: list[Sent] = field(default_factory=list)
    actions: list[str] = field(default_factory=list)
    taps: dict[str, Tap] = field(default_factory=dict)
    blocked: bool = False
    is_left: bool = False
    _read: int = 0

    # The person's actions

    def send(self, text: str) -> int:
        """Send a text; a command gets its entity. Returns the message's id."""
        entities = []
        if text.startswith("/"):
            length = len(text.split(maxsplit=1)[0])
            entities = [{"type": "bot_command", "offset": 0, "length": length}]
        return self._say(text=text, entities=entities)

    def edit(self, message_id: int, text: str) -> None:
        """Edit a message sent earlier."""
        edited = {**self._message(message_id), "edit_date": int(time.time()), "text": text}
        self.api.push({"edited_message": edited})

    def tap(self, label: str) -> Tap:
        """Press the newest button with this label. AssertionError if none is shown."""
        with self.api.changed:
            for sent in reversed(self.sent):
                for shown, data in sent.buttons:
                    if shown == label:
                        return self.tap_on(sent, data)
        raise AssertionError(f"no button {label!r} in {[sent.labels for sent in self.sent]}")

    def tap_on(self, sent: Sent, data: str) -> Tap:
        """Press a button of a message, even if the bot has removed it meanwhile."""
        tap = Tap(str(self.api.number()))
        message = {
            **self._message(sent.message_id),
            "from": self.api.me,
            "text": sent.text,
            "entities": sent.entities,
        }
        if sent.keyboard:
            message["reply_markup"] = {"inline_keyboard": sent.keyboard}
        with self.api.changed:
            self.taps[tap.query_id] = tap
        self.api.push(
            {
                "callback_query": {
                    "id": tap.query_id,
                    "from": self._person,
                    "message": message,
                    "chat_instance": str(self.chat_id),
                    "data": data,
                }
            }
        )
        return tap

    def send_location(self, latitude: float, longitude: float, *, live: bool = False) -> int:
        place: dict[str, Any] = {"latitude": latitude, "longitude": longitude}
        return self._say(location={**place, "live_period": 900} if live else place)

    def move_live_location(self, message_id: int, latitude: float, longitude: float) -> None:
        place = {"latitude": latitude, "longitude": longitude, "live_period": 900}
        message = {**self._message(message_id), "edit_date": int(time.time()), "location": place}
        self.api.push({"edited_message": message})

    def send_venue(self, latitude: float, longitude: float) -> int:
        place = {"latitude": latitude, "longitude": longitude}
        venue = {"location": place, "title": "Library", "address": "1 High Street"}
        return self._say(location=place, venue=venue)

    def send_photo(self, caption: str | None = None, *, album: str | None = None) -> int:
        size = {**_file(), "width": 90, "height": 90}
        extra = {"caption": caption} if caption else {}
        return self._say(photo=[size], **extra, **({"media_group_id": album} if album else {}))

    def send_media(self, kind: str) -> int:
        """Send a sticker, voice, video_note, document, contact, poll, dice, animation, audio ..."""
        return self._say(**{kind: _MEDIA[kind]})

    def send_hologram(self) -> int:
        """Send a kind of message that no library knows yet."""
        return self._say(hologram={"id": 1})

    def pin(self, message_id: int) -> int:
        """Pin a message. The bot gets a service message."""
        return self._say(pinned_message=self._message(message_id) | {"text": "pinned"})

    def block(self) -> None:
        """Block the bot: it gets an update, and can no longer send."""
        with self.api.changed:
            self.blocked = True
        self._membership("member", "kicked")

    def add_bot(self, status: str = "member") -> None:
        """Add the bot to this group or channel."""
        self._membership("left", status)
        if self.kind != "channel":
            self._say(new_chat_members=[self.api.me])

    # The bot's messages

    async def replies(self, count: int, within: float = PATIENCE) -> list[Sent]:
        """The next `count` messages not yet read. AssertionError if they do not come in time."""
        return await asyncio.to_thread(self.wait_replies, count, within)

    def wait_replies(self, count: int, within: float = PATIENCE) -> list[Sent]:
        with self.api.changed:
            in_time = self.api.changed.wait_for(
                lambda: len(self.sent) - self._read >= count, within
            )
            unread = self.sent[self._read :]
            assert in_time, f"{count} replies expected, {len(unread)} arrived within {within} s"
            self._read += count
            return unread[:count]

    async def reply(self, within: float = PATIENCE) -> Sent:
        """The next message not yet read."""
        return (await self.replies(1, within))[0]

    async def silence(self, seconds: float = 0.5) -> None:
        """AssertionError if the bot sends anything within this time."""
        with self.api.changed:
            before = self._read
        await asyncio.sleep(seconds)
        with self.api.changed:
            assert len(self.sent) == before, [sent.text for sent in self.sent[before:]]

    async def answered(self, tap: Tap, within: float = PATIENCE) -> None:
        """Wait until the tap is answered. AssertionError if it is not."""
        await self.until(lambda: tap.answered, "the button still spins", within)

    async def until(self, holds: Any, otherwise: str, within: float = PATIENCE) -> None:
        """Wait until `holds()` is true, checked whenever the server's state changes."""

        def wait() -> bool:
            with self.api.changed:
                return self.api.changed.wait_for(holds, within)

        assert await asyncio.to_thread(wait), otherwise

    # Updates, as the Bot API sends them

    @property
    def json(self) -> dict[str, Any]:
        if self.kind == "private":
            return {"id": self.chat_id, "type": "private", "first_name": self.name}
        return {"id": self.chat_id, "type": self.kind, "title": "A group"}

    @property
    def _person(self) -> dict[str, Any]:
        number = abs(self.chat_id)
        return {"id": number, "is_bot": False, "first_name": self.name, "language_code": "en"}

    def _message(self, message_id: int) -> dict[str, Any]:
        return {
            "message_id": message_id,
            "from": self._person,
            "chat": self.json,
            "date": int(time.time()),
        }

    def _say(self, **content: Any) -> int:
        message_id = self.api.number()
        self.api.push({"message": {**self._message(message_id), **content}})
        return message_id

    def _membership(self, old: str, new: str) -> None:
        def member(status: str) -> dict[str, Any]:
            until = {"until_date": 0} if status == "kicked" else {}
            rights = dict.fromkeys(_ADMIN_RIGHTS, False) if status == "administrator" else {}
            return {"user": self.api.me, "status": status, **until, **rights}

        self.api.push(
            {
                "my_chat_member": {
                    "chat": self.json,
                    "from": self._person,
                    "date": int(time.time()),
                    "old_chat_member": member(old),
                    "new_chat_member": member(new),
                }
            }
        )


def _file(**fields: Any) -> dict[str, Any]:
    return {"file_id": "file", "file_unique_id": "unique", **fields}


_VIDEO = _file(width=90, height=90, duration=2)
_MEDIA: dict[str, Any] = {
    "animation": _VIDEO,
    "audio": _file(duration=2),
    "contact": {"phone_number": "+441632960000", "first_name": "Ben"},
    "dice": {"emoji": "🎲", "value": 4},
    "document": _file(),
    "poll": {
        "id": "1",
        "question": "Tea?",
        "options": [{"persistent_id": "a", "text": "Yes", "voter_count": 0}],
        "total_voter_count": 0,
        "is_closed": False,
        "is_anonymous": True,
        "type": "regular",
        "allows_multiple_answers": False,
        "allows_revoting": False,
        "members_only": False,
    },
    "sticker": _file(type="regular", width=512, height=512, is_animated=False, is_video=False),
    "video": _VIDEO,
    "video_note": _file(length=90, duration=2),
    "voice": _file(duration=2),
}
_ADMIN_RIGHTS = (
    "can_be_edited",
    "is_anonymous",
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_post_messages",
    "can_edit_messages",
)
