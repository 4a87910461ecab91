"""Words as Telegram carries them: commands read, replies as HTML and rows of buttons.

Owns Telegram's limits, the look of a reply and what the channel itself says. Must never import
Telegram's library, talk to a network, or log any word of a reply.
"""

import html
import logging
import re
from dataclasses import dataclass
from itertools import chain
from urllib.parse import urlsplit

from bot.messages import (
    MAX_TAP_BYTES,
    Choices,
    HelpLines,
    ListingCard,
    Message,
    Option,
    Reply,
    Text,
)
from bot.responses import get_line

logger = logging.getLogger(__name__)

# https://core.telegram.org/bots/api#sendmessage, counted in UTF-16 units once markup is parsed.
TEXT_LIMIT = 4096
BUTTON_LIMIT = 100
# Two buttons share a small phone's width only if their words are short.
SHORT_LABEL = 14

WORDS_ONLY = get_line("telegram_words_only")
SORRY = get_line("telegram_sorry")
PICK_ONE = get_line("telegram_pick_one")


@dataclass(frozen=True)
class Command:
    """An entry of the bot's menu: its name, its line in the menu, and the tap it stands for."""

    name: str
    description: str
    tap: str


COMMANDS = tuple(
    Command(name, get_line(f"telegram_command_{name}"), tap)
    for name, tap in (
        ("start", "greet"),
        ("help", "ask_capabilities"),
        ("checkin", "start_check_in"),
        ("privacy", "ask_privacy"),
        ("forget", "forget_me"),
        ("stop", "stop"),
    )
)

_TAPS = {command.name: command.tap for command in COMMANDS}
_COMMAND = re.compile(r"/(?P<name>\w{1,32})(?:@\w+)?(?:\s+(?P<rest>.*))?", re.ASCII | re.DOTALL)
_DEEP_LINK = re.compile(r"[\w-]{1,64}", re.ASCII)


class UnsendableOptionError(ValueError):
    """A button that Telegram would refuse. Its message names the limit, never the button."""


@dataclass(frozen=True)
class OutgoingMessage:
    """One Telegram message: HTML of 1 to 4,096 UTF-16 units once parsed, and rows of buttons."""

    html: str
    rows: tuple[tuple[Option, ...], ...] = ()


@dataclass(frozen=True)
class _Line:
    """A line of a message as it is read (`plain`, measured) and as it is sent (`html`)."""

    plain: str
    html: str


def read_words(words: str) -> Message:
    """What a person typed, as a message.

    A command stands for a button. One followed by words is read as words: whoever writes
    "/help he is hurting me" must be heard. The payload of a link, after /start, is left out.
    """
    command = _COMMAND.fullmatch(words)
    if command is None:
        return Message(text=words)
    name, rest = command["name"].lower(), (command["rest"] or "").strip()
    if rest and not (name == "start" and _DEEP_LINK.fullmatch(rest)):
        return Message(text=f"{command['name']} {rest}")
    return Message(tap=_TAPS.get(name, "ask_capabilities"))


def refuse_groups(username: str) -> str:
    """What is said in a group before leaving it."""
    return get_line("telegram_not_in_groups", address=f"https://t.me/{username}")


def render(reply: Reply, *, strict: bool = False) -> list[OutgoingMessage]:
    """The reply as messages in order; its buttons are under the last one.

    `strict` raises UnsendableOptionError for a button over Telegram's limits, which is otherwise
    left out and logged. Empty text without buttons gives an empty list.
    """
    match reply:
        case Text(text):
            return _bubbles(_lines(text))
        case Choices(text, options):
            buttons = rows(options, strict=strict)
            lines = _lines(text)
            return _bubbles(lines if lines or not buttons else _lines(PICK_ONE), buttons)
        case HelpLines(text, lines):
            # Telegram takes no `tel:` link; phones find a number that stands as plain text.
            numbers = [_lines(f"{line.name}: {line.contact}") for line in lines]
            return _bubbles([*_lines(text), _Line("", ""), *chain.from_iterable(numbers)])
        case ListingCard():
            return _bubbles(_card(reply), rows(reply.options, strict=strict))


def rows(options: tuple[Option, ...], *, strict: bool = False) -> tuple[tuple[Option, ...], ...]:
    """Buttons in rows: two to a row when every label is short, otherwise one.

    Raises UnsendableOptionError under `strict`; see `render`.
    """
    kept = tuple(option for option in options if _is_sendable(option, strict=strict))
    if len(kept) > BUTTON_LIMIT:
        if strict:
            raise UnsendableOptionError(f"more than {BUTTON_LIMIT} buttons")
        logger.warning("left out %d buttons over Telegram's limit", len(kept) - BUTTON_LIMIT)
        kept = kept[:BUTTON_LIMIT]
    width = 2 if all(len(option.label) <= SHORT_LABEL for option in kept) else 1
    return tuple(kept[start : start + width] for start in range(0, len(kept), width))


def split(text: str, limit: int = TEXT_LIMIT) -> list[str]:
    """Pieces of at most `limit` UTF-16 units, cut after a paragraph, a line, a sentence or a word.

    Only white space at the cuts is lost. A word longer than the limit is cut within.
    """
    pieces = []
    rest = text.strip()
    while units(rest) > limit:
        cut = _cut(rest, limit)
        pieces.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*pieces, rest] if rest else pieces


def units(text: str) -> int:
    """Length in UTF-16 code units, as Telegram counts it."""
    return len(text.encode("utf-16-le")) // 2


def escape(text: str) -> str:
    """The text as HTML that Telegram shows unchanged, safe inside an attribute too."""
    return html.escape(text, quote=True)


def _is_sendable(option: Option, *, strict: bool) -> bool:
    if option.label.strip() and 1 <= len(option.tap.encode()) <= MAX_TAP_BYTES:
        return True
    if strict:
        raise UnsendableOptionError(
            f"a button needs a label and a tap of 1 to {MAX_TAP_BYTES} bytes"
        )
    logger.warning("left out a button that Telegram would refuse")
    return False


def _cut(text: str, limit: int) -> int:
    """The index after which to break `text`, whose first `index` characters fit the limit."""
    window = _longest_prefix(text, limit)
    # A cut in the first quarter would leave a scrap, so a lesser kind of break is taken instead.
    for pattern in (r"\n\s*\n", r"\n", r"[.!?…][\"'”’)]*(?=\s)", r"\s"):
        # The character after the window may be the space that follows the last word in it.
        ends = [found.end() for found in re.finditer(pattern, text[: window + 1])]
        fitting = [end for end in ends if window // 4 < end <= window + 1]
        if fitting:
            return fitting[-1]
    return window


def _longest_prefix(text: str, limit: int) -> int:
    """How many characters of `text` fit in `limit` UTF-16 units, at least one."""
    count = 0
    for index, character in enumerate(text):
        count += 2 if ord(character) > 0xFFFF else 1
        if count > limit:
            return max(index, 1)
    return len(text)


def _clean(text: str) -> str:
    """Without lone surrogates and NUL, which no UTF-8 request can carry."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "")


def _lines(text: str) -> list[_Line]:
    return [_Line(piece, escape(piece)) for piece in split(_clean(text))]


def _bubbles(
    lines: list[_Line], buttons: tuple[tuple[Option, ...], ...] = ()
) -> list[OutgoingMessage]:
    """The lines, packed into as few messages as they fit in."""
    packed: list[list[_Line]] = []
    room = 0
    for one in lines:
        needed = units(one.plain) + 1
        if not packed or needed > room:
            packed.append([])
            room = TEXT_LIMIT + 1
        packed[-1].append(one)
        room -= needed
    bodies = [body for group in packed if (body := "\n".join(line.html for line in group).strip())]
    if not bodies:
        return []
    return [*map(OutgoingMessage, bodies[:-1]), OutgoingMessage(bodies[-1], buttons)]


def _card(card: ListingCard) -> list[_Line]:
    """A listing, one labelled fact to a line, in the order in which it is useful to hear."""
    kind = "Have your say" if card.kind == "have_a_say" else card.kind.capitalize()
    run_by = f"run by {card.organisation}" if card.organisation else ""
    facts = [
        # Before the rest: nobody should listen to a whole card to learn that it is closed.
        ("Please note", card.alert),
        ("About", card.description),
        *(("Why", reason) for reason in card.reasons),
        ("When", card.when),
        ("Where", card.where),
        ("Cost", card.cost),
        ("For", card.who),
        ("Wanted", card.wanted),
        ("Access", card.access),
        ("Phone", card.phone),
        ("Email", card.email),
    ]
    return [
        *(_Line(piece.plain, f"<b>{piece.html}</b>") for piece in _lines(card.name)),
        *_lines(", ".join(part for part in (kind, run_by) if part)),
        *(line for label, fact in facts if fact.strip() for line in _lines(f"{label}: {fact}")),
        *_link("Website", _clean(card.website).strip()),
        *_link("Way there", card.directions, "open a map"),
        *_lines(card.notice),
    ]


def _link(label: str, address: str, text: str = "") -> list[_Line]:
    """The address as a link that reads as `text`, or its host; nothing if it is not a web page."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return []
    if parts.scheme not in ("http", "https") or not host or units(address) > 2048:
        return []
    seen = text or host
    return [_Line(f"{label}: {seen}", f'{label}: <a href="{escape(address)}">{escape(seen)}</a>')]
