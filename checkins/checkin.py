"""One finished check-in, between the Send button and the database.

Owns the fields of a check-in. Must never hold anything that identifies the sender or the
channel, or a time more exact than the week.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta

_WEEK = re.compile(r"\d{4}-W(0[1-9]|[1-4]\d|5[0-3])")

#: The longest area name that fits in its column, in characters.
AREA_LENGTH = 80

#: The shortest retention: a quarter of 13 weeks, and one week to release it in.
MIN_RETENTION_WEEKS = 14

#: How far a purge may go beyond the last one. Purges run every hour, so more than this is a stop of
#: months, a much shorter retention, or a wrong clock. It is shorter than the shortest retention, so
#: no wrong clock can delete all check-ins at once.
MAX_PURGE_STEP_WEEKS = MIN_RETENTION_WEEKS - 1

#: Question set versions with this prefix belong to fictional check-ins.
FICTIONAL_PREFIX = "demo:"

#: The age bands: the stored code, and its label.
AGE_BANDS: dict[str, str] = {
    "16-24": "16 to 24",
    "25-34": "25 to 34",
    "35-49": "35 to 49",
    "50-64": "50 to 64",
    "65-74": "65 to 74",
    "75+": "75 or over",
}


def format_week(day: date) -> str:
    """The ISO 8601 week of a day, such as `2026-W47`. Weeks sort by time as text."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def first_week_kept(weeks: int, today: date) -> str:
    """The first of the `weeks` whole weeks before the current one, such as `2026-W47`."""
    return format_week(today - timedelta(weeks=weeks))


def add_weeks(week: str, weeks: int) -> str:
    """The week that is so many later; `week` is in the format of `format_week`."""
    monday = date.fromisocalendar(int(week[:4]), int(week[6:]), 1)
    return format_week(monday + timedelta(weeks=weeks))


@dataclass(frozen=True)
class CheckIn:
    """One person's answers, as they are stored.

    `week` is in the format of `format_week`; `area` is on the operator's list; `age_band` is a
    key of `AGE_BANDS`, or None if the person gave none; `answers` are pairs of question code and
    answer code; `question_set` is a set's name and version, such as `core-1`. Raises ValueError
    for any other shape.
    """

    week: str
    area: str
    age_band: str | None
    answers: tuple[tuple[str, str], ...]
    question_set: str

    def __post_init__(self) -> None:
        if not _WEEK.fullmatch(self.week):
            raise ValueError("the week must look like 2026-W47")
        if not self.area or not self.answers or not self.question_set:
            raise ValueError("a check-in needs an area, answers and a question set")
        if len(self.area) > AREA_LENGTH:
            raise ValueError(f"an area's name has at most {AREA_LENGTH} characters")
        if self.age_band is not None and self.age_band not in AGE_BANDS:
            raise ValueError("the age band is not one of AGE_BANDS")
