"""A plain exact hybrid search: scores every listing in float32, without approximation.

Owns the two references that the peers are compared with. Every peer could combine words and
vectors in these ways; topics and whatever else our ranking adds are left out.
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

# The program's weight before it used topics, tuned on the same queries; the optimum is flat.
_WORDS_WEIGHT = 0.15


def make_word_scorer(corpus: Corpus) -> Callable[[str], Scores]:
    """The program's BM25 over these listings: scores of shape (n,), scaled to a maximum of 1."""
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
    """Two hybrids: `weighted` is cosine plus weighted BM25, `by_rank` reciprocal rank fusion."""

    vectors: Vectors
    words: Callable[[str], Scores]

    def weighted(
        self, text: str, vector: Vectors, limit: int, allowed: Allowed | None = None
    ) -> list[int]:
        """The rows with the highest cosine plus weighted BM25, best first."""
        return _best(self.vectors @ vector + _WORDS_WEIGHT * self.words(text), limit, allowed)

    def by_rank(
        self, text: str, vector: Vectors, limit: int, allowed: Allowed | None = None
    ) -> list[int]:
        """The best rows by both full rankings; a listing without the words has no word rank."""
        words = self.words(text)
        allowed = np.ones(len(words), dtype=np.bool_) if allowed is None else allowed
        scores = _reciprocal_ranks(self.vectors @ vector, allowed)
        scores += _reciprocal_ranks(words, allowed & (words > 0))
        return _best(scores, limit, allowed)

    def nearest(self, vector: Vectors, limit: int) -> list[int]:
        """The rows with the highest cosine, best first."""
        return _best(self.vectors @ vector, limit, None)


def compute_agreement(found: Sequence[Sequence[int]], truth: Sequence[Sequence[int]]) -> float:
    """The mean share of each query's true rows that was found; an empty truth is left out."""
    shares = [
        len({*rows} & {*true_rows}) / len(true_rows)
        for rows, true_rows in zip(found, truth, strict=True)
        if true_rows
    ]
    return float(np.mean(shares))


def _best(scores: NDArray[np.floating], limit: int, allowed: Allowed | None) -> list[int]:
    if allowed is not None:
        scores = np.where(allowed, scores, -np.inf)
    best = np.argsort(-scores, kind="stable")[:limit]
    return [int(row) for row in best if np.isfinite(scores[row])]


def _reciprocal_ranks(scores: Scores, ranked: Allowed) -> NDArray[np.float64]:
    """1 / (constant + rank) for the ranked rows, 0 for the others."""
    rows = np.flatnonzero(ranked)
    order = rows[np.argsort(-scores[rows], kind="stable")]
    reciprocals = np.zeros(len(scores))
    reciprocals[order] = 1 / (RRF_CONSTANT + np.arange(1, len(order) + 1))
    return reciprocals
