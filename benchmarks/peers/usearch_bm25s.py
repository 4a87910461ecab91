"""USearch's HNSW graph with its defaults and bm25s, with reciprocal rank fusion here.

The graph cannot be filtered from Python, so more results are requested and then filtered.
"""

from collections.abc import Sequence
from pathlib import Path

import bm25s
import numpy as np
import Stemmer
from usearch.index import Index

from benchmarks.peers.protocol import DEPTH, Vectors, fuse_ranks

_OVERSAMPLING = 10


class UsearchBm25s:
    def __init__(self, folder: Path) -> None:
        del folder

    def build(self, texts: Sequence[str], kinds: Sequence[str], vectors: Vectors) -> None:
        self._graph = Index(ndim=vectors.shape[1], metric="ip")
        self._graph.add(np.arange(len(vectors)), vectors)
        self._kinds = np.array(kinds)
        self._stem = Stemmer.Stemmer("english")
        self._words = bm25s.BM25()
        self._words.index(self._tokenize(texts), show_progress=False)

    def search(self, text: str, vector: Vectors, limit: int, kinds: frozenset[str]) -> list[int]:
        near = self.nearest(vector, DEPTH * (_OVERSAMPLING if kinds else 1))
        known = [stem for stem in self._tokenize([text])[0] if stem in self._words.vocab_dict]
        scores = self._words.get_scores(known) if known else np.zeros(len(self._kinds))
        if kinds:
            allowed = np.isin(self._kinds, list(kinds))
            near = [row for row in near if allowed[row]][:DEPTH]
            scores = np.where(allowed, scores, 0)
        best = np.argpartition(-scores, min(DEPTH, len(scores) - 1))[:DEPTH]
        matches = best[np.argsort(-scores[best], kind="stable")]
        return fuse_ranks([near, [int(row) for row in matches if scores[row] > 0]], limit)

    def nearest(self, vector: Vectors, limit: int) -> list[int]:
        return [int(row) for row in self._graph.search(vector, limit).keys]

    def _tokenize(self, texts: Sequence[str]) -> list[list[str]]:
        tokens: list[list[str]] = bm25s.tokenize(
            list(texts),
            stopwords="en_plus",
            stemmer=self._stem,
            return_ids=False,
            show_progress=False,
        )
        return tokens

    def close(self) -> None:
        pass
