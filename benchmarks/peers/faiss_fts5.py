"""FAISS's exact index and SQLite's FTS5, put together by hand as our own formula does.

The nearest thousand and the thousand that match the words best are scored together:
cosine, and the words' score as a part of the best one.
"""

from collections.abc import Sequence
from pathlib import Path

import faiss
import numpy as np

from benchmarks.peers.fts5 import Fts5
from benchmarks.peers.protocol import Vectors

_CANDIDATES = 1000
_WORDS_WEIGHT = 0.15


class FaissFts5:
    def __init__(self, folder: Path) -> None:
        del folder

    def build(self, texts: Sequence[str], kinds: Sequence[str], vectors: Vectors) -> None:
        self._index = faiss.IndexFlatIP(vectors.shape[1])
        self._index.add(vectors)
        self._vectors = vectors
        self._kinds = np.array(kinds)
        self._words = Fts5(texts, kinds)

    def search(self, words: str, vector: Vectors, most: int, kinds: frozenset[str]) -> list[int]:
        near = self._nearest(vector, _CANDIDATES, kinds)
        said = dict(self._words.search(words, _CANDIDATES, kinds))
        rows = np.array(sorted({*near, *said}), dtype=np.int64)
        best = max(said.values(), default=1.0)
        parts = np.array([said.get(int(row), 0.0) / best for row in rows], dtype=np.float32)
        scores = self._vectors[rows] @ vector + _WORDS_WEIGHT * parts
        return [int(row) for row in rows[np.argsort(-scores, kind="stable")[:most]]]

    def nearest(self, vector: Vectors, most: int) -> list[int]:
        return self._nearest(vector, most, frozenset())

    def _nearest(self, vector: Vectors, most: int, kinds: frozenset[str]) -> list[int]:
        parameters = None
        if kinds:
            rows = np.flatnonzero(np.isin(self._kinds, list(kinds)))
            parameters = faiss.SearchParameters(sel=faiss.IDSelectorBatch(rows))
        most = min(most, self._index.ntotal)
        _, found = self._index.search(vector[np.newaxis], most, params=parameters)
        return [int(row) for row in found[0] if row >= 0]

    def close(self) -> None:
        pass
