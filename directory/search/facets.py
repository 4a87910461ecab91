"""How many of what was found have each thing that one may filter by.

Counted over what a search found, so that no filter that is offered leads to nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from directory.indexing.criteria import NEEDS, TIMES, Demand
from directory.indexing.entries import FREE
from directory.listing import KINDS, STRANDS
from directory.search.index import Index
from directory.search.query import Query
from directory.search.search import Ranked
from directory.search.verdicts import Verdicts

Rows = NDArray[np.bool_]
_K = TypeVar("_K")

WITHIN_MILES = (1, 3, 5, 10)
AGES = (10, 20, 40, 75)
"""One of childhood, of youth, of middle and of old age."""
_DAY_PARTS = sorted(TIMES)


@dataclass(frozen=True)
class Facets:
    """Counts by what was found; what none has is left out. `total` is how many were found.

    All counts are at the least, where not `complete`: then only the likeliest were looked at.

    `needs` and `times` are by the names that a `Query` takes, `ages` by one of `AGES` that the
    listing says it is for, `miles` by how far at most, `labels` by number of label.
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
    """The facets of what is allowed and, where something was asked for, fits."""
    rows = ranked.find_fitting(index) if query.text else ranked.allowed
    facts = index.entries.facts

    def count(found: Rows) -> int:
        return int(np.count_nonzero(found & rows))

    def judge(demand: Demand) -> Verdicts:
        return index.judge(demand, ranked.today)

    kinds = np.bincount(facts["kind"][rows], minlength=len(KINDS))
    near = index.measure_miles(query.near) if query.near else np.full(len(index), np.nan)
    return Facets(
        total=int(np.count_nonzero(rows)),
        kinds=_some({kind: int(kinds[number]) for number, kind in enumerate(KINDS)}),
        strands=_some(
            {
                strand: count(facts["strands"] >> number & 1 != 0)
                for number, strand in enumerate(STRANDS)
            }
        ),
        needs=_some({need: count(judge(need) > 0) for need in NEEDS}),
        times=_some({time: count(judge(frozenset({time})) > 0) for time in _DAY_PARTS}),
        ages=_some({age: count(judge(age) > 0) for age in AGES}),
        miles=_some({most: count(near <= most) for most in WITHIN_MILES}),
        labels=index.count_labels(rows),
        free=count(index.find_flag(FREE)),
    )


def _some(counts: dict[_K, int]) -> dict[_K, int]:
    return {name: count for name, count in counts.items() if count}
