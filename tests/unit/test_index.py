"""The index holds what the listings say, however it was built."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directory.encoder import DIMENSIONS
from directory.indexing.entry_arrays import read_entries
from directory.indexing.words import find_stems, number_stem
from directory.listing import Listing, Place, Point
from directory.places import Area, measure_miles_from
from directory.search.criteria import NeedCriterion, TimesCriterion
from directory.search.index import Index
from directory.search.vector_scan import VectorScan
from tests.support.generated_listings import LABELS, LISTINGS, make_entries
from tests.support.in_memory_town import make_vectors


def build_index(listings, first_id=1) -> Index:
    ids = range(first_id, first_id + len(listings))
    return Index.from_entries(read_entries(ids, make_entries(listings)))


def read_index(index: Index) -> dict[int, tuple]:
    """All that the index holds of each listing, by its id."""
    query = make_vectors(1, 9)[0]
    stems = find_stems("tea art choir women bus")
    words = index.inverted_index.score(map(number_stem, stems))
    cosines = index.scan.refine(np.arange(len(index)), query)
    miles = index.measure_miles(Area("x", Point(53, 1)))
    labels = [index.find_label(label) for label in LABELS.values()]
    women = index.judge(NeedCriterion("women"))
    tuesday = index.judge(TimesCriterion(frozenset({"tuesday"})))
    return {
        int(listing_id): (
            round(float(words[row]), 4),
            round(float(cosines[row]), 4),
            str(miles[row]),
            tuple(bool(rows[row]) for rows in labels),
            int(women[row]),
            int(tuesday[row]),
            bytes(index.entries.facts[row].tobytes()),
        )
        for row, listing_id in enumerate(index.entries.ids)
    }


@given(LISTINGS, LISTINGS, st.integers(1, 10))
@settings(deadline=None)
def test_a_changed_index_equals_a_new_one(before, after, first_id):
    ids = range(first_id, first_id + len(after))
    old, new = make_entries(before), make_entries(after, seed=1)
    changed = Index.from_entries(read_entries(range(1, len(old) + 1), old))
    changed = changed.replace(read_entries(ids, new))
    kept = [number for number in range(1, len(old) + 1) if number not in ids]
    entries = [*(old[number - 1] for number in kept), *new]
    built_anew = Index.from_entries(read_entries([*kept, *ids], entries))
    assert read_index(changed) == read_index(built_anew)


@pytest.mark.parametrize("size", [0, 1, 5_000])
def test_the_scan_is_near_and_its_refinement_exact(size):
    vectors = make_vectors(size).astype(np.float16)
    query = make_vectors(1, 7)[0]
    exact = vectors.astype(np.float32) @ query
    scan = VectorScan.from_vectors(vectors)
    assert np.abs(scan.score(query) - exact).max(initial=0) < 0.004
    rows = np.arange(size)
    assert np.abs(scan.refine(rows, query) - exact).max(initial=0) < 0.00002


def test_a_vector_of_zeros_is_near_nothing():
    scan = VectorScan.from_vectors(np.zeros((2, DIMENSIONS), dtype=np.float16))
    assert scan.score(make_vectors(1)[0]).tolist() == [0, 0]
    assert scan.score(np.zeros(DIMENSIONS, dtype=np.float32)).tolist() == [0, 0]


@given(st.floats(-0.14, 0.14), st.floats(-0.2, 0.2))
def test_miles_on_the_flat_map_are_miles(north, east):
    here, there = Point(53.0, -1.0), Point(53.0 + north, -1.0 + east)
    listing = replace(Listing("k", "n", "group", "d"), places=(Place(point=there),))
    [flat] = build_index([listing]).measure_miles(Area("here", here))
    exact = measure_miles_from(here, np.array([(there.latitude, there.longitude)]))[0]
    assert flat == pytest.approx(exact, rel=0.005, abs=0.001)
