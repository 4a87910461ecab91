"""What the forms of volunteering opportunities have in common.

Owns how sessions become schedules and requirements become ages. Must never take the end of a
session for the end of the role: a role stays open until its source says otherwise.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from directory.errors import RowError
from directory.listing import DAYS, Schedule
from directory.sources.fields import read_string

# More single days than this are told as a span: nobody reads a list of forty dates.
_MOST_SINGLE = 6
_AGE = re.compile(r"\+\s?(\d{2})\b|\b(\d{2})\s?\+|\b(?:over|aged?|at least)\s(\d{2})\b", re.I)
_SKILL_WORDS = 8

TimeSpan = tuple[datetime, datetime]


def read_moment(value: object) -> datetime | None:
    """A local moment such as `2026-12-05T09:00:00`; None if it is not given. RowError otherwise."""
    text = read_string(value)
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        raise RowError(f"{text[:40]!r} is not a time like 2026-12-05T09:00:00") from None


def summarise_sessions(sessions: Iterable[TimeSpan]) -> tuple[Schedule, ...]:
    """Sessions (beginning, end) as schedules: what comes every week or fortnight as one.

    A session over several days is a span within which the role is done, not a time of day.
    """
    spans: set[tuple[date, date]] = set()
    times: dict[tuple[int, time, time], set[date]] = defaultdict(set)
    for begins, ends in sessions:
        # Until the small hours is still that evening.
        if ends - begins > timedelta(hours=16):
            spans.add((begins.date(), ends.date()))
        elif ends > begins:
            times[begins.weekday(), begins.time(), ends.time()].add(begins.date())
        else:
            times[begins.weekday(), begins.time(), begins.time()].add(begins.date())
    regular: list[Schedule] = []
    single: list[Schedule] = []
    for (weekday, opens, closes), found in times.items():
        dates = sorted(found)
        until = closes if closes != opens else None
        between = {(later - day).days for day, later in pairwise(dates)}
        if between in ({7}, {14}):
            repeats = "weekly" if between == {7} else "fortnightly"
            regular.append(
                Schedule((DAYS[weekday],), repeats, opens, until, "", dates[0], dates[-1])
            )
        else:
            single += [Schedule((), "once", opens, until, "", day, day) for day in dates]
    if len(single) > _MOST_SINGLE:
        single = [_tell_span(single)]
    whole = [Schedule(starts=starts, ends=ends) for starts, ends in sorted(spans) if ends >= starts]
    return (*sorted(regular + single, key=_when), *whole[:_MOST_SINGLE])


def _tell_span(single: list[Schedule]) -> Schedule:
    days = sorted({one.starts for one in single if one.starts})
    said = f"On {len(days)} different days; ask which"
    return Schedule(description=said, starts=days[0], ends=days[-1])


def _when(schedule: Schedule) -> tuple[date, time]:
    return schedule.starts or date.min, schedule.opens_at or time.min


def find_minimum_age(requirements: Iterable[str]) -> int | None:
    """The age that a requirement such as "+18" or "Over 16" asks for, the highest of several."""
    found = [_AGE.search(text) for text in requirements]
    return max((int(match[1] or match[2] or match[3]) for match in found if match), default=None)


def is_age_requirement(requirement: str) -> bool:
    """Whether a requirement asks for an age and nothing else."""
    return bool(_AGE.fullmatch(requirement.strip()))


def is_skill_name(text: str) -> bool:
    """Whether a text names a skill, rather than saying something about skills in a sentence."""
    return len(text.split()) <= _SKILL_WORDS and not text.endswith(".")
