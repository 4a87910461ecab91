"""Plain text: cleaning what comes from outside, and lists of words in a sentence.

Pure functions of a text. Must never raise: what a source wrote may be anything.
"""

import html
import re
import unicodedata
from collections.abc import Iterable

# Markup that people or systems wrote is gone after three or four passes.
_MAX_PASSES = 12
_BREAK = re.compile(r"<\s*(?:br|/p|/div|/h[1-6]|/tr|/ul|/ol|/section|/article)\b[^<>]*>", re.I)
_ITEM = re.compile(r"<\s*li\b[^<>]*>", re.I)
# `<jo@example.org>` and `<https://example.org>` are not tags: their text stays.
_BRACKETED = re.compile(r"<\s*((?:https?://|www\.)[^\s<>]+|[^\s<>@]+@[^\s<>]+)\s*>", re.I)
# Systems that pass text on may escape it again and again: decode all of it in one pass.
_AMPERSANDS = re.compile(r"&(?:amp;|#0*38;|#x0*26;)+", re.I)
# Comments, scripts and styles with what is in them, and any other tag. A parser would build a tree,
# in a time that grows with the square of the nesting; this reads each letter a few times at most.
_MARKUP = re.compile(
    r"""<!--(?:-?>|.*?(?:--!?>|\Z))
    |<(script|style)(?=[\s/>]).*?(?:</\1(?=[\s/>])[^>]*>?|\Z)
    |<[a-z/!?](?:[^<>"']|"[^<"]*"|'[^<']*')*+>
    |<[a-z/!?][^<>]*>?""",
    re.I | re.S | re.X,
)
# Stands for markup, so that what was around it cannot become markup by moving together.
_GAP = "\u200b"
# No character has so long a number, and Python refuses to read the longest.
_LONG_NUMBER = re.compile(r"&#[0-9]{9,};?")
# Control characters, halves of surrogate pairs, and zero-width marks.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u200b\ufeff\ufffe\uffff\ud800-\udfff]"
)
FORMULA_START = re.compile(r"[=+\-@＝＋－＠\t\r\n]")
"""The first character of a cell that a spreadsheet may run as a formula, or skip before one.

Some spreadsheets take the full-width signs for the plain ones:
https://owasp.org/www-community/attacks/CSV_Injection
"""
_UNSAFE_CELL = re.compile(f"'*{FORMULA_START.pattern}")
_ESCAPED_CELL = re.compile(f"'+{FORMULA_START.pattern}")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_SPACES = re.compile(r"[^\S\n]+")
_BLANK_LINES = re.compile(r"\s*\n\s*")


def clean_text(markup: str) -> str:
    """Turn HTML into plain text: one line per paragraph or list item, entities decoded.

    Markup that was escaped, even more than once, is removed too. Never raises.
    """
    for _ in range(_MAX_PASSES):
        text = _clean_once(markup)
        if text == markup:
            return text
        markup = text
    # Built to never settle: without these two characters, no tag or entity can remain.
    return _clean_once(re.sub("[&<]", "", markup))


def _clean_once(markup: str) -> str:
    text = drop_unprintable(markup)
    if "<" in text or "&" in text:
        unescaped = _AMPERSANDS.sub("&", _BRACKETED.sub(r" \1 ", text))
        lines = _ITEM.sub("\n- ", _BREAK.sub("\n", unescaped))
        plain = _LONG_NUMBER.sub("\ufffd", _MARKUP.sub(_GAP, lines))
        text = drop_unprintable(html.unescape(plain))
    return _BLANK_LINES.sub("\n", _SPACES.sub(" ", text)).strip()


def drop_unprintable(text: str) -> str:
    """Remove the characters that screens, databases or the encoder cannot handle."""
    return _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def escape_cell(cell: str) -> str:
    """The cell with an apostrophe in front, if a spreadsheet may take it for a formula.

    Numbers stay as they are. `unescape_cell` removes the apostrophe.
    """
    return f"'{cell}" if _UNSAFE_CELL.match(cell) and not _NUMBER.fullmatch(cell) else cell


def unescape_cell(cell: str) -> str:
    """The cell before `escape_cell`."""
    return cell[1:] if _ESCAPED_CELL.match(cell) else cell


def join_words(words: Iterable[str], conjunction: str = "and") -> str:
    """The words as a list in a sentence: "a, b and c"."""
    *head, last = list(words) or [""]
    return f"{', '.join(head)} {conjunction} {last}" if head else last


def fold(text: str) -> str:
    """The text in lower case and without accents, for comparing words."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    # A text has few distinct characters, and import time counts each call.
    marks = filter(unicodedata.combining, set(plain))
    return plain.translate(dict.fromkeys(map(ord, marks)))
