"""A query and a hit: what a search takes and gives."""

from dataclasses import dataclass
from datetime import date

from directory.listing import StoredListing
from directory.places import Area
from directory.search.criteria import Criterion, make_criteria

# A listing with a smaller fit is unlikely to be what the person means, even if it is the best.
GOOD_ENOUGH = 0.3


@dataclass(frozen=True)
class Query:
    """What to look for. Empty `kinds` and `strands` mean any; `exclude` holds listing ids.

    `needs` are names in `NEEDS` and `TIMES`, the latter perhaps with "not " before them, `age` is
    in years, and `dates` are the first and the last day to go on: a listing that fails one of them
    is left out, and one that is known to meet it comes first. A listing known to be more than
    `within` miles from `near` is left out; with `nearest`, miles cost more. `labels` are pairs of
    field and text that a listing must have. `avoid` says in words what is not wanted.
    A listing in a place of `away_from`, or within a mile of it, is left out. With `oldest`, the
    person's age is between `age` and it. `fixed_reason` is the
    reason to give where the program wrote the text, and not a person: its words are none. An empty
    one gives no reason beyond the facts.
    """

    text: str
    kinds: frozenset[str] = frozenset()
    strands: frozenset[str] = frozenset()
    labels: frozenset[tuple[str, str]] = frozenset()
    near: Area | None = None
    within: float | None = None
    free: bool = False
    nearest: bool = False
    exclude: frozenset[int] = frozenset()
    limit: int = 3
    fixed_reason: str | None = None
    needs: frozenset[str] = frozenset()
    age: int | None = None
    oldest: int | None = None
    dates: tuple[date, date] | None = None
    avoid: str = ""
    away_from: tuple[Area, ...] = ()

    def list_criteria(self) -> list[Criterion]:
        """What listings are judged by. Raises KeyError for an unknown need."""
        return make_criteria(self.needs, self.age, self.dates, self.oldest)


@dataclass(frozen=True)
class Hit:
    """A listing that a search found. `score` is comparable within one search only.

    `fit` is how near its words come to the query's, in units of cosine. `miles` is the distance
    to `Query.near`, None where it is not known; `has_unknowns` is whether the listing does not say
    if it meets some criterion.
    """

    stored: StoredListing
    score: float
    reasons: tuple[str, ...]
    miles: float | None
    fit: float
    has_unknowns: bool = False

    @property
    def is_good(self) -> bool:
        """Whether it is likely to be what the person means."""
        return self.fit >= GOOD_ENOUGH
