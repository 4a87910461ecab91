"""The dates of a schedule."""

import time
from dataclasses import replace
from datetime import date, timedelta
from datetime import time as clock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.listing import DAYS, REPEATS, Listing, Schedule
from directory.schedule import describe_date, describe_next_date, find_dates

# November 2026 begins on a Sunday.
NOVEMBER = (date(2026, 11, 1), date(2026, 11, 30))


@pytest.mark.parametrize(
    ("schedule", "days"),
    [
        (Schedule(("Tuesday",), "weekly"), [3, 10, 17, 24]),
        (Schedule(("Tuesday", "Sunday")), [1, 3, 8, 10, 15, 17, 22, 24, 29]),
        (Schedule(("Monday",), "1st of month"), [2]),
        (Schedule(("Monday",), "4th of month"), [23]),
        (Schedule(("Monday",), "last of month"), [30]),
        (Schedule(("Friday",), "fortnightly", starts=date(2026, 10, 9)), [6, 20]),
        (Schedule(("Friday",), "fortnightly"), None),
        (Schedule((), "monthly", starts=date(2026, 3, 17)), [17]),
        (Schedule((), "monthly"), None),
        (Schedule((), "once", starts=date(2026, 11, 5)), [5]),
        (Schedule((), "once", starts=date(2026, 12, 5)), []),
        (Schedule((), "once"), None),
        (Schedule(("Tuesday",), "weekly", starts=date(2026, 11, 11)), [17, 24]),
        (Schedule(("Tuesday",), "weekly", ends=date(2026, 11, 10)), [3, 10]),
        (Schedule(("Tuesday",), "weekly", ends=date(2026, 10, 31)), []),
        (Schedule(description="Now and then"), None),
    ],
)
def test_the_dates_of_a_month(schedule: Schedule, days: list[int] | None):
    dates = find_dates(schedule, *NOVEMBER)
    assert dates == (days if days is None else [date(2026, 11, day) for day in days])


@pytest.mark.parametrize("repeats", ["weekly", "fortnightly", "1st of month", "monthly"])
def test_a_beginning_centuries_ago_costs_nothing(repeats: str):
    """A search asks for the dates of every listing; a feed may write any year."""
    started = time.process_time()
    for year in range(1, 201):
        assert find_dates(Schedule(("Monday",), repeats, starts=date(year, 1, 1)), *NOVEMBER)
    # A fiftieth of this, and four times this if the days since the beginning are counted.
    assert time.process_time() - started < 5


@given(st.dates(date(1900, 1, 1), date(2026, 10, 31)))
def test_fortnights_are_counted_from_the_beginning(starts: date):
    [first, *_] = find_dates(
        Schedule((DAYS[starts.weekday()],), "fortnightly", starts=starts), *NOVEMBER
    )
    assert (first - starts).days % 14 == 0


SCHEDULES = st.builds(
    Schedule,
    days=st.lists(st.sampled_from(DAYS), unique=True, max_size=3).map(tuple),
    repeats=st.sampled_from(("", *REPEATS)),
    starts=st.none() | st.dates(date(2025, 1, 1), date(2027, 12, 31)),
    ends=st.none() | st.dates(date(2025, 1, 1), date(2027, 12, 31)),
)


@given(SCHEDULES, st.dates(date(2026, 1, 1), date(2026, 12, 31)), st.integers(0, 40))
def test_a_range_has_the_dates_of_each_of_its_days(schedule: Schedule, first: date, day_count: int):
    days = [first + timedelta(days=n) for n in range(day_count + 1)]
    dates = find_dates(schedule, first, days[-1])
    if dates is not None:
        assert dates == [day for day in days if find_dates(schedule, day, day)]
        for day in dates:
            assert schedule.starts is None or day >= schedule.starts
            assert schedule.ends is None or day <= schedule.ends
            if schedule.repeats not in ("once", "monthly"):
                assert DAYS[day.weekday()] in schedule.days


MONDAYS = Schedule(("Monday",), "weekly", clock(10), clock(12))
MONDAY = date(2026, 11, 23)


def test_a_date_is_described_with_its_hours():
    listing = Listing("club", "Club", "group", "", schedules=(MONDAYS,))
    assert describe_date(listing, MONDAY, MONDAY) == "Today, 10:00 to 12:00"
    tuesday = MONDAY + timedelta(days=1)
    assert describe_next_date(listing, tuesday) == "Next: Monday 30 November, 10:00 to 12:00"


def test_a_closing_time_alone_is_not_said_as_if_it_were_the_start():
    schedule = replace(MONDAYS, opens_at=None)
    listing = Listing("club", "Club", "group", "", schedules=(schedule,))
    assert describe_date(listing, MONDAY, MONDAY) == "Today"
