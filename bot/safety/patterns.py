"""Patterns of the surest signs of danger, read from `patterns.yml`.

Needs no model and no network. Must never keep a message, log it, or quote it in an error.
"""

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

import yaml

Kind = Literal[
    "suicide", "self_harm", "danger", "abuse", "medical", "overdose", "child", "someone_else"
]


@dataclass(frozen=True)
class Matches:
    """The kinds of danger that match, in file order.

    `has_past_or_denied` is True if a match was ignored because it is denied or well in the past.
    """

    crisis: tuple[Kind, ...]
    has_past_or_denied: bool


@dataclass(frozen=True)
class _Patterns:
    crisis: tuple[tuple[Kind, re.Pattern[str]], ...]
    past: re.Pattern[str]
    present: re.Pattern[str]
    denial: re.Pattern[str]


@cache
def load_patterns() -> _Patterns:
    """The compiled patterns. Raises re.error or KeyError if the file is broken."""
    document = yaml.safe_load(files("bot.safety").joinpath("patterns.yml").read_text("utf-8"))
    pieces = {name: piece.replace("| ", "|") for name, piece in document["pieces"].items()}

    def compile_pattern(pattern: str) -> re.Pattern[str]:
        pattern = re.sub(r"<([a-z]+)>", lambda match: pieces[match[1]], pattern)
        return re.compile(rf"(?<!\w)(?:{pattern})(?!\w)")

    return _Patterns(
        crisis=tuple(
            (kind, compile_pattern(pattern))
            for kind, patterns in document["crisis"].items()
            for pattern in patterns
        ),
        past=compile_pattern(document["past"].replace("| ", "|")),
        present=compile_pattern(document["present"].replace("| ", "|")),
        denial=re.compile(rf"(?<!\w)(?:{document['denial'].replace('| ', '|')}) $"),
    )


def match_patterns(text: str) -> Matches:
    """The matches in a normalised message. Never raises."""
    patterns = load_patterns()
    has_past_or_denied = False
    crisis: dict[Kind, None] = {}
    for kind, pattern in patterns.crisis:
        for match in pattern.finditer(text):
            sentence = _find_sentence(text, match.start(), match.end())
            is_past = patterns.past.search(sentence) and not patterns.present.search(sentence)
            if is_past or patterns.denial.search(text[: match.start()]):
                has_past_or_denied = True
            else:
                crisis[kind] = None
    return Matches(tuple(crisis), has_past_or_denied)


def _find_sentence(text: str, start: int, end: int) -> str:
    """The sentence around the characters from `start` to `end`."""
    stop = text.find(" .", end)
    return text[text.rfind(". ", 0, start) + 1 : stop if stop >= 0 else len(text)]
