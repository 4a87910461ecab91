"""What a plain exact hybrid finds: every listing scored, in float32, nothing approximated.

Owns the two references that each peer's best are compared with. Any of them could fuse words and
vectors so; what our ranking adds, topics and the rest, is left out of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.corpus import Corpus
from benchmarks.peers.protocol import RRF_CONSTANT
from directory.encoder import Vectors
from directory.indexing.words import find_stems, number_stem, weigh_terms
from directory.listing_text import build_search_text
from directory.search.inverted_index import InvertedIndex

Scores = NDArray[np.float32]
Allowed = NDArray[np.bool_]

# Of the program's own before it learnt topics: chosen on the same queries, on a flat curve.
_WORDS_WEIGHT = 0.15


def word_scores(corpus: Corpus) -> Callable[[str], Scores]:
    """The program's own BM25 over these listings: of shape (n,), scaled so that the best is 1."""
    terms = [weigh_terms(build_search_text(listing)) for listing in corpus.listings]
    rows = np.repeat(np.arange(len(terms), dtype=np.int32), list(map(len, terms)))
    words = np.concatenate(terms)
    inverted_index = InvertedIndex.from_unsorted(words["term"], rows, words["impact"], len(terms))

    def score(text: str) -> Scores:
        scores = inverted_index.score(map(number_stem, find_stems(text)))
        return scores / max(float(scores.max()), 1e-6)

    return score


@dataclass(frozen=True)
class Exact:
    """`weighted` is cosine plus weighted BM25, `by_rank` reciprocal rank fusion of the same."""

    vectors: Vectors
    words: Callable[[str], Scores]

    def weighted(
        self, text: str, vector: Vectors, most: int, allowed: Allowed | None = None
    ) -> list[int]:
        """The rows with the best cosine plus weighted BM25, the best first."""
        return _best(self.vectors @ vector + _WORDS_WEIGHT * self.words(text), most, allowed)

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
