"""Where a name, postcode or pair of degrees is, and how far things are apart."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directory.listings import Place, Point
from directory.places import Gazetteer, miles_from, tidy_postcode

PLACES = (
    Place("Hall", neighbourhood="Old Town", postcode="ZY1 1AA", point=Point(53.0, 1.0)),
    Place("Shed", neighbourhood="Old Town", postcode="ZY1 2BB", point=Point(53.2, 1.2)),
    Place("Hut", neighbourhood="Old Town Hill", postcode="zy23cc", point=Point(54.0, 1.0)),
    Place("Barn", neighbourhood="St. Ives (East)", postcode="", point=Point(50.0, -5.0)),
    Place("Iford", neighbourhood="Iford", postcode="ZY10 1AA", point=Point(50.1, -5.0)),
    Place("Nowhere", neighbourhood="Lost Village", postcode="ZY9 9ZZ"),
)
GAZETTEER = Gazetteer(PLACES)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Old Town", "Old Town"),
        ("old town please", "Old Town"),
        ("somewhere on OLD TOWN HILL", "Old Town Hill"),
        ("st. ives (east)", "St. Ives (East)"),
        ("ZY1 1AA", "ZY1 1AA"),
        ("zy11aa", "ZY1 1AA"),
        ("I am at ZY1", "ZY1"),
        ("ZY1 9XX", "ZY1"),
        ("ZY2 3CC", "ZY2 3CC"),
        ("zy10", "ZY10"),
        ("53.5, 1.25", "you"),
        ("Oldtown", None),
        ("Cold Townhouse", None),
        ("Lost Village", None),
        ("ZY9", None),
        ("99, 5", None),
        ("53, 500", None),
        ("İford", None),
        ("", None),
    ],
)
def test_an_area_is_found_by_what_people_call_it(text, name):
    area = GAZETTEER.find(text)
    assert (area.name if area else None) == name


def test_an_area_is_in_the_middle_of_its_places():
    area = GAZETTEER.find("Old Town")
    assert area is not None
    assert (area.point.latitude, area.point.longitude) == pytest.approx((53.1, 1.1))


def test_the_busiest_neighbourhood_is_offered_first():
    assert GAZETTEER.names == ("Old Town", "Iford", "Old Town Hill", "St. Ives (East)")


@settings(deadline=None)
@given(
    st.one_of(
        st.text(st.characters(exclude_categories=())),
        st.lists(st.sampled_from("İ ı ſ K ß ẞ iford OLD town ZY1 1AA , - 9 53.1".split())).map(
            " ".join
        ),
    )
)
def test_finding_never_raises(text):
    GAZETTEER.find(text)
    Gazetteer(()).find(text)
    Gazetteer([Place(neighbourhood=text, postcode=text, point=Point(0, 0))]).find(text)


@pytest.mark.parametrize(
    ("typed", "tidy"),
    [("bs14nS", "BS1 4NS"), (" BS1  4NS ", "BS1 4NS"), ("bs1", "BS1"), ("none", "NONE"), ("", "")],
)
def test_a_postcode_is_tidied_however_it_was_typed(typed, tidy):
    assert tidy_postcode(typed) == tidy


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
    found = miles_from(here, np.array([[there.latitude, there.longitude]]))
    assert found[0] == pytest.approx(miles, rel=0.01, abs=0.01)
