"""The in-memory index: what listings say, as arrays that a query is answered from.

Owns the arrays and how they change; decides nothing about ranking. An index never changes: a
changed directory gives another one, and a search goes on with the one it began with.
"""

import math
from dataclasses import replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from directory.encoder import DIMENSIONS
from directory.indexing.criteria import Demand
from directory.indexing.entries import Entries, Several
from directory.indexing.traits import Traits
from directory.indexing.words import TERM
from directory.listing import KINDS, Point
from directory.places import MILES_A_DEGREE, Area
from directory.search.inverted_index import InvertedIndex, Rarity
from directory.search.vector_scan import Scan
from directory.search.verdicts import Verdicts, judge_all

# Ages and sets of times are many: what was judged long ago is judged again.
_MOST_JUDGED = 64
_VOLUNTEERING = KINDS.index("volunteering")
_NO_VECTORS = np.empty((0, DIMENSIONS), dtype=np.float16)
_NO_TERMS = Several(np.empty(0, dtype=TERM), np.empty(0, dtype=np.int32))


class Index:
    """A ready-made search over listings' entries, one row a listing."""

    def __init__(self, entries: Entries, rarity: Rarity | None = None) -> None:
        """`rarity` is that of the whole directory, where the entries are only some of it."""
        words = entries.terms
        terms, impacts = words.values["term"], words.values["impact"]
        postings = InvertedIndex(terms, words.rows, impacts, len(entries), rarity)
        self._take(entries, postings, Scan(entries.vectors))

    def _take(self, entries: Entries, postings: InvertedIndex, scan: Scan) -> None:
        # Terms and vectors stand in their own forms; twice would be a kilobyte a listing more.
        self.entries = replace(entries, terms=_NO_TERMS, vectors=_NO_VECTORS)
        self.postings = postings
        self.scan = scan
        self._judged: dict[tuple[Demand, date], Verdicts] = {}
        facts = entries.facts
        # Read whole by every query: side by side they are read twice as fast.
        self.traits = Traits(
            topics=np.ascontiguousarray(facts["topics"]),
            shares=np.ascontiguousarray(facts["shares"]),
            audiences=np.ascontiguousarray(facts["audiences"]),
            volunteering=facts["kind"] == _VOLUNTEERING,
        )

    def __len__(self) -> int:
        return len(self.entries)

    def replace(self, changed: Entries) -> "Index":
        """An index with `changed` in place of what it held of the same listings, or beside it."""
        old = self.entries
        kept = ~np.isin(old.ids, changed.ids)
        before = int(kept.sum())
        new_rows = np.where(kept, np.cumsum(kept, dtype=np.int32) - 1, np.int32(-1))
        size = before + len(changed)
        words = changed.terms
        added = InvertedIndex(
            words.values["term"], words.rows + np.int32(before), words.values["impact"], size
        )
        several = {
            name: getattr(old, name).replace(new_rows, getattr(changed, name), before)
            for name in ("points", "sessions", "labels")
        }
        entries = Entries(
            ids=np.concatenate([old.ids[kept], changed.ids]),
            vectors=_NO_VECTORS,
            facts=np.concatenate([old.facts[kept], changed.facts]),
            terms=_NO_TERMS,
            **several,
        )
        index = object.__new__(Index)
        postings = self.postings.replace(new_rows, added, size)
        index._take(entries, postings, self.scan.replace(kept, Scan(changed.vectors)))
        return index

    def judge(self, demand: Demand, today: date = date.min) -> Verdicts:
        """What each listing says of the demand; what ended before `today` counts no more."""
        asked = (demand, today)
        if asked not in self._judged:
            if len(self._judged) >= _MOST_JUDGED:
                self._judged.clear()
            self._judged[asked] = judge_all(self.entries, demand, today)
        return self._judged[asked]

    def find_flag(self, flag: int) -> NDArray[np.bool_]:
        """The rows that have one of the flags of `entries`."""
        found: NDArray[np.bool_] = self.entries.facts["flags"] & flag != 0
        return found

    def find_label(self, label: int) -> NDArray[np.bool_]:
        """The rows that have the label of this number."""
        found = np.zeros(len(self), dtype=bool)
        found[self.entries.labels.rows[self.entries.labels.values == label]] = True
        return found

    def count_labels(self, rows: NDArray[np.bool_]) -> dict[int, int]:
        """How many of the `rows` have each label."""
        labels = self.entries.labels
        numbers, counts = np.unique(labels.values[rows[labels.rows]], return_counts=True)
        return dict(zip(numbers.tolist(), counts.tolist(), strict=True))

    def measure_miles(self, near: Area) -> NDArray[np.float32]:
        """To the nearest place of each listing; NaN where none is known."""
        miles = np.full(len(self), np.nan, dtype=np.float32)
        points = self.entries.points
        np.fmin.at(miles, points.rows, _measure_flat(near.point, points.values))
        return miles


def _measure_flat(point: Point, others: NDArray[np.void]) -> NDArray[np.float32]:
    """Miles as on a flat map: 1 in 1,000 off within the ten that count, and ten times quicker."""
    north = (others["latitude"] - np.float32(point.latitude)) * np.float32(MILES_A_DEGREE)
    narrower = MILES_A_DEGREE * math.cos(math.radians(point.latitude))
    east = (others["longitude"] - np.float32(point.longitude)) * np.float32(narrower)
    miles: NDArray[np.float32] = np.hypot(north, east)
    return miles
