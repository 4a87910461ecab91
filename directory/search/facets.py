"""The facets of a search result: how many of its listings each filter would leave.

Counted over what a search allows and finds, so that every filter offered has results.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from directory.indexing.entries import FREE
from directory.indexing.needs import NEEDS
from directory.indexing.times import TIME_ORDER
from directory.listing import KINDS, STRANDS
from directory.search.criteria import AgeCriterion, Criterion, NeedCriterion, TimesCriterion
from directory.search.filters import Rows
from directory.search.index import Index
from directory.search.query import Query
from directory.search.ranking import Ranked

_K = TypeVar("_K")

WITHIN_MILES = (1, 3, 5, 10)
AGES = (10, 20, 40, 75)
"""One age each of childhood, youth, middle age and old age."""


@dataclass(frozen=True)
class Facets:
    """How many listings have each value; values with none are left out. `total` counts them all.

    Where not `complete`, only the likeliest listings were counted, and counts are lower bounds.

    `needs` and `times` are by the names that a `Query` takes, `ages` by those of `AGES` that the
    listing says it is for, `miles` by the greatest distance, `labels` by the label's number.
    """

    total: int
    kinds: Mapping[str, int]
    strands: Mapping[str, int]
    needs: Mapping[str, int]
    times: Mapping[str, int]
    ages: Mapping[int, int]
    miles: Mapping[int, int]
    labels: Mapping[int, int]
    free: int
    complete: bool = True


def count_facets(index: Index, query: Query, ranked: Ranked) -> Facets:
    """The facets of the rows that are allowed and, where the query has a text, that fit it."""
    rows = ranked.find_fitting(index) if query.text else ranked.allowed
    facts = index.entries.facts

    def count(selected: Rows) -> int:
        return int(np.count_nonzero(selected & rows))

    def count_suited(criterion: Criterion) -> int:
        return count(index.judge(criterion, ranked.today) > 0)

    kinds = np.bincount(facts["kind"][rows], minlength=len(KINDS))
    miles = index.measure_miles(query.near) if query.near else np.full(len(index), np.nan)
    return Facets(
        total=int(np.count_nonzero(rows)),
        kinds=_drop_zeros({kind: int(kinds[number]) for number, kind in enumerate(KINDS)}),
        strands=_drop_zeros(
            {
                strand: count(facts["strands"] >> number & 1 != 0)
                for number, strand in enumerate(STRANDS)
            }
        ),
        needs=_drop_zeros({need: count_suited(NeedCriterion(need)) for need in NEEDS}),
        times=_drop_zeros(
            {time: count_suited(TimesCriterion(frozenset({time}))) for time in TIME_ORDER}
        ),
        ages=_drop_zeros({age: count_suited(AgeCriterion(age)) for age in AGES}),
        miles=_drop_zeros({most: count(miles <= most) for most in WITHIN_MILES}),
        labels=index.count_labels(rows),
        free=count(index.find_flag(FREE)),
    )


def _drop_zeros(counts: dict[_K, int]) -> dict[_K, int]:
    return {name: count for name, count in counts.items() if count}
