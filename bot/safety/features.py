"""Features of a normalised message: short segments, and their hashed, tf-idf weighted n-grams.

The model was trained on exactly these features: after a change, train it again. Must never keep
a message or log it.
"""

from dataclasses import dataclass
from itertools import pairwise
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

# Words and pairs of words are hashed into this many buckets, and runs of two to five letters into
# this many others.
HASH_BUCKETS = 1 << 15
# The classifier of kinds has fewer examples, so it uses fewer buckets of each sort.
KIND_HASH_BUCKETS = 1 << 13

_SEGMENT_WORDS = 16
# A sentence is left whole up to this length. A longer one, often written without full stops, is
# split into windows that overlap by half.
_MAX_SENTENCE_WORDS = 32
_WINDOW_WORDS = 24


@dataclass(frozen=True)
class Segment:
    """Features of a segment: its distinct n-gram buckets, and its vector, shape (384,), if any."""

    buckets: NDArray[np.int64]
    vector: Array | None


@dataclass(frozen=True)
class WeightedNgrams:
    """Distinct n-gram buckets and their tf-idf weights, two arrays of shape (n,)."""

    buckets: NDArray[np.int64]
    weights: Array


def split_segments(text: str) -> list[str]:
    """Segments of a normalised message that are scored one by one: sentences, up to 16 words.

    A remark in a long story would be lost in one vector of the whole. A longer sentence is a
    segment of its own.
    """
    segments: list[list[str]] = [[]]
    for sentence in text.split(" . "):
        words = sentence.removesuffix(" .").split()
        if segments[-1] and len(segments[-1]) + len(words) > _SEGMENT_WORDS:
            segments.append([])
        if segments[-1]:
            segments[-1].append(".")
        segments[-1].extend(words)
    return [window for segment in segments for window in _split_windows(segment)]


def _split_windows(words: list[str]) -> list[str]:
    if len(words) <= _MAX_SENTENCE_WORDS:
        return [" ".join(words)]
    step = _WINDOW_WORDS // 2
    return [
        " ".join(words[start : start + _WINDOW_WORDS])
        for start in range(0, len(words) - step, step)
    ]


def hash_ngrams(text: str) -> NDArray[np.int64]:
    """The distinct buckets of a normalised text: words and pairs of words, then runs of letters."""
    words = text.split()
    phrases = {*words, *(f"{first} {second}" for first, second in pairwise(words))}
    letters: set[str] = set()
    for word in {f" {word} " for word in words}:
        letters.update(word[i : i + n] for n in range(2, 6) for i in range(len(word) - n + 1))
    return np.array(
        [
            *sorted({crc32(phrase.encode()) % HASH_BUCKETS for phrase in phrases}),
            *sorted({HASH_BUCKETS + crc32(run.encode()) % HASH_BUCKETS for run in letters}),
        ],
        dtype=np.int64,
    )


def weight_ngrams(buckets: NDArray[np.int64], idf: Array) -> WeightedNgrams:
    """Weights by inverse document frequency; words and letters have a norm of 1 each."""
    weights = idf[buckets]
    for half in (buckets < HASH_BUCKETS, buckets >= HASH_BUCKETS):
        weights[half] /= max(float(np.linalg.norm(weights[half])), 1e-9)
    return WeightedNgrams(buckets, weights)


def reduce_buckets(buckets: NDArray[np.int64]) -> NDArray[np.int64]:
    """The buckets for the classifier of kinds, below 2 * KIND_HASH_BUCKETS."""
    return buckets // HASH_BUCKETS * KIND_HASH_BUCKETS + buckets % KIND_HASH_BUCKETS
