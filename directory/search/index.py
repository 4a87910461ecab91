"""The in-memory index: arrays with a row for each listing, which queries read.

Owns the arrays and how they change; decides nothing about ranking. An index is immutable: a
changed directory gives a new one, and a running search keeps the one it began with.
"""

import math
from dataclasses import replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from directory.encoder import DIMENSIONS
from directory.indexing.entry_arrays import Entries, RowValues
from directory.indexing.traits import Traits
from directory.indexing.words import TERM
from directory.listing import KINDS, Point
from directory.places import MILES_PER_DEGREE, Area
from directory.search.criteria import Criterion, Verdicts
from directory.search.inverted_index import InvertedIndex, Rarity
from directory.search.vector_scan import VectorScan

# Ages and sets of times are many, so the cache of verdicts is cleared when it is full.
_MAX_JUDGED = 64
_VOLUNTEERING = KINDS.index("volunteering")
_NO_VECTORS = np.empty((0, DIMENSIONS), dtype=np.float16)
_NO_TERMS = RowValues(np.empty(0, dtype=TERM), np.empty(0, dtype=np.int32))


class Index:
    """A ready-made search over listings' entries, one row a listing."""

    def __init__(self, entries: Entries, inverted_index: InvertedIndex, scan: VectorScan) -> None:
        """`inverted_index` and `scan` hold the terms and vectors of `entries`."""
        # Terms and vectors have their own forms; holding them twice costs a kilobyte a listing.
        self.entries = replace(entries, terms=_NO_TERMS, vectors=_NO_VECTORS)
        self.inverted_index = inverted_index
        self.scan = scan
        self._verdicts: dict[tuple[Criterion, date], Verdicts] = {}
        facts = entries.facts
        # Every query reads these whole: contiguous arrays are read twice as fast.
        self.traits = Traits(
            topics=np.ascontiguousarray(facts["topics"]),
            shares=np.ascontiguousarray(facts["shares"]),
            audiences=np.ascontiguousarray(facts["audiences"]),
            volunteering=facts["kind"] == _VOLUNTEERING,
        )

    @classmethod
    def from_entries(cls, entries: Entries, rarity: Rarity | None = None) -> "Index":
        """The index of these entries; `rarity` is the whole directory's where they are a part."""
        terms = entries.terms
        inverted_index = InvertedIndex.from_unsorted(
            terms.values["term"], terms.rows, terms.values["impact"], len(entries), rarity
        )
        return cls(entries, inverted_index, VectorScan.from_vectors(entries.vectors))

    def __len__(self) -> int:
        return len(self.entries)

    def replace(self, changed: Entries) -> "Index":
        """An index in which `changed` replace the entries of the same listings, or are added."""
        old = self.entries
        is_kept = ~np.isin(old.ids, changed.ids)
        kept = int(is_kept.sum())
        new_rows = np.where(is_kept, np.cumsum(is_kept, dtype=np.int32) - 1, np.int32(-1))
        size = kept + len(changed)
        terms = changed.terms
        added = InvertedIndex.from_unsorted(
            terms.values["term"], terms.rows + np.int32(kept), terms.values["impact"], size
        )
        row_values = {
            name: getattr(old, name).replace(new_rows, getattr(changed, name), kept)
            for name in ("points", "sessions", "labels")
        }
        entries = Entries(
            ids=np.concatenate([old.ids[is_kept], changed.ids]),
            vectors=_NO_VECTORS,
            facts=np.concatenate([old.facts[is_kept], changed.facts]),
            terms=_NO_TERMS,
            **row_values,
        )
        return Index(
            entries,
            self.inverted_index.replace(new_rows, added, size),
            self.scan.replace(is_kept, VectorScan.from_vectors(changed.vectors)),
        )

    def judge(self, criterion: Criterion, today: date = date.min) -> Verdicts:
        """The verdict on each row, without sessions that ended before `today`."""
        key = (criterion, today)
        if key not in self._verdicts:
            if len(self._verdicts) >= _MAX_JUDGED:
                self._verdicts.clear()
            self._verdicts[key] = criterion.judge_entries(self.entries, today)
        return self._verdicts[key]

    def find_flag(self, flag: int) -> NDArray[np.bool_]:
        """The rows that have a flag of `entries`, such as `FREE`."""
        rows: NDArray[np.bool_] = self.entries.facts["flags"] & flag != 0
        return rows

    def find_label(self, label: int) -> NDArray[np.bool_]:
        """The rows that have the label of this number."""
        rows = np.zeros(len(self), dtype=bool)
        rows[self.entries.labels.rows[self.entries.labels.values == label]] = True
        return rows

    def count_labels(self, rows: NDArray[np.bool_]) -> dict[int, int]:
        """How many of the `rows` have each label."""
        labels = self.entries.labels
        numbers, counts = np.unique(labels.values[rows[labels.rows]], return_counts=True)
        return dict(zip(numbers.tolist(), counts.tolist(), strict=True))

    def measure_miles(self, near: Area) -> NDArray[np.float32]:
        """Miles to the nearest place of each listing; NaN where none is known."""
        miles = np.full(len(self), np.nan, dtype=np.float32)
        points = self.entries.points
        np.fmin.at(miles, points.rows, _measure_flat(near.point, points.values))
        return miles


def _measure_flat(point: Point, others: NDArray[np.void]) -> NDArray[np.float32]:
    """Miles on a flat map: within the ten that count, 1 in 1,000 off and ten times as fast."""
    north = (others["latitude"] - np.float32(point.latitude)) * np.float32(MILES_PER_DEGREE)
    miles_a_degree_east = MILES_PER_DEGREE * math.cos(math.radians(point.latitude))
    east = (others["longitude"] - np.float32(point.longitude)) * np.float32(miles_a_degree_east)
    miles: NDArray[np.float32] = np.hypot(north, east)
    return miles
