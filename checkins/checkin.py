"""One check-in, as it is between the last button and the database.

Owns what a check-in may hold. Must never hold anything that says who sent it,
through which channel, or when beyond the week.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta

_WEEK = re.compile(r"\d{4}-W(0[1-9]|[1-4]\d|5[0-3])")

#: The longest name of an area that fits in its column, in characters.
AREA_LENGTH = 80

#: Check-ins are kept at least this long: a quarter of 13 weeks, and a week to release it in.
FEWEST_WEEKS_KEPT = 14

#: Question set versions with this prefix belong to fictional check-ins.
FICTIONAL_PREFIX = "demo:"

#: The age bands on offer: what is stored, and how a person reads it.
AGE_BANDS: dict[str, str] = {
    "16-24": "16 to 24",
    "25-34": "25 to 34",
    "35-49": "35 to 49",
    "50-64": "50 to 64",
    "65-74": "65 to 74",
    "75+": "75 or over",
}


def week_of(day: date) -> str:
    """The ISO 8601 week of a day, as `2026-W47`. As text it sorts in order of time."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def first_week_kept(weeks: int, today: date) -> str:
    """The first of the `weeks` whole weeks before today's, which are kept, as `2026-W47`."""
    return week_of(today - timedelta(weeks=weeks))


@dataclass(frozen=True)
class CheckIn:
    """What is kept of one person's answers.

    `week` as from `week_of`; `area` from the operator's short list; `age_band` a key
    of `AGE_BANDS`, or None where the person did not say; `answers` are pairs of
    question code and answer code; `question_set` is a set's name and version, as
    `core-1`. Raises ValueError on any other shape.
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
