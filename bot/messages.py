"""What a person can send and what can be said back, free of any channel.

Owns the shapes that cross between `bot.conversation` and the channels. Must
never import a channel, Rasa or a database.
"""

from dataclasses import asdict, dataclass
from typing import Any, Protocol

# Telegram's limit for what a button sends back, in bytes of UTF-8.
TAP_BYTES = 64
# Rasa reads this much of a message; what residents write is far shorter.
MOST_CHARACTERS = 1000


@dataclass(frozen=True)
class Message:
    """One thing a person sent: exactly one of the three is set.

    Shapes: `text` as typed; `tap` is the `tap` of an `Option` offered before, at
    most 64 bytes of UTF-8 (Telegram's limit for callback data); `location` is
    (latitude, longitude) in WGS84 degrees.
    """

    text: str | None = None
    tap: str | None = None
    location: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if sum(part is not None for part in (self.text, self.tap, self.location)) != 1:
            raise ValueError("a message holds exactly one of text, tap and location")
        if self.text is not None:
            # Half of a pair of UTF-16 units is no letter, and no database or model takes it.
            cleaned = self.text.encode("utf-8", "replace").decode()
            object.__setattr__(self, "text", cleaned)


@dataclass(frozen=True)
class Option:
    """A button: what it says, and what pressing it sends back."""

    label: str
    tap: str


@dataclass(frozen=True)
class Text:
    """A paragraph or a few, parted by newlines. Plain text, never markup."""

    text: str


@dataclass(frozen=True)
class Choices:
    """A question or remark with buttons under it.

    The first `answers` of the options answer a question of which one is to be picked; a
    channel that has radio buttons may show them so. The others lead elsewhere.
    """

    text: str
    options: tuple[Option, ...]
    answers: int = 0


@dataclass(frozen=True)
class HelpLine:
    """One place to turn to at once. `link` is a `tel:` or `sms:` address."""

    name: str
    contact: str
    link: str


@dataclass(frozen=True)
class HelpLines:
    """The crisis guard's answer: words first, then who to call."""

    text: str
    lines: tuple[HelpLine, ...]


@dataclass(frozen=True)
class ListingCard:
    """A listing as a resident sees it. An empty string means "not known".

    `reasons` say why it fits, each true of the listing. `notice` must be shown
    (it marks the fictional example town); `alert` is the group's own news, such
    as "Temporarily closed". `who` is whom it is for, `wanted` the skills and time it asks of
    volunteers. `directions` is a map's address. `description` is whole when details were
    asked; else it is empty, or begins where neither time nor place is known. `calendar` tells
    that its times can be had for a calendar, `point` is (latitude, longitude) in WGS84 degrees.
    `asides` are options that a channel with little room leaves out.
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


class Responder(Protocol):
    """What a channel talks to. `sender` names a person within the channel; it is hashed there."""

    async def answer(self, sender: str, message: Message) -> list[Reply]: ...

    async def forget(self, sender: str) -> None: ...


_TAGS: dict[type, str] = {
    Text: "text",
    Choices: "choices",
    HelpLines: "help_lines",
    ListingCard: "listing",
}


def to_json(reply: Reply) -> dict[str, Any]:
    """The reply as the web API sends it: its fields and a `type`."""
    return {"type": _TAGS[type(reply)], **asdict(reply)}
