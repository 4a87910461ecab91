"""Postcodes and distances."""

import numpy as np
import pytest

from directory.listing import Point
from directory.places import measure_miles_from, normalise_postcode


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("bs14nS", "BS1 4NS"), (" BS1  4NS ", "BS1 4NS"), ("bs1", "BS1"), ("none", "NONE"), ("", "")],
)
def test_a_postcode_is_normalised(typed, expected):
    assert normalise_postcode(typed) == expected


@pytest.mark.parametrize(
    ("start", "end", "miles"),
    [
        # London to Bristol, and Land's End to John o' Groats.
        (Point(51.5074, -0.1278), Point(51.4545, -2.5879), 106),
        (Point(50.0657, -5.7132), Point(58.6373, -3.0689), 601),
        (Point(51, 0), Point(51, 0), 0),
        (Point(0, 179.9), Point(0, -179.9), 13.8),
    ],
)
def test_miles_are_measured_along_a_great_circle(start, end, miles):
    distances = measure_miles_from(start, np.array([[end.latitude, end.longitude]]))
    assert distances[0] == pytest.approx(miles, rel=0.01, abs=0.01)
