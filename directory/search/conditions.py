"""What a query asks of a listing's facts, in the terms of the table that PostgreSQL searches by.

Allows all that `search.rank` would allow and little else: that has the last word.
"""

import math
from collections.abc import Sequence
from datetime import date

from sqlalchemy import ColumnElement, cast, func, or_

from directory.indexing.criteria import TIME_ORDER, Demand, parse_times
from directory.indexing.entries import UNKNOWN
from directory.indexing.postgres_rows import (
    ANY_DAY,
    ANY_HOUR,
    NUMBERS,
    ROWS,
    Box,
    Integers,
    SmallIntegers,
    join_bits,
)
from directory.listing import DAYS, KINDS, STRANDS
from directory.places import MILES_A_DEGREE, Area
from directory.search.query import Query

Condition = ColumnElement[bool]


def filter_rows(query: Query, labels: Sequence[int]) -> list[Condition]:
    """What all that a query allows meets; `labels` are the numbers of its labels."""
    found: list[Condition] = [ROWS.c.shown]
    if query.kinds:
        found.append(ROWS.c.kind.in_([KINDS.index(kind) for kind in query.kinds]))
    if query.strands:
        found.append(_has_bits(ROWS.c.strands, join_bits(map(STRANDS.index, query.strands))))
    if query.free:
        found.append(ROWS.c.free)
    if query.exclude:
        excluded = cast(sorted(query.exclude), Integers)
        found.append(ROWS.c.listing_id != func.all(excluded))
    if labels:
        found.append(ROWS.c.labels.op("@>")(cast(list(labels), Integers)))
    if barred := join_bits(NUMBERS[need] for need in query.needs if need in NUMBERS):
        found.append(~_has_bits(ROWS.c.refuses, barred))
    if query.age is not None:
        found.append(ROWS.c.youngest <= query.age)
        found.append(or_(ROWS.c.oldest == UNKNOWN, ROWS.c.oldest >= query.age))
    if query.near is not None and query.within is not None:
        found.append(or_(ROWS.c.area.is_(None), is_within(query.near, query.within)))
    return found


def suits(demand: Demand) -> Condition:
    """What is met by all that is known to meet the demand."""
    if isinstance(demand, date):
        # Which days a rule falls on is not known here: those that have times may.
        return func.cardinality(ROWS.c.slots) > 0
    if isinstance(demand, int):
        return or_(ROWS.c.youngest != UNKNOWN, ROWS.c.oldest != UNKNOWN)
    if isinstance(demand, str):
        return _has_bits(ROWS.c.suits, join_bits([NUMBERS[demand]]))
    wanted, barred, wanted_hours, barred_hours = parse_times(demand)
    days = [DAYS.index(day) for day in DAYS if day in (wanted or DAYS) and day not in barred]
    hours = [at for at in range(24) if at in (wanted_hours or range(24)) and at not in barred_hours]
    slots = [24 * day + hour for day in days for hour in hours]
    if not wanted_hours and not barred_hours:
        slots += [ANY_DAY + day for day in days]
    if not wanted and not barred:
        slots += [ANY_HOUR + hour for hour in hours]
    on: Condition = ROWS.c.slots.op("&&")(cast(slots, SmallIntegers))
    told = join_bits(at for at, time in enumerate(TIME_ORDER) if time in demand)
    return or_(on, ROWS.c.times_told.op("&")(told) == told) if told else on


def _has_bits(column: ColumnElement[int], bits: int) -> Condition:
    return column.op("&")(bits) != 0


def is_within(area: Area, miles: float) -> Condition:
    """In the square about the area: all that is so near, and its corners."""
    north = miles / MILES_A_DEGREE
    east = north / max(math.cos(math.radians(area.point.latitude)), 0.01)
    at = area.point
    square = (
        f"({at.longitude + east},{at.latitude + north}),"
        f"({at.longitude - east},{at.latitude - north})"
    )
    within: Condition = ROWS.c.area.op("&&")(cast(square, Box()))
    return within
