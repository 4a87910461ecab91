"""Recognises what people share about themselves, so that it is acknowledged before any search."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nlu.understanding.negation import Negation
from nlu.understanding.patterns import compile_pattern

COMPANY = "friendly company for people who feel alone"
FEELING_TOPICS = frozenset(
    {"befriending", "mental health", "bereavement", "volunteering in general"}
)
"""Topics that a feeling alone has, without a wish."""
_ENJOYMENT = compile_pattern(r"\b{enjoyment} \w{3,}")


@dataclass(frozen=True)
class Feeling:
    """A feeling that has responses of its own.

    `name` ends the names of those responses; `interest` is what to search for if the person
    would like that.
    """

    name: str
    interest: str
    pattern: re.Pattern[str]


# The feeling that most needs acknowledgement comes first.
FEELINGS = tuple(
    Feeling(name, interest, compile_pattern(rf"\b{{{name}}}\b"))
    for name, interest in (
        ("bereaved", "bereavement group for people who are grieving"),
        ("new", "meet people and make friends when new"),
        ("alone", COMPANY),
    )
)


def recognise_feeling(text: str, negations: Sequence[Negation] = ()) -> Feeling | None:
    """The feeling that `text` plainly speaks of, or None; what it says no to is no feeling."""

    def is_affirmed(words: re.Match[str]) -> bool:
        return not any(no.start <= words.start() < no.end for no in negations)

    return next(
        (feeling for feeling in FEELINGS if any(map(is_affirmed, feeling.pattern.finditer(text)))),
        None,
    )


def mentions_enjoyment(text: str) -> bool:
    """Whether `text` says what the person enjoys, as in "I used to love singing"."""
    return bool(_ENJOYMENT.search(text))
