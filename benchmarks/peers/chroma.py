"""Chroma with its defaults (an HNSW graph): vectors only, as it has no hybrid on one machine."""

from collections.abc import Sequence
from pathlib import Path

import chromadb
from chromadb.config import Settings

from benchmarks.peers.protocol import Vectors

_BATCH = 5000


class Chroma:
    def __init__(self, folder: Path) -> None:
        self._client = chromadb.PersistentClient(
            str(folder / "chroma"), Settings(anonymized_telemetry=False)
        )

    def build(self, texts: Sequence[str], kinds: Sequence[str], vectors: Vectors) -> None:
        self._listings = self._client.create_collection(
            "listings", configuration={"hnsw": {"space": "cosine"}}, embedding_function=None
        )
        for start in range(0, len(texts), _BATCH):
            batch = slice(start, start + _BATCH)
            self._listings.add(
                ids=[str(row) for row in range(len(texts))[batch]],
                embeddings=vectors[batch],
                metadatas=[{"kind": kind} for kind in kinds[batch]],
            )

    def search(self, text: str, vector: Vectors, limit: int, kinds: frozenset[str]) -> list[int]:
        del text
        results = self._listings.query(
            query_embeddings=[vector],
            n_results=limit,
            where={"kind": {"$in": sorted(kinds)}} if kinds else None,
            include=[],
        )
        return [int(row) for row in results["ids"][0]]

    def nearest(self, vector: Vectors, limit: int) -> list[int]:
        return self.search("", vector, limit, frozenset())

    def close(self) -> None:
        pass
