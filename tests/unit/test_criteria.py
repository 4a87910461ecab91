"""Whether a listing suits: only a stated fact is a yes or a no, and the index agrees."""

from dataclasses import replace
from datetime import date, time

import pytest
from hypothesis import given, settings

from directory.indexing.entry_arrays import read_entries
from directory.indexing.needs import NEEDS
from directory.indexing.times import TIMES
from directory.listing import Listing, Place, Schedule
from directory.search.criteria import (
    AgeCriterion,
    DatesCriterion,
    NeedCriterion,
    TimesCriterion,
    make_criteria,
)
from tests.support.generated_listings import CRITERIA, LISTINGS, TODAY, make_entries


def judge_times(listing: Listing, *times: str, today: date = date.min) -> bool | None:
    return TimesCriterion(frozenset(times)).judge(listing, today).suits


def judge_need(listing: Listing, need: str) -> bool | None:
    return NeedCriterion(need).judge(listing).suits


def listing(description: str = "", **values) -> Listing:
    return Listing(key="k", name="A group", kind="group", description=description, **values)


def held(*days: str, start: int | None = None, end: int | None = None) -> Listing:
    opens = None if start is None else time(start)
    closes = None if end is None else time(end)
    return listing(schedules=(Schedule(days=days, opens_at=opens, closes_at=closes),))


@pytest.mark.parametrize(
    ("session", "times", "suits"),
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
def test_times(session: Listing, times: set[str], suits: bool | None) -> None:
    assert judge_times(session, *times) is suits


def test_two_sessions_do_not_add_up_to_one() -> None:
    sessions = (
        Schedule(days=("Monday",), opens_at=time(19)),
        Schedule(days=("Friday",), opens_at=time(10)),
    )
    assert judge_times(listing(schedules=sessions), "friday", "evening") is False


HALL = (Place(venue="Hall"),)


@pytest.mark.parametrize(
    ("subject", "need", "suits"),
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
def test_needs(subject: Listing, need: str, suits: bool | None) -> None:
    verdict = NeedCriterion(need).judge(subject)
    assert verdict.suits is suits
    assert bool(verdict.reason) is (suits is True), "a yes comes with its reason"


@pytest.mark.parametrize(
    ("youngest", "oldest", "age", "suits"),
    [(18, None, 17, False), (18, None, 18, True), (None, 25, 26, False), (None, None, 5, None)],
)
def test_ages(youngest: int | None, oldest: int | None, age: int, suits: bool | None) -> None:
    subject = listing(minimum_age=youngest, maximum_age=oldest)
    assert AgeCriterion(age).judge(subject).suits is suits


@pytest.mark.parametrize("need", sorted({*NEEDS, *TIMES}))
def test_a_listing_that_says_nothing_is_neither_yes_nor_no(need: str) -> None:
    [criterion] = make_criteria({need}, None, None)
    assert criterion.judge(listing(), date.min).suits is None


@pytest.mark.parametrize(
    ("need", "note"),
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
def test_what_is_denied_just_after_is_not_a_yes(need, note):
    assert judge_need(listing(note), need) is not True
    assert judge_need(listing("Tea.", accessibility=(note,)), need) is not True


@pytest.mark.parametrize("text", ["Closed Mondays.", "Every day except Monday."])
def test_a_day_that_is_excluded_is_not_mentioned(text):
    assert judge_times(listing(text), "monday") is None


@pytest.mark.parametrize(
    "ended",
    [
        Schedule(("Monday",), "weekly", ends=date(2026, 11, 1)),
        Schedule(("Monday",), "once", starts=date(2026, 11, 2)),
    ],
)
def test_a_session_that_is_over_does_not_suit(ended):
    subject = listing("Tea.", schedules=(ended,))
    assert judge_times(subject, "monday", today=date(2026, 10, 1)) is True
    assert judge_times(subject, "monday", today=date(2026, 11, 23)) is False


def test_a_listing_that_is_closed_for_now_is_not_on_this_week():
    weekly = (Schedule(("Monday",), "weekly"),)
    closed = listing("Tea.", schedules=weekly, status="temporarily closed")
    this_week = DatesCriterion(date(2026, 11, 23), date(2026, 11, 29))
    assert this_week.judge(closed).suits is False
    assert this_week.judge(replace(closed, status="open")).suits is True


def test_a_need_that_does_not_exist_is_an_error():
    with pytest.raises(KeyError):
        make_criteria({"a dragon"}, None, None)


@given(LISTINGS, CRITERIA, TODAY)
@settings(deadline=None)
def test_the_index_is_judged_as_each_listing_is(listings, criterion, today):
    entries = read_entries(range(len(listings)), make_entries(listings))
    in_memory = criterion.judge_entries(entries, today)
    one_by_one = [criterion.judge(listing, today).suits for listing in listings]
    assert [{1: True, -1: False, 0: None}[int(verdict)] for verdict in in_memory] == one_by_one
