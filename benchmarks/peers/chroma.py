"""Chroma at its defaults (an HNSW graph): vectors only, as it has no more on one machine."""

from collections.abc import Sequence
from pathlib import Path

import chromadb
from chromadb.config import Settings

from benchmarks.peers.protocol import Vectors

_AT_ONCE = 5000


class Chroma:
    def __init__(self, folder: Path) -> None:
        self._client = chromadb.PersistentClient(
            str(folder / "chroma"), Settings(anonymized_telemetry=False)
        )

    def build(self, texts: Sequence[str], kinds: Sequence[str], vectors: Vectors) -> None:
        self._listings = self._client.create_collection(
            "listings", configuration={"hnsw": {"space": "cosine"}}, embedding_function=None
        )
        for start in range(0, len(texts), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            self._listings.add(
                ids=[str(row) for row in range(len(texts))[part]],
                embeddings=vectors[part],
                metadatas=[{"kind": kind} for kind in kinds[part]],
            )

    def search(self, words: str, vector: Vectors, most: int, kinds: frozenset[str]) -> list[int]:
        del words
        found = self._listings.query(
            query_embeddings=[vector],
            n_results=most,
            where={"kind": {"$in": sorted(kinds)}} if kinds else None,
            include=[],
        )
        return [int(row) for row in found["ids"][0]]

    def nearest(self, vector: Vectors, most: int) -> list[int]:
        return self.search("", vector, most, frozenset())

    def close(self) -> None:
        pass
