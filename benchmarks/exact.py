"""What an exact hybrid finds: every listing scored, in float32, and nothing approximated.

Owns the two references that each peer's best are compared with. The words' scores are given
as a function, so that it is the program's own BM25 that is used and nothing here follows its
changes but `word_scores`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.corpus import Corpus
from benchmarks.peers.protocol import RRF_CONSTANT
from directory.embeddings import Vectors
from directory.finding.search import WORDS_WEIGHT, Index
from directory.listings import StoredListing

Scores = NDArray[np.float32]
Allowed = NDArray[np.bool_]


def word_scores(corpus: Corpus) -> Callable[[str], Scores]:
    """The program's own BM25 over these listings: of shape (n,), scaled so that the best is 1."""
    stored = [StoredListing(row, "", "", listing) for row, listing in enumerate(corpus.listings)]
    return Index(stored, corpus.vectors).word_scores


@dataclass(frozen=True)
class Exact:
    """`weighted` is our own formula, `by_rank` is reciprocal rank fusion of all the same scores."""

    vectors: Vectors
    words: Callable[[str], Scores]

    def weighted(
        self, text: str, vector: Vectors, most: int, allowed: Allowed | None = None
    ) -> list[int]:
        """The rows with the best cosine plus weighted BM25, the best first."""
        return _best(self.vectors @ vector + WORDS_WEIGHT * self.words(text), most, allowed)

    def by_rank(
        self, text: str, vector: Vectors, most: int, allowed: Allowed | None = None
    ) -> list[int]:
        """The best by both whole rankings; a listing with none of the words has no rank there."""
        words = self.words(text)
        allowed = np.ones(len(words), dtype=np.bool_) if allowed is None else allowed
        scores = _reciprocal_ranks(self.vectors @ vector, allowed)
        scores += _reciprocal_ranks(words, allowed & (words > 0))
        return _best(scores, most, allowed)

    def nearest(self, vector: Vectors, most: int) -> list[int]:
        """The rows with the best cosine."""
        return _best(self.vectors @ vector, most, None)


def agreement(found: Sequence[Sequence[int]], truth: Sequence[Sequence[int]]) -> float:
    """The mean part of each true best that was found; an empty truth is left out."""
    parts = [
        len({*one} & {*real}) / len(real) for one, real in zip(found, truth, strict=True) if real
    ]
    return float(np.mean(parts))


def _best(scores: NDArray[np.floating], most: int, allowed: Allowed | None) -> list[int]:
    if allowed is not None:
        scores = np.where(allowed, scores, -np.inf)
    best = np.argsort(-scores, kind="stable")[:most]
    return [int(row) for row in best if np.isfinite(scores[row])]


def _reciprocal_ranks(scores: Scores, ranked: Allowed) -> NDArray[np.float64]:
    """1 / (constant + place) for the rows that are ranked, 0 for the others."""
    rows = np.flatnonzero(ranked)
    order = rows[np.argsort(-scores[rows], kind="stable")]
    worth = np.zeros(len(scores))
    worth[order] = 1 / (RRF_CONSTANT + np.arange(1, len(order) + 1))
    return worth
