"""Months fill quarters, quarters fill years, and no two months share a week."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkins.checkin import format_week
from checkins.errors import ReleaseError
from checkins.periods import Period, parse_period

years = st.integers(2001, 2098)


@pytest.mark.parametrize(
    ("name", "start", "end", "first_week", "last_week"),
    [
        ("2026-Q4", date(2026, 9, 28), date(2027, 1, 3), "2026-W40", "2026-W53"),
        ("2026", date(2025, 12, 29), date(2027, 1, 3), "2026-W01", "2026-W53"),
        ("2026-01", date(2025, 12, 29), date(2026, 2, 1), "2026-W01", "2026-W05"),
        ("2026-12", date(2026, 11, 30), date(2027, 1, 3), "2026-W49", "2026-W53"),
        ("2027-Q1", date(2027, 1, 4), date(2027, 3, 28), "2027-W01", "2027-W12"),
    ],
)
def test_a_period_is_whole_weeks_assigned_by_their_thursdays(
    name: str, start: date, end: date, first_week: str, last_week: str
) -> None:
    period = parse_period(name)
    assert period == Period(name, start, end)
    assert (period.first_week, period.last_week) == (first_week, last_week)


@pytest.mark.parametrize("name", ["", "2026-Q5", "2026-13", "26-Q1", "2026-Q4 ", "autumn", "1999"])
def test_an_invalid_name_is_refused_with_an_example(name: str) -> None:
    with pytest.raises(ReleaseError, match="such as 2026-Q4"):
        parse_period(name)


@given(years)
def test_months_fill_quarters_and_quarters_fill_the_year(year: int) -> None:
    months = [parse_period(f"{year}-{month:02}") for month in range(1, 13)]
    quarters = [parse_period(f"{year}-Q{quarter}") for quarter in range(1, 5)]
    full_year = parse_period(str(year))
    for parts, larger in (
        *((months[3 * n : 3 * n + 3], quarters[n]) for n in range(4)),
        (quarters, full_year),
    ):
        assert (parts[0].start, parts[-1].end) == (larger.start, larger.end)
        assert all(larger.contains(part) for part in parts)
        for part, following in pairwise(parts):
            assert following.start == part.end + timedelta(days=1)
    assert parse_period(str(year + 1)).start == full_year.end + timedelta(days=1)


@given(years, st.integers(0, 371))
def test_the_weeks_of_a_year_are_those_of_iso_8601(year: int, days: int) -> None:
    full_year = parse_period(str(year))
    day = full_year.start + timedelta(days=days)
    assert (full_year.first_week <= format_week(day) <= full_year.last_week) == (
        day <= full_year.end
    )
