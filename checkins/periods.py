"""The period of a release: a month, a quarter or a year, in whole weeks.

Owns the names of periods. A week belongs to the month of its Thursday (ISO 8601), so months
divide quarters, and quarters divide years, without sharing a week. Two periods are therefore
either disjoint or one contains the other, and their difference can be checked.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from checkins.checkin import format_week
from checkins.errors import ReleaseError

_NAME = re.compile(r"(?P<year>20\d\d)(?:-Q(?P<quarter>[1-4])|-(?P<month>0[1-9]|1[0-2]))?")


@dataclass(frozen=True)
class Period:
    """Whole weeks from `start`, a Monday, to `end`, a Sunday. `name` is as 2026-11 or 2026-Q4."""

    name: str
    start: date
    end: date

    @property
    def first_week(self) -> str:
        """As `2026-W40`."""
        return format_week(self.start)

    @property
    def last_week(self) -> str:
        """As `2026-W53`."""
        return format_week(self.end)

    @property
    def weeks(self) -> int:
        """The number of weeks."""
        return ((self.end - self.start).days + 1) // 7

    def contains(self, other: "Period") -> bool:
        """Whether every week of the other period is in this one."""
        return self.start <= other.start and other.end <= self.end


def parse_period(name: str) -> Period:
    """The period with that name. Raises ReleaseError with examples of names."""
    match = _NAME.fullmatch(name)
    if not match:
        raise ReleaseError(
            f"{name!r} is not a period. Give a quarter such as 2026-Q4, a year such as 2026, or a "
            "month such as 2026-11."
        )
    year, quarter, month = (int(part) if part else 0 for part in match.group(1, 2, 3))
    if quarter:
        first, months = 3 * quarter - 2, 3
    else:
        first, months = (month, 1) if month else (1, 12)
    after = first + months
    start = _first_monday(year, first)
    end = _first_monday(year + after // 13, after % 12 or 12) - timedelta(days=1)
    return Period(name, start, end)


def _first_monday(year: int, month: int) -> date:
    """The Monday of the first week whose Thursday is in the month."""
    first = date(year, month, 1)
    thursday = first + timedelta(days=(3 - first.weekday()) % 7)
    return thursday - timedelta(days=3)
