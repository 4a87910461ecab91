"""Text as Telegram carries it: reads commands, and renders replies as HTML with rows of buttons.

Owns Telegram's limits, the layout of a reply and the channel's own texts. Must never import
Telegram's library, use the network, or log any text of a reply.
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

log = logging.getLogger(__name__)

# https://core.telegram.org/bots/api#sendmessage: counted in UTF-16 units after markup is parsed.
TEXT_LIMIT = 4096
BUTTON_LIMIT = 100
# Two buttons fit side by side on a small phone only if their labels are short.
MAX_SHORT_LABEL = 14

WORDS_ONLY = get_line("telegram_words_only")
UNREADABLE = get_line("telegram_unreadable")
HELP_NOW = get_line("telegram_help_now")
SORRY = get_line("telegram_sorry")
TOO_MANY = get_line("web_too_fast")
PICK_ONE = get_line("telegram_pick_one")


@dataclass(frozen=True)
class Command:
    """An entry of the bot's menu: its name, its description, and the tap it stands for."""

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
_COMMAND_PATTERN = re.compile(
    r"/(?P<name>\w{1,32})(?:@\w+)?(?:\s+(?P<rest>.*))?", re.ASCII | re.DOTALL
)
_DEEP_LINK = re.compile(r"[\w-]{1,64}", re.ASCII)


class UnsendableOptionError(ValueError):
    """Telegram would refuse a button. The message names the limit, never the button."""


@dataclass(frozen=True)
class OutgoingMessage:
    """One Telegram message: HTML of 1 to 4,096 UTF-16 units after parsing, and rows of buttons."""

    html: str
    button_rows: tuple[tuple[Option, ...], ...] = ()


@dataclass(frozen=True)
class _Line:
    """A line of a message as it is shown (`plain`, for its length) and as it is sent (`html`)."""

    plain: str
    html: str


def read_text(text: str) -> Message:
    """The message of a typed text.

    A command stands for a button. A command with text after it is read as text, because
    "/help he is hurting me" must reach the guard. The payload of a link, after /start, is ignored.
    """
    command = _COMMAND_PATTERN.fullmatch(text)
    if command is None:
        return Message(text=text)
    name, rest = command["name"].lower(), (command["rest"] or "").strip()
    if rest and not (name == "start" and _DEEP_LINK.fullmatch(rest)):
        return Message(text=f"{command['name']} {rest}")
    return Message(tap=_TAPS.get(name, "ask_capabilities"))


def refuse_groups(username: str) -> str:
    """The text that is sent to a group before the bot leaves it."""
    return get_line("telegram_not_in_groups", address=f"https://t.me/{username}")


def render(reply: Reply, *, strict: bool = False) -> list[OutgoingMessage]:
    """The reply as messages in order, with its buttons under the last one.

    A button over Telegram's limits is left out and logged; with `strict`, it raises
    UnsendableOptionError. Empty text without buttons gives an empty list.
    """
    match reply:
        case Text(text):
            return _pack(_make_lines(text))
        case Choices(text, options):
            buttons = arrange_buttons(options, strict=strict)
            lines = _make_lines(text)
            return _pack(lines if lines or not buttons else _make_lines(PICK_ONE), buttons)
        case HelpLines(text, lines):
            # Telegram takes no `tel:` link; phones find a number that stands as plain text.
            numbers = [_make_lines(f"{line.name}: {line.contact}") for line in lines]
            return _pack([*_make_lines(text), _Line("", ""), *chain.from_iterable(numbers)])
        case ListingCard():
            return _pack(_make_card_lines(reply), arrange_buttons(reply.options, strict=strict))


def arrange_buttons(
    options: tuple[Option, ...], *, strict: bool = False
) -> tuple[tuple[Option, ...], ...]:
    """Rows of buttons: two in a row if every label is short, otherwise one.

    With `strict`, raises UnsendableOptionError; see `render`.
    """
    sendable = tuple(option for option in options if _is_sendable(option, strict=strict))
    if len(sendable) > BUTTON_LIMIT:
        if strict:
            raise UnsendableOptionError(f"more than {BUTTON_LIMIT} buttons")
        log.warning("left out %d buttons over Telegram's limit", len(sendable) - BUTTON_LIMIT)
        sendable = sendable[:BUTTON_LIMIT]
    width = 2 if all(len(option.label) <= MAX_SHORT_LABEL for option in sendable) else 1
    return tuple(sendable[start : start + width] for start in range(0, len(sendable), width))


def split_text(text: str, limit: int = TEXT_LIMIT) -> list[str]:
    """Pieces of at most `limit` UTF-16 units, split after a paragraph, line, sentence or word.

    Only white space at the splits is lost. A word longer than the limit is split inside.
    """
    pieces = []
    rest = text.strip()
    while count_utf16_units(rest) > limit:
        end = _find_split(rest, limit)
        pieces.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return [*pieces, rest] if rest else pieces


def count_utf16_units(text: str) -> int:
    """The length in UTF-16 code units, as Telegram counts it."""
    return len(text.encode("utf-16-le")) // 2


def escape_html(text: str) -> str:
    """HTML that Telegram shows as the given text; safe inside an attribute too."""
    return html.escape(text, quote=True)


def _is_sendable(option: Option, *, strict: bool) -> bool:
    if option.label.strip() and 1 <= len(option.tap.encode()) <= MAX_TAP_BYTES:
        return True
    if strict:
        raise UnsendableOptionError(
            f"a button needs a label and a tap of 1 to {MAX_TAP_BYTES} bytes"
        )
    log.warning("left out a button that Telegram would refuse")
    return False


def _find_split(text: str, limit: int) -> int:
    """How many characters of `text` to keep before the split; they fit the limit."""
    window = _longest_prefix(text, limit)
    # A split in the first quarter would leave a scrap, so the next kind of break is tried instead.
    for pattern in (r"\n\s*\n", r"\n", r"[.!?…][\"'”’)]*(?=\s)", r"\s"):
        # The character after the window may be the space that follows the last word in it.
        ends = [match.end() for match in re.finditer(pattern, text[: window + 1])]
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
    """The text without lone surrogates and NUL, which a request cannot carry."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "")


def _make_lines(text: str) -> list[_Line]:
    return [_Line(piece, escape_html(piece)) for piece in split_text(_clean(text))]


def _pack(
    lines: list[_Line], buttons: tuple[tuple[Option, ...], ...] = ()
) -> list[OutgoingMessage]:
    """As few messages as the lines fit in; the buttons are under the last one."""
    packed: list[list[_Line]] = []
    room = 0
    for line in lines:
        needed = count_utf16_units(line.plain) + 1
        if not packed or needed > room:
            packed.append([])
            room = TEXT_LIMIT + 1
        packed[-1].append(line)
        room -= needed
    bodies = [body for group in packed if (body := "\n".join(line.html for line in group).strip())]
    if not bodies:
        return []
    return [*map(OutgoingMessage, bodies[:-1]), OutgoingMessage(bodies[-1], buttons)]


def _make_card_lines(card: ListingCard) -> list[_Line]:
    """The lines of a listing: one labelled fact each, the most useful first."""
    kind = "Have your say" if card.kind == "have_a_say" else card.kind.capitalize()
    run_by = f"run by {card.organisation}" if card.organisation else ""
    facts = [
        # First, so that a screen reader says that a place is closed before anything else.
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
        *(_Line(piece.plain, f"<b>{piece.html}</b>") for piece in _make_lines(card.name)),
        *_make_lines(", ".join(part for part in (kind, run_by) if part)),
        *(
            line
            for label, fact in facts
            if fact.strip()
            for line in _make_lines(f"{label}: {fact}")
        ),
        *_make_link("Website", _clean(card.website).strip()),
        *_make_link("Way there", card.directions, "open a map"),
        *_make_lines(card.notice),
    ]


def _make_link(label: str, address: str, text: str = "") -> list[_Line]:
    """A link to the address, shown as `text` or its host; no line if it is not a web page."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return []
    if parts.scheme not in ("http", "https") or not host or count_utf16_units(address) > 2048:
        return []
    link_text = text or host
    anchor = f'<a href="{escape_html(address)}">{escape_html(link_text)}</a>'
    return [_Line(f"{label}: {link_text}", f"{label}: {anchor}")]
