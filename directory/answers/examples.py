"""Reads the written examples that the answers are learnt from.

Owns the formats of `aspects.yml`, `town_questions.txt`, `written_questions.txt`, `verdicts.txt` and
`asking.txt`. Knows no model.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

import yaml

from directory.answers.statements import Statement
from directory.listing import Listing

Verdict = Literal["yes", "no", "text", "not_said"]
VERDICTS: tuple[Verdict, ...] = ("yes", "no", "text", "not_said")

_ASKS = {"asks": 1, "asks_opposite": -1, "asks_open": 0}
_SAYS = {"states": 1, "denies": -1, "tells": 0}


@dataclass(frozen=True)
class AspectExample:
    """A question or a statement about an aspect.

    `stance` is 1 for the aspect's proposition, -1 against it, and 0 for neither.
    """

    text: str
    aspect: str
    is_question: bool
    stance: int


@dataclass(frozen=True)
class JudgedQuestion:
    """A question with its right verdict, and `shown_by`: words of the listing, or "[field]"."""

    question: str
    verdict: Verdict
    shown_by: str


@dataclass(frozen=True)
class JudgedListing:
    """A listing with judged questions."""

    listing: Listing
    questions: tuple[JudgedQuestion, ...]


@dataclass(frozen=True)
class JudgedPair:
    """A question, whether the answer is yes, and the statement that shows it."""

    question: str
    is_yes: bool
    statement: str


def _read_lines(name: str) -> Iterator[str]:
    for line in (files("directory.answers") / name).read_text("utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            yield line


def load_asking_examples() -> list[tuple[str, bool]]:
    """Messages, each with whether it asks about listings that were shown."""
    pairs = (line.rsplit("|", 1) for line in _read_lines("asking.txt"))
    return [(message.strip(), act.strip() == "asks") for message, act in pairs]


@cache
def load_aspect_examples() -> tuple[AspectExample, ...]:
    """All examples of `aspects.yml`, in its order."""
    aspects = yaml.safe_load((files("directory.answers") / "aspects.yml").read_text("utf-8"))
    return tuple(
        AspectExample(text, aspect, group in _ASKS, (_ASKS | _SAYS)[group])
        for aspect, groups in aspects.items()
        for group, texts in groups.items()
        for text in texts
    )


def load_judged_pairs() -> list[JudgedPair]:
    """The pairs of `verdicts.txt`."""
    pairs = []
    for line in _read_lines("verdicts.txt"):
        question, verdict, statement = (part.strip() for part in line.split("|"))
        pairs.append(JudgedPair(question, verdict == "yes", statement))
    return pairs


def load_written_listings() -> list[JudgedListing]:
    """The made-up listings of `written_questions.txt`."""
    judged: list[JudgedListing] = []
    lines: list[str] = []
    questions: list[JudgedQuestion] = []

    def finish() -> None:
        if questions:
            listing = Listing(str(len(judged)), lines[0], "group", "\n".join(lines[1:]))
            judged.append(JudgedListing(listing, tuple(questions)))
        lines.clear()
        questions.clear()

    for line in _read_lines("written_questions.txt"):
        if line.startswith(">"):
            if questions:
                finish()
            lines.append(line[1:].strip())
        else:
            questions.append(_read_question(line))
    finish()
    return judged


def load_town_listings(listings: Sequence[Listing]) -> list[JudgedListing]:
    """The listings of the example town that `town_questions.txt` asks about."""
    by_key = {listing.key: listing for listing in listings}
    questions: dict[str, list[JudgedQuestion]] = {}
    key = ""
    for line in _read_lines("town_questions.txt"):
        if "|" in line:
            questions[key].append(_read_question(line))
        else:
            key = line.strip()
            questions[key] = []
    return [JudgedListing(by_key[key], tuple(judged)) for key, judged in questions.items()]


def _read_question(line: str) -> JudgedQuestion:
    question, verdict, shown_by = (part.strip() for part in line.split("|"))
    known = next(name for name in VERDICTS if name == verdict)
    return JudgedQuestion(question, known, shown_by)


def shows(statement: Statement, shown_by: str) -> bool:
    """Whether a statement holds what a judge named: the field, or the words."""
    if not shown_by:
        return False
    if shown_by.startswith("["):
        field = shown_by.strip("[]")
        return statement.field == field or (field, statement.field) == ("schedule", "dates")
    words, evidence = shown_by.casefold(), statement.evidence.casefold()
    return words in evidence or (len(evidence) > 15 and evidence.rstrip(".") in words)
