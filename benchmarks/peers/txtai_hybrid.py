"""txtai's own hybrid: its BM25 and its vector index (FAISS as it chooses by size), half and half.

Content is stored in its database, as filters need it.
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
        self._given = 0
        self._asked: Vectors | None = None

        # It takes a plain function only, and asks it for the listings' vectors in order.
        def transform(asked: Sequence[object]) -> Vectors:
            if self._asked is not None:
                return np.repeat(self._asked[np.newaxis], len(asked), axis=0)
            start = self._given
            self._given += len(asked)
            return self._vectors[start : self._given]

        self._embeddings = Embeddings(
            method="external", transform=transform, hybrid=True, content=True
        )
        self._embeddings.index(
            (row, {"text": text, "kind": kind}, None)
            for row, (text, kind) in enumerate(zip(texts, kinds, strict=True))
        )
        if self._given != len(vectors):
            raise RuntimeError(f"txtai asked for {self._given} vectors of {len(vectors)}")

    def search(self, words: str, vector: Vectors, most: int, kinds: frozenset[str]) -> list[int]:
        self._asked = vector
        query = "select id from txtai where similar(:words)"
        if kinds:
            query += f" and kind in ({', '.join(f':kind{place}' for place in range(len(kinds)))})"
        named = {f"kind{place}": kind for place, kind in enumerate(sorted(kinds))}
        found = self._embeddings.search(query, most, parameters={"words": words, **named})
        return [int(row["id"]) for row in found]

    def nearest(self, vector: Vectors, most: int) -> list[int]:
        found = self._embeddings.ann.search(vector[np.newaxis], most)
        return [int(row) for row, _ in found[0]]

    def close(self) -> None:
        pass
