"""Which listings use a word, and what the word is worth in each: full text search in memory.

Owns the inverted lists. BM25 with each word's impact made beforehand: see `words`.
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
    """How many listings there are, and how many use each term that will be asked about."""

    size: int
    counts: Mapping[int, int]

    def weigh(self, count: int) -> float:
        """What a term is worth for being rare, when `count` listings use it."""
        return _weigh(self.size, count)


class InvertedIndex:
    """The rows of each term, six bytes for each. Never changes; `replace` gives another."""

    def __init__(
        self,
        terms: _Terms,
        rows: _Rows,
        impacts: _Impacts,
        size: int,
        rarity: Rarity | None = None,
    ) -> None:
        """From parallel arrays in any order, over `size` rows.

        `rarity` is that of the whole directory, where the rows are only a part of it.
        """
        order = np.argsort(terms, kind="stable")
        self._take(terms[order], rows[order], impacts[order], size, rarity)

    def _take(
        self,
        terms: _Terms,
        rows: _Rows,
        impacts: _Impacts,
        size: int,
        rarity: Rarity | None = None,
    ) -> None:
        self._rows, self._impacts, self._size, self._rarity = rows, impacts, size, rarity
        self._terms, starts = np.unique(terms, return_index=True)
        self._starts = np.append(starts, len(terms))

    def replace(self, new_rows: _Rows, added: "InvertedIndex", size: int) -> "InvertedIndex":
        """With each row renumbered as `new_rows` says (-1: dropped), and those of `added`."""
        rows = new_rows[self._rows]
        kept = rows >= 0
        terms = np.repeat(self._terms, np.diff(self._starts))[kept]
        more = np.repeat(added._terms, np.diff(added._starts))
        # Both are in order: where each goes is found without sorting millions again.
        at = np.searchsorted(terms, more, side="right")
        merged = object.__new__(InvertedIndex)
        merged._take(
            np.insert(terms, at, more),
            np.insert(rows[kept], at, added._rows),
            np.insert(self._impacts[kept], at, added._impacts),
            size,
        )
        return merged

    def find(self, term: int) -> tuple[_Rows, _Impacts]:
        """The rows that use the term, and its impact in each."""
        at = int(np.searchsorted(self._terms, term))
        if at == len(self._terms) or self._terms[at] != term:
            return self._rows[:0], self._impacts[:0]
        span = slice(self._starts[at], self._starts[at + 1])
        return self._rows[span], self._impacts[span]

    def has(self, term: int, row: int) -> bool:
        """Whether the listing in that row uses the term."""
        rows = self.find(term)[0]
        at = int(np.searchsorted(rows, row))
        return at < len(rows) and int(rows[at]) == row

    @property
    def size(self) -> int:
        """How many listings there are in the directory."""
        return self._rarity.size if self._rarity else self._size

    def count(self, term: int) -> int:
        """How many listings of the directory use the term."""
        return self._rarity.counts.get(term, 0) if self._rarity else len(self.find(term)[0])

    def score(self, terms: Iterable[int]) -> Scores:
        """BM25 of every row for the terms; a term that is given twice counts twice."""
        scores = np.zeros(self._size, dtype=np.float32)
        for term in terms:
            rows, impacts = self.find(term)
            if len(rows):
                # No row is twice in a list, so this adds to each.
                worth = np.float32(_weigh(self.size, self.count(term)))
                scores[rows] += worth * impacts.astype(np.float32)
        return scores


def _weigh(size: int, count: int) -> float:
    return math.log1p((size - count + 0.5) / (count + 0.5))
