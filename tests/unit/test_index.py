"""The index says of listings what the listings say, however it came about."""

from dataclasses import replace
from datetime import date, time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directory.encoder import DIMENSIONS
from directory.indexing.criteria import NEEDS, TIMES, judge
from directory.indexing.entries import label_entry, make_entry, read_entries
from directory.indexing.words import find_stems, number
from directory.listing import DAYS, KINDS, REPEATS, Listing, Place, Point, Schedule
from directory.places import Area, measure_miles_from
from directory.search.index import Index
from directory.search.vector_scan import Scan
from tests.support.in_memory_town import make_vectors

LABELS = {
    (field, text): n for n, (field, text) in enumerate([("topics", "tea"), ("topics", "art")])
}
TEXTS = st.lists(
    st.sampled_from(
        "tea art choir not on Mondays a Tuesday evening step-free no stairs for women online "
        "bring your children a bus stops here weekend".split()
    ),
    max_size=8,
).map(" ".join)
TIMES_OF_DAY = st.none() | st.builds(time, st.integers(0, 23), st.sampled_from((0, 30)))
SCHEDULES = st.builds(
    Schedule,
    days=st.lists(st.sampled_from(DAYS), unique=True, max_size=3).map(tuple),
    repeats=st.sampled_from(("", *REPEATS)),
    opens_at=TIMES_OF_DAY,
    closes_at=TIMES_OF_DAY,
    starts=st.none() | st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    ends=st.none() | st.dates(date(2026, 1, 1), date(2027, 12, 31)),
)
LISTINGS = st.builds(
    Listing,
    key=st.just("k"),
    name=TEXTS,
    kind=st.sampled_from(KINDS),
    description=TEXTS,
    places=st.lists(
        st.builds(Place, point=st.none() | st.builds(Point, st.floats(50, 58), st.floats(-5, 2))),
        max_size=2,
    ).map(tuple),
    online=st.booleans(),
    schedules=st.lists(SCHEDULES, max_size=3).map(tuple),
    accessibility=st.lists(st.sampled_from(("lift", "no lift", "hearing loop")), max_size=2).map(
        tuple
    ),
    audience=st.lists(st.sampled_from(("men", "women", "families")), max_size=2).map(tuple),
    topics=st.lists(st.sampled_from(("tea", "art")), max_size=2).map(tuple),
    minimum_age=st.none() | st.integers(0, 60),
    maximum_age=st.none() | st.integers(0, 120),
)
MANY = st.lists(LISTINGS, max_size=8)


def number_label(field, text):
    return LABELS[field, text] if field == "topics" else 0


def entries_of(listings, first_id=1, seed=0):
    made = [
        label_entry(make_entry(one, vector), one, number_label)
        for one, vector in zip(listings, make_vectors(len(listings), seed), strict=True)
    ]
    return read_entries(range(first_id, first_id + len(listings)), made)


EVERY_TIME = sorted({*TIMES, *(f"not {time}" for time in TIMES)})
DEMANDS = st.one_of(
    st.sampled_from(sorted(NEEDS)),
    st.integers(0, 110),
    st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    st.frozensets(
        st.sampled_from(sorted({*TIMES, *(f"not {time}" for time in TIMES)})),
        min_size=1,
        max_size=3,
    ),
)


@given(MANY, DEMANDS)
@settings(deadline=None)
def test_verdicts_over_the_index_are_those_of_each_listing(listings, demand):
    said = Index(entries_of(listings)).judge(demand)
    expected = [judge(one, demand).suits for one in listings]
    assert [{1: True, -1: False, 0: None}[int(one)] for one in said] == expected


def look_at(index: Index) -> dict[int, tuple]:
    """All that the index holds of each listing, by its id."""
    query = make_vectors(1, 9)[0]
    words = index.postings.score(number(stem) for stem in find_stems("tea art choir women bus"))
    cosines = index.scan.refine(np.arange(len(index)), query)
    near = index.measure_miles(Area("x", Point(53, 1)))
    labels = [index.find_label(label) for label in LABELS.values()]
    return {
        int(at): (
            round(float(words[row]), 4),
            round(float(cosines[row]), 4),
            str(near[row]),
            tuple(bool(found[row]) for found in labels),
            int(index.judge("women")[row]),
            int(index.judge(frozenset({"tuesday"}))[row]),
            bytes(index.entries.facts[row].tobytes()),
        )
        for row, at in enumerate(index.entries.ids)
    }


@given(MANY, MANY, st.integers(1, 10))
@settings(deadline=None)
def test_an_index_that_was_changed_is_as_one_made_anew(before, after, first_id):
    changed = entries_of(after, first_id, seed=1)
    index = Index(entries_of(before)).replace(changed)
    kept = [n for n in range(len(before)) if not first_id <= n + 1 < first_id + len(after)]
    everything = [*(before[n] for n in kept), *after]
    vectors = [*make_vectors(len(before))[kept], *make_vectors(len(after), 1)]
    made = [
        label_entry(make_entry(one, vector), one, number_label)
        for one, vector in zip(everything, vectors, strict=True)
    ]
    ids = [*(n + 1 for n in kept), *range(first_id, first_id + len(after))]
    assert look_at(index) == look_at(Index(read_entries(ids, made)))


@pytest.mark.parametrize("size", [0, 1, 5_000])
def test_the_scan_is_near_and_its_second_look_exact(size):
    vectors = make_vectors(size).astype(np.float16)
    query = make_vectors(1, 7)[0]
    exact = vectors.astype(np.float32) @ query
    scan = Scan(vectors)
    assert np.abs(scan.score(query) - exact).max(initial=0) < 0.004
    rows = np.arange(size)
    assert np.abs(scan.refine(rows, query) - exact).max(initial=0) < 0.00002


def test_a_vector_of_nothing_is_near_nothing():
    scan = Scan(np.zeros((2, DIMENSIONS), dtype=np.float16))
    assert scan.score(make_vectors(1)[0]).tolist() == [0, 0]
    assert scan.score(np.zeros(DIMENSIONS, dtype=np.float32)).tolist() == [0, 0]


@given(st.floats(-0.14, 0.14), st.floats(-0.2, 0.2))
def test_miles_on_the_flat_map_are_miles(north, east):
    here, there = Point(53.0, -1.0), Point(53.0 + north, -1.0 + east)
    listing = replace(Listing("k", "n", "group", "d"), places=(Place(point=there),))
    [flat] = Index(entries_of([listing])).measure_miles(Area("here", here))
    exact = measure_miles_from(here, np.array([(there.latitude, there.longitude)]))[0]
    assert flat == pytest.approx(exact, rel=0.005, abs=0.001)
