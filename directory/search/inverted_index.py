"""Full-text search in memory: the listings that use each term, and its BM25 impact in each.

Owns the inverted lists. Impacts are computed when a listing is written: see `indexing.words`.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]
_Terms = NDArray[np.uint32]
_Rows = NDArray[np.int32]
_Impacts = NDArray[np.float16]


@dataclass(frozen=True)
class Rarity:
    """How many listings there are, and how many use each term of a query."""

    size: int
    counts: Mapping[int, int]

    def weigh(self, count: int) -> float:
        """The weight of a term that `count` listings use."""
        return _weigh(self.size, count)


class InvertedIndex:
    """The rows of each term, six bytes for each. Immutable; `replace` gives a new one."""

    def __init__(
        self,
        terms: _Terms,
        rows: _Rows,
        impacts: _Impacts,
        size: int,
        rarity: Rarity | None = None,
    ) -> None:
        """From parallel arrays sorted by term, over `size` rows.

        `rarity` is the whole directory's where the rows are only a part of it.
        """
        self._rows, self._impacts, self._size, self._rarity = rows, impacts, size, rarity
        self._terms, starts = np.unique(terms, return_index=True)
        self._starts = np.append(starts, len(terms))

    @classmethod
    def from_unsorted(
        cls,
        terms: _Terms,
        rows: _Rows,
        impacts: _Impacts,
        size: int,
        rarity: Rarity | None = None,
    ) -> "InvertedIndex":
        """The same from parallel arrays in any order."""
        order = np.argsort(terms, kind="stable")
        return cls(terms[order], rows[order], impacts[order], size, rarity)

    def replace(self, new_rows: _Rows, added: "InvertedIndex", size: int) -> "InvertedIndex":
        """With each row renumbered as in `new_rows` (-1: dropped), and with those of `added`."""
        rows = new_rows[self._rows]
        is_kept = rows >= 0
        terms = np.repeat(self._terms, np.diff(self._starts))[is_kept]
        added_terms = np.repeat(added._terms, np.diff(added._starts))
        # Both are sorted: the places are found without sorting millions again.
        places = np.searchsorted(terms, added_terms, side="right")
        return InvertedIndex(
            np.insert(terms, places, added_terms),
            np.insert(rows[is_kept], places, added._rows),
            np.insert(self._impacts[is_kept], places, added._impacts),
            size,
        )

    def find(self, term: int) -> tuple[_Rows, _Impacts]:
        """The rows that use the term, and its impact in each."""
        position = int(np.searchsorted(self._terms, term))
        if position == len(self._terms) or self._terms[position] != term:
            return self._rows[:0], self._impacts[:0]
        span = slice(self._starts[position], self._starts[position + 1])
        return self._rows[span], self._impacts[span]

    def has(self, term: int, row: int) -> bool:
        """Whether the listing in that row uses the term."""
        rows = self.find(term)[0]
        position = int(np.searchsorted(rows, row))
        return position < len(rows) and int(rows[position]) == row

    @property
    def size(self) -> int:
        """How many listings there are in the directory."""
        return self._rarity.size if self._rarity else self._size

    def count(self, term: int) -> int:
        """How many listings of the directory use the term."""
        return self._rarity.counts.get(term, 0) if self._rarity else len(self.find(term)[0])

    def score(self, terms: Iterable[int]) -> Scores:
        """BM25 of every row, shape (size,); a term that is given twice counts twice."""
        scores = np.zeros(self._size, dtype=np.float32)
        for term in terms:
            rows, impacts = self.find(term)
            if len(rows):
                # A list holds no row twice, so this adds to every row.
                weight = np.float32(_weigh(self.size, self.count(term)))
                scores[rows] += weight * impacts.astype(np.float32)
        return scores


def _weigh(size: int, count: int) -> float:
    """BM25's inverse document frequency."""
    return math.log1p((size - count + 0.5) / (count + 0.5))
