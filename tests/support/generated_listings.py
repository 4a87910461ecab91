"""Hypothesis strategies for listings that a search tells apart, and for what it judges them by."""

from collections.abc import Sequence
from datetime import date, time, timedelta

from hypothesis import strategies as st

from directory.indexing.entries import Entry, label_entry, make_entry
from directory.indexing.needs import NEEDS
from directory.indexing.times import TIMES
from directory.listing import (
    DAYS,
    KINDS,
    REPEATS,
    STATUSES,
    STRANDS,
    Listing,
    Place,
    Point,
    Schedule,
)
from directory.search.criteria import (
    AgeCriterion,
    DatesCriterion,
    NeedCriterion,
    TimesCriterion,
)
from tests.support.in_memory_town import make_vectors

LABELS = {("topics", "tea"): 0, ("topics", "art"): 1}

_TEXTS = st.lists(
    st.sampled_from(
        "tea art choir not on Mondays a Tuesday evening step-free no stairs for women online "
        "bring your children a bus stops here weekend".split()
    ),
    max_size=8,
).map(" ".join)
_CLOCK_TIMES = st.none() | st.builds(time, st.integers(0, 23), st.sampled_from((0, 30)))
_SCHEDULES = st.builds(
    Schedule,
    days=st.lists(st.sampled_from(DAYS), unique=True, max_size=3).map(tuple),
    repeats=st.sampled_from(("", *REPEATS)),
    opens_at=_CLOCK_TIMES,
    closes_at=_CLOCK_TIMES,
    starts=st.none() | st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    ends=st.none() | st.dates(date(2026, 1, 1), date(2027, 12, 31)),
)
_PLACES = st.builds(Place, point=st.none() | st.builds(Point, st.floats(50, 58), st.floats(-5, 2)))
_ACCESS_NOTES = st.lists(st.sampled_from(("lift", "no lift", "hearing loop")), max_size=2)
_LISTINGS = st.builds(
    Listing,
    key=st.just("k"),
    name=_TEXTS,
    kind=st.sampled_from(KINDS),
    description=_TEXTS,
    status=st.sampled_from(STATUSES),
    strands=st.frozensets(st.sampled_from(STRANDS), max_size=2).map(sorted).map(tuple),
    cost_amount=st.sampled_from((None, 0.0, 5.0)),
    places=st.lists(_PLACES, max_size=2).map(tuple),
    online=st.booleans(),
    schedules=st.lists(_SCHEDULES, max_size=3).map(tuple),
    accessibility=_ACCESS_NOTES.map(tuple),
    audience=st.lists(st.sampled_from(("men", "women", "families")), max_size=2).map(tuple),
    topics=st.lists(st.sampled_from(("tea", "art")), max_size=2).map(tuple),
    minimum_age=st.none() | st.integers(0, 60),
    maximum_age=st.none() | st.integers(0, 120),
)
LISTINGS = st.lists(_LISTINGS, max_size=8)
TODAY = st.just(date.min) | st.dates(date(2026, 1, 1), date(2026, 12, 31))
_TIME_NAMES = sorted({*TIMES, *(f"not {time}" for time in TIMES)})
CRITERIA = st.one_of(
    st.builds(NeedCriterion, st.sampled_from(NEEDS)),
    st.builds(AgeCriterion, st.integers(0, 110)),
    st.builds(
        lambda first, days: DatesCriterion(first, first + timedelta(days)),
        st.dates(date(2026, 1, 1), date(2026, 12, 31)),
        st.integers(0, 9),
    ),
    st.builds(TimesCriterion, st.frozensets(st.sampled_from(_TIME_NAMES), min_size=1, max_size=3)),
)


def make_entries(listings: Sequence[Listing], seed: int = 0) -> list[Entry]:
    """Their entries, with random vectors and the numbers of `LABELS`."""

    def number_label(field: str, text: str) -> int:
        return LABELS[field, text] if field == "topics" else 0

    return [
        label_entry(make_entry(listing, vector), listing, number_label)
        for listing, vector in zip(listings, make_vectors(len(listings), seed), strict=True)
    ]
