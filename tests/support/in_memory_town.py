"""A directory without a database, for tests of search and ranking alone."""

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np

from directory.encoder import DIMENSIONS, Vectors
from directory.indexing.entries import label_entry, make_entry
from directory.indexing.entry_arrays import read_entries
from directory.listing import Listing, StoredListing
from directory.search.facets import Facets, count_facets
from directory.search.index import Index
from directory.search.query import Hit, Query
from directory.search.ranking import Ranked, rank
from directory.search.reasons import Encode
from directory.search.selection import select_hits

TODAY = date(2026, 11, 23)
FIRST_ID = 10


class Town:
    """Listings in order, the first with `FIRST_ID`; zero vectors where none are given."""

    def __init__(self, listings: Sequence[Listing], vectors: Vectors | None = None) -> None:
        if vectors is None:
            vectors = np.zeros((len(listings), DIMENSIONS), dtype=np.float32)
        self.stored = {
            listing_id: StoredListing(listing_id, "s", "", listing)
            for listing_id, listing in enumerate(listings, FIRST_ID)
        }
        self._labels: dict[tuple[str, str], int] = {}
        entries = [
            label_entry(make_entry(listing, vector), listing, self._number)
            for listing, vector in zip(listings, vectors, strict=True)
        ]
        self.index = Index.from_entries(read_entries(list(self.stored), entries))

    def _number(self, field: str, text: str) -> int:
        return self._labels.setdefault((field, text), 1 + len(self._labels))

    def __len__(self) -> int:
        return len(self.stored)

    def search(
        self,
        query: Query,
        vector: Vectors | None,
        avoided: Vectors | None = None,
        encode: Encode | None = None,
    ) -> list[Hit]:
        ranked = self._rank(query, vector, avoided)
        return select_hits(self.index, query, ranked, self._fetch, encode)

    def count_facets(self, query: Query, vector: Vectors | None) -> Facets:
        return count_facets(self.index, query, self._rank(query, vector, None))

    def name_labels(self, counts: Mapping[int, int]) -> dict[tuple[str, str], int]:
        return {label: counts[at] for label, at in self._labels.items() if at in counts}

    def _rank(self, query: Query, vector: Vectors | None, avoided: Vectors | None) -> Ranked:
        numbers = [self._labels.get(label, 0) for label in query.labels]
        return rank(self.index, query, vector, avoided, label_numbers=numbers, today=TODAY)

    def _fetch(self, ids: Sequence[int]) -> dict[int, StoredListing]:
        return {listing_id: self.stored[listing_id] for listing_id in ids}


def make_vectors(size: int, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed).standard_normal((size, DIMENSIONS)).astype(np.float32)
    return random / np.linalg.norm(random, axis=1, keepdims=True)
