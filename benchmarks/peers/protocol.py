"""The interface of every peer, and reciprocal rank fusion for those without their own."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

# From the paper that proposed reciprocal rank fusion (Cormack, Clarke, Buettcher, SIGIR 2009).
RRF_CONSTANT = 60
# How many results of each ranking are fused, where the peer lets us choose.
DEPTH = 100


class Peer(Protocol):
    """A search engine over fixed listings, identified by their row from 0."""

    def build(self, texts: Sequence[str], kinds: Sequence[str], vectors: Vectors) -> None:
        """Index the listings; `vectors` are unit vectors of shape (len(texts), 384)."""

    def search(self, text: str, vector: Vectors, limit: int, kinds: frozenset[str]) -> list[int]:
        """The best rows, best first. Only listings of these `kinds`, unless that is empty."""

    def nearest(self, vector: Vectors, limit: int) -> list[int]:
        """The nearest rows by vector alone, which shows what its vector index misses."""

    def close(self) -> None:
        """Stop every process that it started."""


def fuse_ranks(rankings: Sequence[Sequence[int]], limit: int) -> list[int]:
    """Reciprocal rank fusion of rankings, each best first."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, row in enumerate(ranking, start=1):
            scores[row] = scores.get(row, 0.0) + 1 / (RRF_CONSTANT + rank)
    return sorted(scores, key=lambda row: (-scores[row], row))[:limit]
