"""The filters that a query sets: each one masks the in-memory index and writes a SQL condition.

Owns both readings of each filter, side by side. A need such as "step-free" is not a filter but a
criterion: see `indexing.needs`. A filter says nothing about how well a listing fits. As with
criteria, the SQL may let through more than the mask, but never less.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import cast, func, or_

from directory.indexing.bits import pack_names
from directory.indexing.entries import FREE, HIDDEN
from directory.indexing.postgres_schema import ENTRY_SEARCH, Box, Integers, has_any_bit
from directory.listing import KINDS, STATUSES, STRANDS
from directory.places import MILES_PER_DEGREE, Area
from directory.search.criteria import Condition
from directory.search.index import Index
from directory.search.query import Query

Rows = NDArray[np.bool_]
"""One truth value a row of the index."""

_CLOSED = STATUSES.index("closed")


class Filter(Protocol):
    """One thing that a listing must be or have."""

    def find_rows(self, index: Index, /) -> Rows:
        """The rows of the index that pass."""

    def build_condition(self) -> Condition:
        """SQL that is true of every row that passes."""


def make_filters(query: Query, label_numbers: Sequence[int]) -> list[Filter]:
    """The filters of a query; `label_numbers` are the numbers of its labels."""
    filters: list[Filter] = [ShownFilter()]
    if query.kinds:
        filters.append(KindFilter(query.kinds))
    if query.strands:
        filters.append(StrandFilter(query.strands))
    if query.free:
        filters.append(FreeFilter())
    if query.exclude:
        filters.append(ExcludeFilter(query.exclude))
    filters += map(LabelFilter, label_numbers)
    if query.near is not None and query.within is not None:
        filters.append(DistanceFilter(query.near, query.within))
    return filters


@dataclass(frozen=True)
class ShownFilter:
    """Listings that are not closed, gone, or shown under a duplicate's id."""

    def find_rows(self, index: Index) -> Rows:
        rows: Rows = (index.entries.facts["status"] != _CLOSED) & ~index.find_flag(HIDDEN)
        return rows

    def build_condition(self) -> Condition:
        return ENTRY_SEARCH.c.shown


@dataclass(frozen=True)
class KindFilter:
    """Listings of one of these kinds."""

    kinds: frozenset[str]

    def find_rows(self, index: Index) -> Rows:
        return np.isin(index.entries.facts["kind"], self._numbers)

    def build_condition(self) -> Condition:
        return ENTRY_SEARCH.c.kind.in_(self._numbers)

    @property
    def _numbers(self) -> list[int]:
        return sorted(map(KINDS.index, self.kinds))


@dataclass(frozen=True)
class StrandFilter:
    """Listings in at least one of these strands."""

    strands: frozenset[str]

    def find_rows(self, index: Index) -> Rows:
        rows: Rows = index.entries.facts["strands"] & pack_names(self.strands, STRANDS) != 0
        return rows

    def build_condition(self) -> Condition:
        return has_any_bit(ENTRY_SEARCH.c.strands, pack_names(self.strands, STRANDS))


@dataclass(frozen=True)
class FreeFilter:
    """Listings that cost nothing."""

    def find_rows(self, index: Index) -> Rows:
        return index.find_flag(FREE)

    def build_condition(self) -> Condition:
        return ENTRY_SEARCH.c.free


@dataclass(frozen=True)
class ExcludeFilter:
    """Listings other than these; in memory, also without the copies of them under other ids."""

    listing_ids: frozenset[int]

    def find_rows(self, index: Index) -> Rows:
        contents = index.entries.facts["content"]
        is_excluded = np.isin(index.entries.ids, list(self.listing_ids))
        return ~np.isin(contents, contents[is_excluded])

    def build_condition(self) -> Condition:
        ids = cast(sorted(self.listing_ids), Integers)
        condition: Condition = ENTRY_SEARCH.c.listing_id != func.all(ids)
        return condition


@dataclass(frozen=True)
class LabelFilter:
    """Listings with the label of this number; 0 is the number of a label that no listing has."""

    number: int

    def find_rows(self, index: Index) -> Rows:
        return index.find_label(self.number)

    def build_condition(self) -> Condition:
        condition: Condition = ENTRY_SEARCH.c.labels.op("@>")(cast([self.number], Integers))
        return condition


@dataclass(frozen=True)
class DistanceFilter:
    """Listings that are not known to be more than `miles` away from `near`."""

    near: Area
    miles: float

    def find_rows(self, index: Index) -> Rows:
        rows: Rows = ~(index.measure_miles(self.near) > self.miles)
        return rows

    def build_condition(self) -> Condition:
        return or_(ENTRY_SEARCH.c.area.is_(None), build_is_within(self.near, self.miles))


def build_is_within(area: Area, miles: float) -> Condition:
    """SQL that is true in the square around `area` that holds every place within `miles`."""
    north = miles / MILES_PER_DEGREE
    east = north / max(math.cos(math.radians(area.point.latitude)), 0.01)
    point = area.point
    square = (
        f"({point.longitude + east},{point.latitude + north}),"
        f"({point.longitude - east},{point.latitude - north})"
    )
    condition: Condition = ENTRY_SEARCH.c.area.op("&&")(cast(square, Box()))
    return condition
