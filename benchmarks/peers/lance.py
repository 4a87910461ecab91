"""LanceDB's own hybrid with reciprocal rank fusion; flat, or with its default index (IVF-PQ)."""

from collections.abc import Sequence
from pathlib import Path

import lancedb
import pyarrow
from lancedb.rerankers import RRFReranker

from benchmarks.peers.protocol import RRF_CONSTANT, Vectors


class Lance:
    def __init__(self, folder: Path, *, indexed: bool) -> None:
        self._database = lancedb.connect(str(folder / "lance"))
        self._indexed = indexed
        self._rank = RRFReranker(K=RRF_CONSTANT)

    def build(self, texts: Sequence[str], kinds: Sequence[str], vectors: Vectors) -> None:
        width = vectors.shape[1]
        rows = pyarrow.table(
            {
                "id": list(range(len(texts))),
                "text": list(texts),
                "kind": list(kinds),
                "vector": pyarrow.FixedSizeListArray.from_arrays(vectors.ravel(), width),
            }
        )
        self._table = self._database.create_table("listings", rows)
        self._table.create_fts_index("text")
        if self._indexed:
            self._table.create_index(metric="cosine")

    def search(self, text: str, vector: Vectors, limit: int, kinds: frozenset[str]) -> list[int]:
        query = self._table.search(query_type="hybrid").vector(vector).text(text)
        if kinds:
            query = query.where("kind IN ({})".format(", ".join(f"'{kind}'" for kind in kinds)))
        results = query.rerank(self._rank).limit(limit).select(["id"]).to_arrow()
        return [int(row) for row in results["id"].to_pylist()]

    def nearest(self, vector: Vectors, limit: int) -> list[int]:
        results = self._table.search(vector).limit(limit).select(["id"]).to_arrow()
        return [int(row) for row in results["id"].to_pylist()]

    def close(self) -> None:
        pass
