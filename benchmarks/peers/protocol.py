"""What every peer can do, whatever it is made of, and reciprocal rank fusion for those by hand."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

# The constant of the paper that proposed it (Cormack, Clarke, Buettcher, SIGIR 2009).
RRF_CONSTANT = 60
# How many of each ranking are fused, where that is ours to say.
DEPTH = 100


class Peer(Protocol):
    """A search engine over fixed listings, which are known by their position from 0."""

    def build(self, texts: Sequence[str], kinds: Sequence[str], vectors: Vectors) -> None:
        """Take in the listings; `vectors` are unit ones of shape (len(texts), 384)."""

    def search(self, words: str, vector: Vectors, most: int, kinds: frozenset[str]) -> list[int]:
        """Its best, the best first; only listings of these `kinds`, unless there are none."""

    def nearest(self, vector: Vectors, most: int) -> list[int]:
        """The same by the vector alone, to see what its vector index misses."""

    def close(self) -> None:
        """End whatever was started."""


def fuse_ranks(rankings: Sequence[Sequence[int]], most: int) -> list[int]:
    """Reciprocal rank fusion of rankings, each the best first."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for place, row in enumerate(ranking, start=1):
            scores[row] = scores.get(row, 0.0) + 1 / (RRF_CONSTANT + place)
    return sorted(scores, key=lambda row: (-scores[row], row))[:most]
