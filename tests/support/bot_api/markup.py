"""Telegram's HTML, parsed as the Bot API parses it.

Owns nothing but the grammar of https://core.telegram.org/bots/api#html-style.
"""

import html
import re
from dataclasses import dataclass
from typing import Any

TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}
_TOKEN = re.compile(
    r"<(?P<close>/?)(?P<tag>[^\s<>/]*)(?P<attributes>(?:\s[^<>]*)?)>"
    r"|&(?P<entity>#x?[0-9a-fA-F]+|lt|gt|amp|quot);"
    r"|(?P<stray><)",
)
_HREF = re.compile(r"""\shref\s*=\s*(?:"([^"]*)"|'([^']*)'|(\S+))""")


class MarkupError(ValueError):
    """The Bot API's error description, without "Bad Request: "."""


@dataclass
class _Open:
    tag: str
    offset: int
    href: str


def units(text: str) -> int:
    """Length in UTF-16 code units, the unit of every limit and offset."""
    return len(text.encode("utf-16-le")) // 2


def parse(source: str) -> tuple[str, list[dict[str, Any]]]:
    """The text as shown and its entities, offsets in UTF-16 units. Raises MarkupError."""
    text = ""
    entities: list[dict[str, Any]] = []
    stack: list[_Open] = []
    position = 0
    for token in _TOKEN.finditer(source):
        text += source[position : token.start()]
        position = token.end()
        where = f"at byte offset {len(source[: token.start()].encode())}"
        tag = (token["tag"] or "").lower()
        if token["entity"]:
            text += html.unescape(token[0])
        elif token["stray"] or (not token["close"] and tag not in TAGS):
            raise MarkupError(f'can\'t parse entities: Unsupported start tag "{tag}" {where}')
        elif not token["close"]:
            stack.append(_Open(tag, units(text), _href(token["attributes"])))
        elif not stack:
            raise MarkupError(f"can't parse entities: Unexpected end tag {where}")
        elif stack[-1].tag != tag:
            raise MarkupError(
                f"can't parse entities: Unmatched end tag {where}, "
                f'expected "</{stack[-1].tag}>", found "</{tag}>"'
            )
        else:
            entities += _entity(stack.pop(), units(text))
    if stack:
        raise MarkupError(
            "can't parse entities: Can't find end tag corresponding to start tag "
            f'"{stack[-1].tag}"'
        )
    return _trim(text + source[position:], entities)


def _href(attributes: str) -> str:
    match = _HREF.search(attributes)
    return html.unescape(next(filter(None, match.groups()), "")) if match else ""


def _entity(opened: _Open, end: int) -> list[dict[str, Any]]:
    kind = TAGS[opened.tag]
    if end == opened.offset:
        return []
    entity: dict[str, Any] = {"type": kind, "offset": opened.offset, "length": end - opened.offset}
    if kind == "text_link":
        if not re.match(r"(https?|tg|mailto)://?\S+|mailto:\S+", opened.href):
            return []
        entity["url"] = opened.href
    return [entity]


def _trim(text: str, entities: list[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    """Remove white space at both ends, as Telegram does."""
    lead = units(text) - units(text.lstrip())
    shown = text.strip()
    moved = [{**entity, "offset": max(0, entity["offset"] - lead)} for entity in entities]
    return shown, sorted(moved, key=lambda entity: entity["offset"])
