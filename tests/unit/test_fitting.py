"""Whether a listing suits: only what it says is a yes or a no."""

from dataclasses import replace
from datetime import date, time

import pytest

from directory.indexing.criteria import NEEDS, TIMES, judge, judge_age, judge_times
from directory.listing import Listing, Place, Schedule


def listing(description: str = "", **values) -> Listing:
    return Listing(key="k", name="A group", kind="group", description=description, **values)


def held(*days: str, start: int | None = None, end: int | None = None) -> Listing:
    opens = None if start is None else time(start)
    closes = None if end is None else time(end)
    return listing(schedules=(Schedule(days=days, opens_at=opens, closes_at=closes),))


@pytest.mark.parametrize(
    ("one", "needs", "suits"),
    [
        (held("Tuesday", start=10, end=12), {"daytime"}, True),
        (held("Tuesday", start=10, end=12), {"morning"}, True),
        (held("Tuesday", start=10, end=12), {"afternoon"}, False),
        (held("Tuesday", start=11, end=14), {"afternoon"}, True),
        (held("Tuesday", start=10, end=12), {"evening"}, False),
        (held("Tuesday", start=18, end=20), {"evening"}, True),
        (held("Tuesday", start=16, end=17), {"evening"}, False),
        (held("Tuesday", start=17, end=19), {"evening"}, True),
        (held("Tuesday", start=18, end=20), {"evening", "tuesday"}, True),
        (held("Tuesday", start=18, end=20), {"evening", "friday"}, False),
        (held("Tuesday", start=18, end=20), {"monday", "tuesday"}, True),
        (held("Tuesday", start=18, end=20), {"not evening"}, False),
        (held("Tuesday", start=10, end=12), {"not evening"}, True),
        (held("Monday", start=17, end=20), {"not evening"}, False),
        (held("Monday", start=17, end=18), {"evening"}, True),
        (listing("Sunday evenings."), {"tuesday", "evening"}, None),
        (listing("No evening sessions."), {"evening"}, None),
        (held("Friday"), {"not friday"}, False),
        (held("Friday", "Monday"), {"not friday"}, True),
        (held("Saturday"), {"weekend"}, True),
        (held("Saturday"), {"weekday"}, False),
        (held("Saturday"), {"evening"}, None),
        (held(start=19), {"saturday"}, None),
        (held(), {"evening"}, None),
        (listing("We meet every Tuesday evening."), {"evening"}, True),
        (listing("We meet."), {"evening"}, None),
    ],
)
def test_times(one: Listing, needs: set[str], suits: bool | None) -> None:
    assert judge_times(one, needs).suits is suits


def test_two_sessions_do_not_add_up_to_one() -> None:
    sessions = (
        Schedule(days=("Monday",), opens_at=time(19)),
        Schedule(days=("Friday",), opens_at=time(10)),
    )
    assert judge_times(listing(schedules=sessions), {"friday", "evening"}).suits is False


HALL = (Place(venue="Hall"),)


@pytest.mark.parametrize(
    ("one", "need", "suits"),
    [
        (listing(accessibility=("step-free", "parking")), "step-free", True),
        (listing(accessibility=("level paths",)), "step-free", True),
        (listing("The hall is fully accessible."), "step-free", True),
        (listing("The hall is not wheelchair accessible."), "step-free", False),
        (listing("Up two flights of stairs and there is no lift."), "step-free", False),
        (listing("Call us if you need a lift from the station."), "step-free", None),
        (listing("Songs to lift your mood."), "step-free", None),
        (listing(accessibility=("lift",)), "step-free", True),
        (listing("There is no hearing loop."), "hearing loop", None),
        (listing("Not just for women."), "women", None),
        (listing("Sadly there is no step-free access."), "step-free", False),
        (listing("We sing."), "step-free", None),
        (listing(accessibility=("hearing loop",)), "hearing loop", True),
        (listing(online=True), "online", True),
        (listing(places=HALL), "online", False),
        (listing("We meet on Zoom."), "online", True),
        (listing("We meet."), "online", None),
        (listing(places=HALL, online=True), "in person", True),
        (listing(online=True), "in person", False),
        (listing(), "in person", None),
        (listing(audience=("women",)), "women", True),
        (listing(audience=("Women", "Men")), "women", None),
        (listing(audience=("men",)), "women", False),
        (listing("Women only swimming."), "women", True),
        (listing(audience=("men",)), "men", True),
        (listing(minimum_age=18), "children", False),
        (listing(audience=("families",)), "children", True),
        (listing("Bring your children along."), "children", True),
        (listing("Chess."), "children", None),
        (listing("The number 7 bus stops outside."), "bus", True),
        (listing("There is no bus."), "bus", False),
    ],
)
def test_needs(one: Listing, need: str, suits: bool | None) -> None:
    verdict = judge(one, need)
    assert verdict.suits is suits
    assert bool(verdict.reason) is (suits is True), "a yes comes with its reason"


@pytest.mark.parametrize(
    ("youngest", "oldest", "age", "suits"),
    [(18, None, 17, False), (18, None, 18, True), (None, 25, 26, False), (None, None, 5, None)],
)
def test_ages(youngest: int | None, oldest: int | None, age: int, suits: bool | None) -> None:
    assert judge_age(listing(minimum_age=youngest, maximum_age=oldest), age).suits is suits


@pytest.mark.parametrize("need", sorted({*NEEDS, *TIMES}))
def test_a_listing_that_says_nothing_is_neither_yes_nor_no(need: str) -> None:
    demand = frozenset({need}) if need in TIMES else need
    assert judge(listing(), demand).suits is None


@pytest.mark.parametrize(
    ("need", "told"),
    [
        ("step-free", "Wheelchair access is not available."),
        ("step-free", "Step-free access: no."),
        ("step-free", "Disabled access - none."),
        ("step-free", "Level access is planned for next year."),
        ("accessible toilet", "Accessible toilet: no."),
        ("accessible toilet", "The accessible toilet is out of order."),
        ("hearing loop", "Our hearing loop is broken."),
        ("bus", "Buses do not run here."),
        ("online", "Book online at our website."),
        ("children", "There is baby changing."),
    ],
)
def test_what_is_taken_back_after_it_was_said_is_no_yes(need, told):
    one = Listing("k", "Tea", "group", told)
    assert judge(one, need).suits is not True
    assert judge(replace(one, description="Tea.", accessibility=(told,)), need).suits is not True


@pytest.mark.parametrize("told", ["Closed Mondays.", "Every day except Monday."])
def test_a_day_that_is_left_out_is_no_day(told):
    one = Listing("k", "Tea", "group", told)
    assert judge(one, frozenset({"monday"})).suits is None


@pytest.mark.parametrize(
    "over",
    [
        Schedule(("Monday",), "weekly", ends=date(2026, 11, 1)),
        Schedule(("Monday",), "once", starts=date(2026, 11, 2)),
    ],
)
def test_what_is_over_is_no_session(over):
    one = Listing("k", "Tea", "group", "Tea.", schedules=(over,))
    monday = frozenset({"monday"})
    assert judge(one, monday, date(2026, 10, 1)).suits is True
    assert judge(one, monday, date(2026, 11, 23)).suits is False


def test_what_is_closed_for_now_is_not_on_this_week():
    weekly = (Schedule(("Monday",), "weekly"),)
    one = Listing("k", "Tea", "group", "Tea.", schedules=weekly, status="temporarily closed")
    assert judge(one, date(2026, 11, 23)).suits is False
    assert judge(replace(one, status="open"), date(2026, 11, 23)).suits is True
