"""Corrects misspelt words of a query, so that "gardning gruop" finds the gardening group.

Corrects to words of the listings alone. Must never change an English word, nor remember a word
that a person typed.
"""

import re
from collections.abc import Iterable
from functools import cache

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein
from spellchecker import SpellChecker

# Shorter words are too similar to too many others.
_MIN_LENGTH = 5
# One slip in five letters, two in ten; slightly less, to allow for rounding.
_MIN_SIMILARITY = 0.799
_WORD = re.compile(rf"[^\W\d_]{{{_MIN_LENGTH},}}")
# The dictionary has American spellings.
_AMERICAN = (
    (re.compile("our"), "or"),
    (re.compile("is(e|ed|es|er|ers|ing|ation|ations)$"), r"iz\1"),
    (re.compile("tre(s?)$"), r"ter\1"),
    (re.compile("ll(ed|er|ers|ing|or|ors)$"), r"l\1"),
)


class Speller:
    """Corrects towards the `words` of the listings, in lower case."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words: set[str] = set()
        self._by_letter: dict[str, list[str]] = {}
        self.learn(words)

    def learn(self, words: Iterable[str]) -> None:
        """Add words, in lower case."""
        new = {word for word in words if len(word) >= _MIN_LENGTH} - self._words
        self._words |= new
        for word in sorted(new):
            self._by_letter.setdefault(word[0], []).append(word)

    def correct(self, text: str) -> str:
        """`text` with each misspelt word replaced by the most similar word of the listings."""
        return _WORD.sub(lambda word: self._find_closest(word[0].casefold()) or word[0], text)

    def _find_closest(self, word: str) -> str | None:
        if word in self._words or is_word(word):
            return None
        # People seldom get the first letter wrong, and this makes the search twenty times shorter.
        closest = process.extractOne(
            word,
            self._by_letter.get(word[0], ()),
            scorer=DamerauLevenshtein.normalized_similarity,
            score_cutoff=_MIN_SIMILARITY,
        )
        return closest[0] if closest else None


def is_word(word: str) -> bool:
    """Whether `word`, in lower case, is in the dictionary in British or American spelling."""
    known = _load_dictionary()
    return word in known or any(
        (american := pattern.sub(spelling, word)) != word and american in known
        for pattern, spelling in _AMERICAN
    )


@cache
def _load_dictionary() -> SpellChecker:
    return SpellChecker(language="en")
