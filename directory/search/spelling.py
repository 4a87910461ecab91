"""Misspelt words put right, so that "gardning gruop" finds the gardening group.

Corrects towards the listings' own words alone. Must never change a word that is one, nor remember a
word that somebody typed.
"""

import re
from collections.abc import Iterable
from functools import cache

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein
from spellchecker import SpellChecker

# Shorter words are too near to too many others.
_SHORTEST = 5
# One slip in five letters, two in ten; a hair below, as floats go.
_ALIKE = 0.799
_WORD = re.compile(rf"[^\W\d_]{{{_SHORTEST},}}")
# The dictionary spells as Americans do.
_AMERICAN = (
    (re.compile("our"), "or"),
    (re.compile("is(e|ed|es|er|ers|ing|ation|ations)$"), r"iz\1"),
    (re.compile("tre(s?)$"), r"ter\1"),
    (re.compile("ll(ed|er|ers|ing|or|ors)$"), r"l\1"),
)


class Speller:
    """Knows the `words` of the listings, in lower case."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words: set[str] = set()
        self._by_letter: dict[str, list[str]] = {}
        self.learn(words)

    def learn(self, words: Iterable[str]) -> None:
        """Know more words, in lower case."""
        new = {word for word in words if len(word) >= _SHORTEST} - self._words
        self._words |= new
        for word in sorted(new):
            self._by_letter.setdefault(word[0], []).append(word)

    def correct(self, text: str) -> str:
        """`text` with each misspelt word replaced by the closest of the listings' own."""
        return _WORD.sub(lambda found: self._find_closest(found[0].casefold()) or found[0], text)

    def _find_closest(self, word: str) -> str | None:
        if word in self._words or is_word(word):
            return None
        # People seldom get the first letter wrong, and the search is twenty times shorter.
        found = process.extractOne(
            word,
            self._by_letter.get(word[0], ()),
            scorer=DamerauLevenshtein.normalized_similarity,
            score_cutoff=_ALIKE,
        )
        return found[0] if found else None


def is_word(word: str) -> bool:
    """Whether `word`, in lower case, is in the dictionary, spelt the British or American way."""
    known = _dictionary()
    return word in known or any(
        (american := pattern.sub(spelling, word)) != word and american in known
        for pattern, spelling in _AMERICAN
    )


@cache
def _dictionary() -> SpellChecker:
    return SpellChecker(language="en")
