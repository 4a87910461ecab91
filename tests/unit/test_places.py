"""Postcodes as they are written, and how far things are apart."""

import numpy as np
import pytest

from directory.listing import Point
from directory.places import measure_miles_from, normalise_postcode


@pytest.mark.parametrize(
    ("typed", "tidy"),
    [("bs14nS", "BS1 4NS"), (" BS1  4NS ", "BS1 4NS"), ("bs1", "BS1"), ("none", "NONE"), ("", "")],
)
def test_a_postcode_is_tidied_however_it_was_typed(typed, tidy):
    assert normalise_postcode(typed) == tidy


@pytest.mark.parametrize(
    ("here", "there", "miles"),
    [
        # London to Bristol, Land's End to John o' Groats: as the crow flies.
        (Point(51.5074, -0.1278), Point(51.4545, -2.5879), 106),
        (Point(50.0657, -5.7132), Point(58.6373, -3.0689), 601),
        (Point(51, 0), Point(51, 0), 0),
        (Point(0, 179.9), Point(0, -179.9), 13.8),
    ],
)
def test_miles(here, there, miles):
    found = measure_miles_from(here, np.array([[there.latitude, there.longitude]]))
    assert found[0] == pytest.approx(miles, rel=0.01, abs=0.01)
