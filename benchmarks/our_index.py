"""The project's index over a corpus, without a database, and its agreement with an exact scan."""

import copy
from datetime import date

import numpy as np
from numpy.typing import NDArray

from benchmarks.corpus import Corpus
from benchmarks.exact import compute_agreement
from directory.encoder import Vectors
from directory.importing.classify import classify_listing
from directory.indexing.entries import make_entry
from directory.indexing.entry_arrays import read_entries
from directory.search.index import Index
from directory.search.query import Query
from directory.search.ranking import rank
from directory.search.selection import choose_rows
from directory.search.vector_scan import VectorScan

BEST = 10
TODAY = date(2026, 11, 23)


class _ExactScan(VectorScan):
    """Every cosine in float32, from the vectors as they are stored."""

    def __init__(self, vectors: NDArray[np.floating]) -> None:
        self._vectors = vectors.astype(np.float16).astype(np.float32)

    def score(self, vector: Vectors) -> NDArray[np.float32]:
        return self._vectors @ vector

    def refine(self, rows: NDArray[np.intp], vector: Vectors) -> NDArray[np.float32]:
        return self._vectors[rows] @ vector


def build_index(corpus: Corpus) -> Index:
    """The index that an import of the corpus would make."""
    entries = [
        make_entry(classify_listing(listing), vector)
        for listing, vector in zip(corpus.listings, corpus.vectors, strict=True)
    ]
    return Index.from_entries(read_entries(range(len(entries)), entries))


def find_ten(index: Index, text: str, vector: Vectors) -> list[int]:
    """The rows of the best ten, by the full ranking."""
    ranked = rank(index, Query(text), vector, today=TODAY)
    return [row for row, _ in zip(choose_rows(index, ranked), range(BEST), strict=False)]


def make_exact(index: Index, vectors: NDArray[np.floating]) -> Index:
    """The same index, but with all vectors compared in full precision."""
    exact = copy.copy(index)
    exact.scan = _ExactScan(vectors)
    return exact


def measure_agreement(
    index: Index, corpus: Corpus, queries: tuple[str, ...], vectors: Vectors
) -> float:
    """The mean share of an exact scan's best ten that the index finds.

    `vectors` are those of the queries.
    """
    exact = make_exact(index, corpus.vectors)
    pairs = list(zip(queries, vectors, strict=True))
    return compute_agreement(
        [find_ten(index, text, vector) for text, vector in pairs],
        [find_ten(exact, text, vector) for text, vector in pairs],
    )
