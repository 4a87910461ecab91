"""The messages that a person can send and the replies to them, in any channel.

These types cross between `bot.conversation` and the channels. Must never import a channel, Rasa
or a database.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

MAX_TAP_BYTES = 64
"""Telegram's limit for a button's callback data, in bytes of UTF-8."""
MAX_MESSAGE_LENGTH = 1000
"""How much of a message Rasa reads, in characters. Residents write far less."""


@dataclass(frozen=True)
class Message:
    """One thing that a person sent: exactly one of the three is set.

    `text` is as typed. `tap` is the `tap` of an `Option` offered before, at most MAX_TAP_BYTES
    long. `location` is (latitude, longitude) in WGS84 degrees. `open_checkin` is the check-in's
    question that the person was shown last, as the reply carried it; empty if none is open.

    `number` is the channel's, for a message that the person can edit later, and unique within the
    conversation. If `is_edit`, the text replaces what the message with this number said before.
    """

    text: str | None = None
    tap: str | None = None
    location: tuple[float, float] | None = None
    open_checkin: str = ""
    number: int | None = field(default=None, compare=False)
    is_edit: bool = False

    def __post_init__(self) -> None:
        if sum(part is not None for part in (self.text, self.tap, self.location)) != 1:
            raise ValueError("a message holds exactly one of text, tap and location")
        if self.text is not None:
            # A lone UTF-16 surrogate is not a character, and no database or model accepts it.
            cleaned = self.text.encode("utf-8", "replace").decode()
            object.__setattr__(self, "text", cleaned)


@dataclass(frozen=True)
class Option:
    """A button: its label, and what it sends when pressed."""

    label: str
    tap: str


@dataclass(frozen=True)
class Text:
    """One or more paragraphs, separated by newlines. Plain text, never markup."""

    text: str


@dataclass(frozen=True)
class Choices:
    """A question or remark with buttons under it.

    The first `answers` of the options are the answers to a single-choice question, which a
    channel may show as radio buttons. The others lead elsewhere. `open_checkin` is empty, except
    for a page of a check-in: it is the tap that shows this page again. The channel holds it and
    sends it with the next message. An answer in which no reply has one ends the check-in.
    """

    text: str
    options: tuple[Option, ...]
    answers: int = 0
    open_checkin: str = ""


@dataclass(frozen=True)
class HelpLine:
    """One helpline. `link` is a `tel:`, `sms:` or `https:` URL."""

    name: str
    contact: str
    link: str


@dataclass(frozen=True)
class HelpLines:
    """The crisis guard's answer: a text, then whom to call.

    `open_checkin` is that of `Choices`, for a check-in that waits meanwhile.
    """

    text: str
    lines: tuple[HelpLine, ...]
    open_checkin: str = ""


@dataclass(frozen=True)
class ListingCard:
    """A listing as a resident sees it. An empty string means "not known".

    - `reasons`: why it fits, each true of the listing.
    - `alert`: the group's own news, such as "Temporarily closed".
    - `notice`: must be shown, because it marks the fictional example town.
    - `description`: whole in the details; on a card empty, or its start if the listing gives
      neither time nor place.
    - `who`: whom the listing is for. `wanted`: the skills and time it asks of volunteers.
    - `directions`: the URL of a map. `point`: (latitude, longitude) in WGS84 degrees.
    - `calendar`: whether its times are available as a calendar file.
    - `asides`: options that a channel with little room leaves out.
    """

    listing_id: int
    name: str
    kind: str
    organisation: str
    reasons: tuple[str, ...]
    when: str
    where: str
    cost: str
    access: str
    alert: str
    notice: str
    description: str
    website: str
    phone: str
    email: str
    options: tuple[Option, ...]
    who: str = ""
    wanted: str = ""
    directions: str = ""
    calendar: bool = False
    point: tuple[float, float] | None = None
    asides: tuple[Option, ...] = ()


Reply = Text | Choices | HelpLines | ListingCard


def find_open_checkin(replies: Sequence[Reply]) -> str:
    """The check-in's question that is open after these replies; empty if none is."""
    found = [getattr(reply, "open_checkin", "") for reply in replies]
    return next((tap for tap in reversed(found) if tap), "")


SendEarly = Callable[[list[Reply]], Awaitable[None]]
"""Sends replies that cannot wait for the answer. Must not raise."""


class Responder(Protocol):
    """What a channel needs from a conversation. `sender` names a person within the channel.

    `client` is whom limits count and who shares a turn when many write at once, such as a
    household's address; by default the sender. A channel that can send something before the answer
    gives `send_early`.
    """

    async def answer(
        self,
        sender: str,
        message: Message,
        *,
        client: str | None = None,
        send_early: SendEarly | None = None,
    ) -> list[Reply]: ...

    async def forget(self, sender: str) -> None: ...


_TYPE_NAMES: dict[type, str] = {
    Text: "text",
    Choices: "choices",
    HelpLines: "help_lines",
    ListingCard: "listing",
}


def to_json(reply: Reply) -> dict[str, Any]:
    """The reply in the web API's form: its fields and a `type`."""
    return {"type": _TYPE_NAMES[type(reply)], **asdict(reply)}
