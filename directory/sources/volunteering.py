"""Reading shared by the volunteering formats: sessions as schedules, requirements as ages.

Must never take the end of a session for the end of the role: a role stays open until its source
says otherwise.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from directory.errors import RowError
from directory.listing import DAYS, Schedule
from directory.sources.fields import read_string

# More single days than this become one span: nobody reads a list of forty dates.
_MAX_SINGLE_DAYS = 6
_AGE = re.compile(r"\+\s?(\d{2})\b|\b(\d{2})\s?\+|\b(?:over|aged?|at least)\s(\d{2})\b", re.I)
_MAX_SKILL_WORDS = 8

TimeSpan = tuple[datetime, datetime]


def read_moment(value: object) -> datetime | None:
    """A local time such as `2026-12-05T09:00:00`, or None if empty. Raises RowError otherwise."""
    text = read_string(value)
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        raise RowError(f"{text[:40]!r} is not a time like 2026-12-05T09:00:00") from None


def summarise_sessions(sessions: Iterable[TimeSpan]) -> tuple[Schedule, ...]:
    """Sessions (begin, end) as schedules: weekly or fortnightly sessions become one schedule.

    A session over several days is a period in which the role is done, not a time of day.
    """
    spans: set[tuple[date, date]] = set()
    times: dict[tuple[int, time, time], set[date]] = defaultdict(set)
    for begins, ends in sessions:
        # A session until the small hours belongs to the evening before.
        if ends - begins > timedelta(hours=16):
            spans.add((begins.date(), ends.date()))
        elif ends > begins:
            times[begins.weekday(), begins.time(), ends.time()].add(begins.date())
        else:
            times[begins.weekday(), begins.time(), begins.time()].add(begins.date())
    regular: list[Schedule] = []
    single: list[Schedule] = []
    for (weekday, opens, closes), days in times.items():
        dates = sorted(days)
        closes_at = closes if closes != opens else None
        intervals = {(later - day).days for day, later in pairwise(dates)}
        if intervals in ({7}, {14}):
            repeats = "weekly" if intervals == {7} else "fortnightly"
            regular.append(
                Schedule((DAYS[weekday],), repeats, opens, closes_at, "", dates[0], dates[-1])
            )
        else:
            single += [Schedule((), "once", opens, closes_at, "", day, day) for day in dates]
    if len(single) > _MAX_SINGLE_DAYS:
        single = [_make_span(single)]
    whole = [Schedule(starts=starts, ends=ends) for starts, ends in sorted(spans) if ends >= starts]
    return (*sorted(regular + single, key=_get_start), *whole[:_MAX_SINGLE_DAYS])


def _make_span(single: list[Schedule]) -> Schedule:
    days = sorted({schedule.starts for schedule in single if schedule.starts})
    description = f"On {len(days)} different days; ask which"
    return Schedule(description=description, starts=days[0], ends=days[-1])


def _get_start(schedule: Schedule) -> tuple[date, time]:
    return schedule.starts or date.min, schedule.opens_at or time.min


def find_minimum_age(requirements: Iterable[str]) -> int | None:
    """The highest age that requirements such as "+18" or "Over 16" ask for; None without any."""
    matches = [_AGE.search(text) for text in requirements]
    return max((int(match[1] or match[2] or match[3]) for match in matches if match), default=None)


def is_age_requirement(requirement: str) -> bool:
    """Whether a requirement asks for an age and nothing else."""
    return bool(_AGE.fullmatch(requirement.strip()))


def is_skill_name(text: str) -> bool:
    """Whether a text is the name of a skill, rather than a sentence about skills."""
    return len(text.split()) <= _MAX_SKILL_WORDS and not text.endswith(".")
