"""Finds what a message says no to, by a learnt reading of where each "no" begins and ends.

A conditional random field labels every word; `negation_training.py` learns it from
`negation_examples.txt`. Rules for single words fail here: "no evenings" refuses and "no idea" does
not, and in "no bingo or quizzes" the "no" reaches to the end. Never raises.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from threading import Lock
from typing import Literal

import pycrfsuite

NegationKind = Literal["refused", "denied", "not_needed"]

MODEL_FILE = Path(__file__).with_name("negation.crfsuite")
VOCABULARY_FILE = Path(__file__).with_name("negation_vocabulary.txt")

_TOKEN = re.compile(r"[\w'-]+|[^\w\s]")
_TIME = re.compile(
    r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?s?"
    r"|(?:morning|afternoon|evening|night|weekend|weekday|lunchtime|day)s?|daytime|christmas",
    re.IGNORECASE,
)
_WINDOW = range(-3, 4)


@dataclass(frozen=True)
class Negation:
    """A thing that a message says no to; all positions are in characters of the message.

    `refused` is kept away from, `denied` is said not to be so or not had ("I have no car"), and
    `not_needed` is a wish taken back ("it need not be free"). `clause_start` and `clause_end` hold
    the words that say no as well, perhaps those of several things.
    """

    kind: NegationKind
    start: int
    end: int
    clause_start: int
    clause_end: int


@dataclass(frozen=True)
class Token:
    """A word or a mark of punctuation."""

    text: str
    start: int
    end: int


def split_tokens(text: str) -> list[Token]:
    """The words and the marks of punctuation in `text`, in order."""
    return [Token(match[0], match.start(), match.end()) for match in _TOKEN.finditer(text)]


def find_negations(text: str) -> tuple[Negation, ...]:
    """What `text`, with straight apostrophes, says no to, in order."""
    tokens = split_tokens(text)
    if not tokens:
        return ()
    labels = _label([token.text for token in tokens])
    return tuple(_read_labels(tokens, labels))


def cut_clauses(text: str, negations: Iterable[Negation]) -> str:
    """`text` with blanks in place of all that it says no to."""
    for negation in negations:
        blank = " " * (negation.clause_end - negation.clause_start)
        text = text[: negation.clause_start] + blank + text[negation.clause_end :]
    return text


def describe_tokens(words: Sequence[str], vocabulary: frozenset[str]) -> list[list[str]]:
    """The features of each word: itself and its neighbours, if `vocabulary` holds them.

    Other words are known by their form alone, because what is refused may be anything.
    """
    known = [_normalise(word, vocabulary) for word in words]
    return [_describe(known, position) for position in range(len(known))]


def simplify(word: str) -> str:
    """`word` as the vocabulary holds it: in small letters, without apostrophes."""
    return word.casefold().replace("'", "")


def _normalise(word: str, vocabulary: frozenset[str]) -> str:
    plain = simplify(word)
    if _TIME.fullmatch(plain):
        return "<time>"
    if plain in vocabulary:
        return plain
    if plain.isdigit():
        return "<number>"
    return "<ing>" if plain.endswith("ing") else "<s>" if plain.endswith("s") else "<word>"


def _describe(known: Sequence[str], position: int) -> list[str]:
    def word(offset: int) -> str:
        index = position + offset
        return known[index] if 0 <= index < len(known) else "<end>"

    features = [f"{offset}={word(offset)}" for offset in _WINDOW]
    features += [
        f"{first},{second}={word(first)} {word(second)}"
        for first, second in ((-3, -2), (-2, -1), (-1, 0), (0, 1), (1, 2), (-2, 0))
    ]
    features.append(f"-2,-1,0={word(-2)} {word(-1)} {word(0)}")
    features.append(f"0,1,2={word(0)} {word(1)} {word(2)}")
    features.append(f"-3,-2,-1={word(-3)} {word(-2)} {word(-1)}")
    features.append(f"1,2,3={word(1)} {word(2)} {word(3)}")
    return features


def _read_labels(tokens: Sequence[Token], labels: Sequence[str]) -> Iterator[Negation]:
    """The things among the labelled tokens. A label is a kind, a kind after "no ", or "other"."""
    runs = groupby(zip(tokens, labels, strict=True), lambda pair: pair[1].removeprefix("no "))
    for kind, run in runs:
        clause = list(run)
        if kind not in ("refused", "denied", "not_needed"):
            continue
        for label, group in groupby(clause, lambda pair: pair[1]):
            if label == kind:
                thing = [token for token, _ in group]
                yield Negation(
                    kind,
                    thing[0].start,
                    thing[-1].end,
                    clause[0][0].start,
                    clause[-1][0].end,
                )


_LOCK = Lock()  # a tagger holds the words that it labels


def _label(words: Sequence[str]) -> list[str]:
    tagger, vocabulary = _load_model()
    features = describe_tokens(words, vocabulary)
    with _LOCK:
        labels: list[str] = tagger.tag(features)
    return labels


@cache
def _load_model() -> tuple[pycrfsuite.Tagger, frozenset[str]]:
    tagger = pycrfsuite.Tagger()
    tagger.open(str(MODEL_FILE))
    return tagger, frozenset(VOCABULARY_FILE.read_text("utf-8").split())
