"""The cosine of a query to every listing's vector.

Each number of a vector is held as 16-bit fixed point, split into a high and a low byte. A scan
reads the high bytes alone and is off by 0.003 at most; `refine` adds the low bytes for chosen
rows and is off by 0.00001 at most. No row is ever left out.
"""

import numkong
import numpy as np
from numpy.typing import NDArray

from directory.encoder import DIMENSIONS, Vectors

Scores = NDArray[np.float32]
# Intermediate values take eight times the memory of the result.
_BLOCK = 4_096


class VectorScan:
    """Unit vectors, one a row of 772 bytes. Immutable; `replace` gives a new one."""

    def __init__(
        self, high: NDArray[np.int8], low: NDArray[np.int8], scale: NDArray[np.float32]
    ) -> None:
        """`high` and `low` bytes have shape (n, 384); `scale` has shape (n,)."""
        self._high, self._low, self._scale = high, low, scale

    @classmethod
    def from_vectors(cls, vectors: NDArray[np.float16]) -> "VectorScan":
        """From vectors of shape (n, 384)."""
        size = len(vectors)
        high = np.empty((size, DIMENSIONS), dtype=np.int8)
        low = np.empty((size, DIMENSIONS), dtype=np.int8)
        scale = np.empty(size, dtype=np.float32)
        for start in range(0, size, _BLOCK):
            block = slice(start, start + _BLOCK)
            high[block], low[block], scale[block] = _split(vectors[block].astype(np.float32))
        return cls(high, low, scale)

    def replace(self, is_kept: NDArray[np.bool_], added: "VectorScan") -> "VectorScan":
        """The rows that are kept, then those of `added`."""
        return VectorScan(
            np.concatenate([self._high[is_kept], added._high]),
            np.concatenate([self._low[is_kept], added._low]),
            np.concatenate([self._scale[is_kept], added._scale]),
        )

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


def _split(
    vectors: Vectors,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]:
    """The high bytes, the low bytes and the scale of each vector."""
    # A vector of zeros has no largest number to scale by.
    scale = np.maximum(np.abs(vectors).max(axis=1), 1e-9) / 127
    fixed = np.rint(vectors / scale[:, None] * 256).astype(np.int32)
    high = np.clip((fixed + 128) >> 8, -128, 127)
    return high, np.clip(fixed - (high << 8), -128, 127), scale
