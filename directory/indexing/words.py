"""Splits text into words and stems, and weighs the terms of a listing by BM25.

A term's impact depends on its listing alone: it is computed once, at import, and no other listing
has to be counted again. A change here changes stored entries: `entries.VERSION` must grow with it.
"""

import re
import zlib
from collections import Counter
from functools import cache

import numpy as np
import Stemmer
from numpy.typing import NDArray

from directory.indexing.stop_words import STOP_WORDS

TERM = np.dtype([("term", "<u4"), ("impact", "<f2")])
Terms = NDArray[np.void]
"""Of dtype `TERM`: each stem's number, and its impact."""

# BM25's saturation and length normalisation. The average length is fixed, or each new listing
# would change the impact of every word in all the others.
_K1, _B = 1.5, 0.75
_AVERAGE_LENGTH = 70.0
_TOKEN = re.compile(r"\b\w\w+\b")
# A word as a person counts it: "children's" and "men’s" are one, "arts-and-crafts" three.
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_LETTERS = re.compile(r"[^\W\d_]+")


def find_stems(text: str) -> list[str]:
    """The stems of the words in `text` that are not stop words, in order."""
    stems: list[str] = _load_stemmer().stemWords(find_content_words(text))
    return stems


def find_content_words(text: str) -> list[str]:
    """The words in `text` that are not stop words, in lower case and in order."""
    return [word for word in _TOKEN.findall(text.lower()) if word not in STOP_WORDS]


def find_words(text: str) -> list[str]:
    """The distinct words in lower case, in order."""
    return list(dict.fromkeys(_WORD.findall(text.casefold())))


def find_spellings(text: str) -> set[str]:
    """The words made of letters alone, in lower case."""
    return set(_LETTERS.findall(text.casefold()))


def number_stem(stem: str) -> int:
    """The stem's number. In a vocabulary of 100,000, one pair of stems at most shares a number."""
    return zlib.crc32(stem.encode())


def weigh_terms(text: str) -> Terms:
    """The terms of a listing's text with their impacts, sorted by number."""
    counts = Counter(map(number_stem, find_stems(text)))
    terms = np.zeros(len(counts), dtype=TERM)
    terms["term"] = sorted(counts)
    frequency = np.array([counts[term] for term in terms["term"].tolist()], dtype=np.float32)
    length = _K1 * (1 - _B + _B * float(frequency.sum()) / _AVERAGE_LENGTH)
    terms["impact"] = frequency / (frequency + length)
    return terms


@cache
def _load_stemmer() -> Stemmer.Stemmer:
    return Stemmer.Stemmer("english")
