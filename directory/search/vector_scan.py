"""Every listing's cosine to a query: the vectors in full, in few bytes.

A vector lies in memory as 16-bit fixed point, parted into two bytes for each number. The first
bytes of all are scanned, which is off by 0.003 at most; for the best of them the second byte is
added, and then no cosine is off by more than 0.00001. Nothing is left out.
"""

from collections.abc import Iterator

import numkong
import numpy as np
from numpy.typing import NDArray

from directory.encoder import DIMENSIONS, Vectors

Scores = NDArray[np.float32]
# What is in between takes eight times the memory of what comes of it.
_BLOCK = 4_096


class Scan:
    """Unit vectors, one a row: 772 bytes each. Never changes; `replace` gives another."""

    def __init__(self, vectors: NDArray[np.float16]) -> None:
        size = len(vectors)
        self._high = np.empty((size, DIMENSIONS), dtype=np.int8)
        self._low = np.empty((size, DIMENSIONS), dtype=np.int8)
        self._scale = np.empty(size, dtype=np.float32)
        for block in _cut(size):
            self._part(vectors[block].astype(np.float32), block)

    def _part(self, vectors: Vectors, block: slice) -> None:
        # A vector of nothing has no largest number to scale by.
        scale = np.maximum(np.abs(vectors).max(axis=1), 1e-9) / 127
        fixed = np.rint(vectors / scale[:, None] * 256).astype(np.int32)
        high = np.clip((fixed + 128) >> 8, -128, 127)
        self._high[block] = high
        self._low[block] = np.clip(fixed - (high << 8), -128, 127)
        self._scale[block] = scale

    def replace(self, kept: NDArray[np.bool_], added: "Scan") -> "Scan":
        """The rows that are kept, and then those of `added`."""
        scan = object.__new__(Scan)
        scan._high = np.concatenate([self._high[kept], added._high])
        scan._low = np.concatenate([self._low[kept], added._low])
        scan._scale = np.concatenate([self._scale[kept], added._scale])
        return scan

    def score(self, vector: Vectors) -> Scores:
        """The cosine of each row to `vector`, of shape (384,), off by 0.003 at most."""
        if not len(self._scale):
            return np.zeros(0, dtype=np.float32)
        largest = max(float(np.abs(vector).max()), 1e-9)
        query = np.rint(vector / largest * 127).astype(np.int8)
        scores: Scores = np.asarray(numkong.dot(self._high, query, out_dtype="float32"))
        scores = scores.reshape(-1)
        scores *= self._scale
        scores *= np.float32(largest / 127)
        return scores

    def refine(self, rows: NDArray[np.intp], vector: Vectors) -> Scores:
        """The cosines of these rows, off by 0.00001 at most."""
        whole = self._high[rows].astype(np.float32)
        whole *= 256
        whole += self._low[rows]
        cosines: Scores = whole @ vector
        cosines *= self._scale[rows]
        cosines /= 256
        return cosines


def _cut(size: int) -> Iterator[slice]:
    return (slice(start, start + _BLOCK) for start in range(0, size, _BLOCK))
