"""How a listing is described to a person."""

from datetime import time

import pytest

from directory.describe import describe_alert, describe_cost, describe_when, describe_where
from directory.listing import Listing, Place, Point, Schedule


def make_listing(**values) -> Listing:
    return Listing(key="1", name="Tea", kind="group", description="Tea and talk.", **values)


TEN, NOON = time(10), time(12, 30)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (Schedule(("Tuesday",), "weekly", TEN, NOON), "Every Tuesday, 10:00 to 12:30"),
        (Schedule(("Thursday", "Tuesday"), "weekly"), "Every Tuesday and Thursday"),
        (Schedule(("Monday",), "fortnightly", TEN), "Every other Monday, 10:00"),
        (Schedule(("Friday",), "1st of month"), "1st Friday of the month"),
        (Schedule(("Friday",), "last of month"), "Last Friday of the month"),
        # Without a known rhythm, the text must not say "every".
        (Schedule(("Monday", "Wednesday", "Friday")), "Monday, Wednesday and Friday"),
        (Schedule((), "", TEN, NOON), "10:00 to 12:30"),
        (Schedule(description="By appointment"), "By appointment"),
        (
            Schedule(("Sunday",), "weekly", description="Not in August"),
            "Every Sunday. Not in August",
        ),
        (Schedule(), ""),
    ],
)
def test_schedules_are_described(schedule, expected):
    assert describe_when(make_listing(schedules=(schedule,))) == expected


HALL = Place("The Hall", "1 High Street", "Old Town", "ZY1 1AA", Point(53, 1))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"places": (HALL,)}, "The Hall, 1 High Street, Old Town, ZY1 1AA"),
        ({"places": (Place("Old Town", neighbourhood="Old Town"),)}, "Old Town"),
        ({"online": True}, "Online"),
        ({"covers": "All of Larkhaven"}, "Covers All of Larkhaven"),
        ({"places": (Place("The Hall"),), "online": True}, "The Hall; Online"),
        (
            {"confidential": True, "places": (HALL,)},
            "The address is kept private. Get in touch with them first.",
        ),
        ({}, ""),
    ],
)
def test_places_are_described(values, expected):
    assert describe_where(make_listing(**values)) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"cost": "£3 a session", "cost_amount": 3.0}, "£3 a session"),
        ({"cost_amount": 2.5}, "£2.50"),
        ({"cost_amount": 0.0}, "Free"),
        ({}, ""),
    ],
)
def test_free_and_unknown_costs_are_distinct(values, expected):
    assert describe_cost(make_listing(**values)) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"status": "temporarily closed", "alert": "Back in May"}, "Closed for now. Back in May"),
        ({"status": "temporarily closed"}, "Closed for now"),
        ({"alert": "Moved upstairs"}, "Moved upstairs"),
        ({}, ""),
    ],
)
def test_a_closure_begins_the_alert(values, expected):
    assert describe_alert(make_listing(**values)) == expected
