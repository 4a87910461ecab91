"""Words as a search counts them: stems without stop words, each with what it is worth.

A term's worth in a listing (its impact) depends on that listing alone, so that it is made once,
at import, and listings come and go without the others being counted again.
"""

import re
import zlib
from collections import Counter
from functools import cache

import numpy as np
import Stemmer
from bm25s.stopwords import STOPWORDS_EN_PLUS
from numpy.typing import NDArray

TERM = np.dtype([("term", "<u4"), ("impact", "<f2")])
Terms = NDArray[np.void]
"""Of dtype `TERM`: each stem's number, and its impact."""

# Robertson's saturation and length; the usual length is fixed, or one new listing would
# change the worth of every word in all the others.
_K1, _B = 1.5, 0.75
_USUAL_LENGTH = 70.0
# How people begin a request says nothing of what they want.
_FRAMING = (
    "give happy glad would could can may might much many lot bit like love enjoy want need "
    "wish hope look looking find get go going know think something somewhere someone anything "
    "anywhere anyone somebody anybody group groups people place places thing things please use "
    "used using useful thanks hello hi good nice really maybe also im ive id dont"
).split()
_STOP_WORDS = frozenset((*STOPWORDS_EN_PLUS, *_FRAMING))
_TOKEN = re.compile(r"\b\w\w+\b")
# What a person would call a word: "children's" and "men’s" are one, "arts-and-crafts" three.
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_LETTERS = re.compile(r"[^\W\d_]+")


def find_stems(text: str) -> list[str]:
    """The stems of the words in `text` that are not stop words, in order."""
    words = [word for word in _TOKEN.findall(text.lower()) if word not in _STOP_WORDS]
    stems: list[str] = _stemmer().stemWords(words)
    return stems


def find_words(text: str) -> list[str]:
    """The words as they stand, in lower case, each once."""
    return list(dict.fromkeys(_WORD.findall(text.casefold())))


def find_spellings(text: str) -> set[str]:
    """The words made of letters alone, in lower case."""
    return set(_LETTERS.findall(text.casefold()))


def number(stem: str) -> int:
    """The stem's number. Two stems in a vocabulary of 100,000 share one, if any do."""
    return zlib.crc32(stem.encode())


def weigh(text: str) -> Terms:
    """Every term of a listing's words with its impact, in the order of their numbers."""
    counts = Counter(map(number, find_stems(text)))
    terms = np.zeros(len(counts), dtype=TERM)
    terms["term"] = sorted(counts)
    often = np.array([counts[term] for term in terms["term"].tolist()], dtype=np.float32)
    length = _K1 * (1 - _B + _B * float(often.sum()) / _USUAL_LENGTH)
    terms["impact"] = often / (often + length)
    return terms


@cache
def _stemmer() -> Stemmer.Stemmer:
    return Stemmer.Stemmer("english")
