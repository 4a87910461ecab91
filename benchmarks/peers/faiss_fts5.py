"""FAISS's exact index and SQLite's FTS5, combined here by our own formula.

The nearest thousand and the thousand with the best words are scored together: cosine plus the
weighted BM25, divided by the highest one.
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

    def search(self, text: str, vector: Vectors, limit: int, kinds: frozenset[str]) -> list[int]:
        near = self._nearest(vector, _CANDIDATES, kinds)
        bm25 = dict(self._words.search(text, _CANDIDATES, kinds))
        rows = np.array(sorted({*near, *bm25}), dtype=np.int64)
        highest = max(bm25.values(), default=1.0)
        word_scores = np.array(
            [bm25.get(int(row), 0.0) / highest for row in rows], dtype=np.float32
        )
        scores = self._vectors[rows] @ vector + _WORDS_WEIGHT * word_scores
        return [int(row) for row in rows[np.argsort(-scores, kind="stable")[:limit]]]

    def nearest(self, vector: Vectors, limit: int) -> list[int]:
        return self._nearest(vector, limit, frozenset())

    def _nearest(self, vector: Vectors, limit: int, kinds: frozenset[str]) -> list[int]:
        parameters = None
        if kinds:
            rows = np.flatnonzero(np.isin(self._kinds, list(kinds)))
            parameters = faiss.SearchParameters(sel=faiss.IDSelectorBatch(rows))
        limit = min(limit, self._index.ntotal)
        _, nearest = self._index.search(vector[np.newaxis], limit, params=parameters)
        return [int(row) for row in nearest[0] if row >= 0]

    def close(self) -> None:
        pass
