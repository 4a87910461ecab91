"""Finds the words of a text that may name a place.

Pure functions of a text. Must know nothing of which places there are.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from directory.places import PLACE_WORD, make_place_key
from directory.search.common_place_words import COMMON_PLACE_WORDS

_MAX_NAME_WORDS = 6
_MAX_WORDS = 80
_PREPOSITIONS = frozenset("in near from around at by outside nearby".split())
# Before a preposition, these show that a place follows, even where its name is also a word.
_LIVING = frozenset("live lives lived living based am im are stay staying born moved".split())
_COURTESY = frozenset("please thanks thank you uk england wales scotland cheers ta".split())
_DATES = frozenset(
    "january february march april may june july august september october november december "
    "monday tuesday wednesday thursday friday saturday sunday".split()
)


@dataclass(frozen=True)
class PlaceMention:
    """Words of a text that may be a name: their place key, and what suggests that they are one.

    `is_whole_text` is whether the rest of the text is only "please" and the like.
    """

    key: str
    start: int
    words: int
    is_whole_text: bool
    is_capitalised: bool
    follows_preposition: bool
    follows_living: bool

    @property
    def is_place(self) -> bool:
        """Whether the text shows that this is a place."""
        if self.is_whole_text:
            return True
        if self.key in _DATES:
            return False
        if self.key in COMMON_PLACE_WORDS:
            return self.follows_living or (self.is_capitalised and self.follows_preposition)
        return self.is_capitalised or self.follows_preposition

    @property
    def is_word(self) -> bool:
        """Whether it is an English word or a date as well."""
        return self.key in COMMON_PLACE_WORDS or self.key in _DATES


def find_place_mentions(text: str) -> Iterator[PlaceMention]:
    """Every run of words that may be a name, by where it starts, the longest first."""
    matches = list(PLACE_WORD.finditer(text))[:_MAX_WORDS]
    words = [make_place_key(match[0]) for match in matches]
    is_all_capitals = not any(letter.islower() for letter in text)
    content = [number for number, word in enumerate(words) if word not in _COURTESY]
    for start in range(len(matches)):
        for length in range(min(_MAX_NAME_WORDS, len(matches) - start), 0, -1):
            end = start + length
            follows_preposition = start > 0 and words[start - 1] in _PREPOSITIONS
            yield PlaceMention(
                key=" ".join(words[start:end]),
                start=start,
                words=length,
                is_whole_text=bool(content) and start <= content[0] and content[-1] < end,
                is_capitalised=not is_all_capitals and _is_capitalised(text, matches[start:end]),
                follows_preposition=follows_preposition,
                follows_living=follows_preposition and start > 1 and words[start - 2] in _LIVING,
            )


def _is_capitalised(text: str, words: Sequence[re.Match[str]]) -> bool:
    """Whether the words are capitalised as a name is, and not only as a sentence's first word."""
    before = text[: words[0].start()].rstrip(" \t\"'“‘(")
    first_is_upper = words[0][0][0].isupper()
    is_mid_sentence = bool(before) and before[-1] not in ".!?\n:"
    # Short words such as "on" stay small in names.
    others = [match[0][0].isupper() for match in words[1:] if len(match[0]) > 3]
    return first_is_upper and (is_mid_sentence or bool(others)) and all(others)
