"""What is looked for, and what comes of it: the shapes that cross out of finding."""

from dataclasses import dataclass
from datetime import date

from directory.listing import StoredListing
from directory.places import Area

# Below this, the best that the directory has is not what was asked for.
GOOD_ENOUGH = 0.3


@dataclass(frozen=True)
class Query:
    """What to look for. Empty `kinds` and `strands` mean any; `exclude` holds ids not to show.

    `needs` are names in `fitting.NEEDS` and `fitting.TIMES`, `age` is in years: what does not
    suit is left out, and what is known to suit comes first. `within` is in miles of `near`: what
    is known to be farther is left out. `week` is the first of the seven days to go in.
    `labels` are pairs of field and text that a listing must have. `avoid` says in words what is
    not wanted. With a `why` the text is ours: it finds, and `why` is the reason to give.
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
    why: str = ""
    needs: frozenset[str] = frozenset()
    age: int | None = None
    week: date | None = None
    avoid: str = ""


@dataclass(frozen=True)
class Hit:
    """A listing that was found. `score` is comparable within one search only.

    `fit` is how near its words come to the query's, in units of cosine. `miles` is the distance
    to the area asked about, None where it is not known; `silent` tells that the listing does
    not say whether it meets some need.
    """

    found: StoredListing
    score: float
    reasons: tuple[str, ...]
    miles: float | None
    fit: float
    silent: bool = False

    @property
    def good(self) -> bool:
        """Whether it is likely to be what was meant."""
        return self.fit >= GOOD_ENOUGH
