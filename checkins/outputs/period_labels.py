"""Periods as text."""

import calendar

from checkins.periods import Period


def describe_period(period: Period) -> str:
    """As "October to December 2026", "November 2026" or "2026"."""
    year, _, part = period.name.partition("-")
    if not part:
        return year
    if part.startswith("Q"):
        last = 3 * int(part[1:])
        return f"{calendar.month_name[last - 2]} to {calendar.month_name[last]} {year}"
    return f"{calendar.month_name[int(part)]} {year}"


def label_period(period: Period) -> tuple[str, str]:
    """Two short lines for a chart, as ("Q4", "2026"), ("Nov", "2026") or ("", "2026")."""
    year, _, part = period.name.partition("-")
    return calendar.month_abbr[int(part)] if part.isdigit() else part, year


def describe_days(period: Period) -> tuple[str, str]:
    """The first and last day, as "28 September 2026"."""
    first, last = period.start, period.end
    return (
        f"{first.day} {calendar.month_name[first.month]} {first.year}",
        f"{last.day} {calendar.month_name[last.month]} {last.year}",
    )
