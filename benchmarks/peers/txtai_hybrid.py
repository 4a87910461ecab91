"""txtai's own hybrid: its BM25 and its vector index (FAISS, chosen by size), with equal weights.

Content is stored in its database, because filters need it.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from txtai import Embeddings

from benchmarks.peers.protocol import Vectors


class TxtaiHybrid:
    def __init__(self, folder: Path) -> None:
        del folder

    def build(self, texts: Sequence[str], kinds: Sequence[str], vectors: Vectors) -> None:
        self._vectors = vectors
        self._indexed = 0
        self._query_vector: Vectors | None = None

        # txtai takes only a plain function, and calls it for the listings' vectors in order.
        def transform(texts_to_encode: Sequence[object]) -> Vectors:
            if self._query_vector is not None:
                return np.repeat(self._query_vector[np.newaxis], len(texts_to_encode), axis=0)
            start = self._indexed
            self._indexed += len(texts_to_encode)
            return self._vectors[start : self._indexed]

        self._embeddings = Embeddings(
            method="external", transform=transform, hybrid=True, content=True
        )
        self._embeddings.index(
            (row, {"text": text, "kind": kind}, None)
            for row, (text, kind) in enumerate(zip(texts, kinds, strict=True))
        )
        if self._indexed != len(vectors):
            raise RuntimeError(f"txtai requested {self._indexed} vectors of {len(vectors)}")

    def search(self, text: str, vector: Vectors, limit: int, kinds: frozenset[str]) -> list[int]:
        self._query_vector = vector
        query = "select id from txtai where similar(:words)"
        if kinds:
            query += f" and kind in ({', '.join(f':kind{number}' for number in range(len(kinds)))})"
        kind_parameters = {f"kind{number}": kind for number, kind in enumerate(sorted(kinds))}
        results = self._embeddings.search(
            query, limit, parameters={"words": text, **kind_parameters}
        )
        return [int(row["id"]) for row in results]

    def nearest(self, vector: Vectors, limit: int) -> list[int]:
        results = self._embeddings.ann.search(vector[np.newaxis], limit)
        return [int(row) for row, _ in results[0]]

    def close(self) -> None:
        pass
