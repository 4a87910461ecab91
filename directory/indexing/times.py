"""The days and times of day that a person can ask for, and those that a listing's words mention.

Owns their names and what each means in days and hours. A change to them changes stored entries:
`entries.VERSION` must grow with it.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from directory.indexing.mentions import is_denied
from directory.listing import DAYS, Listing, Schedule

_T = TypeVar("_T")

_NOON, _EVENING = 12, 17
_DAYS_BY_NAME: dict[str, Collection[str]] = {
    **{day.casefold(): (day,) for day in DAYS},
    "weekend": DAYS[5:],
    "weekday": DAYS[:5],
}
_HOURS_BY_NAME: dict[str, Collection[int]] = {
    "morning": range(_NOON),
    "afternoon": range(_NOON, _EVENING),
    "daytime": range(_EVENING),
    "evening": range(_EVENING, 24),
}
TIMES = frozenset({*_DAYS_BY_NAME, *_HOURS_BY_NAME})
"""Names of days and times of day. A single session must meet all of a query's together."""
TIME_ORDER = tuple(sorted(TIMES))
_TIME_WORD = re.compile(rf"\b({'|'.join(TIME_ORDER)})s?\b", re.I)
_EXCLUDED = "not "
_HOURS_PREFIX = "hours "


@dataclass(frozen=True)
class TimePreferences:
    """The days and hours that some time names want, and those that they exclude."""

    days: frozenset[str]
    excluded_days: frozenset[str]
    hours: frozenset[int]
    excluded_hours: frozenset[int]


@lru_cache(maxsize=1_000)
def parse_times(times: frozenset[str]) -> TimePreferences:
    """The meaning of names in `TIMES`, each of which may have "not " before it."""
    wanted = {name for name in times if not name.startswith(_EXCLUDED)}
    excluded = {name.removeprefix(_EXCLUDED) for name in times - wanted}
    return TimePreferences(
        days=_join_meanings(_DAYS_BY_NAME, wanted),
        excluded_days=_join_meanings(_DAYS_BY_NAME, excluded),
        hours=_join_meanings(_HOURS_BY_NAME, wanted) | _read_hours(wanted),
        excluded_hours=_join_meanings(_HOURS_BY_NAME, excluded) | _read_hours(excluded),
    )


def _join_meanings(meanings: Mapping[str, Collection[_T]], names: Collection[str]) -> frozenset[_T]:
    return frozenset(value for name in names for value in meanings.get(name, ()))


def is_time(name: str) -> bool:
    """Whether the name is in `TIMES` or from `name_hours`, perhaps with "not " before it."""
    name = name.removeprefix(_EXCLUDED)
    return name in TIMES or name.startswith(_HOURS_PREFIX)


def name_hours(first: int, last: int) -> str:
    """The name of the hours from `first` to `last`, both included, such as "hours 18-23"."""
    return f"{_HOURS_PREFIX}{first}-{last}"


def _read_hours(names: Collection[str]) -> frozenset[int]:
    hours: set[int] = set()
    for name in names:
        if name.startswith(_HOURS_PREFIX):
            first, last = map(int, name.removeprefix(_HOURS_PREFIX).split("-"))
            hours.update(range(first, last + 1))
    return frozenset(hours)


def find_time_mentions(listing: Listing) -> dict[str, re.Match[str]]:
    """The first mention of each of `TIMES` in the listing's words, whatever its schedules say."""
    text = f"{listing.name}. {listing.description} {listing.commitment}"
    mentions: dict[str, re.Match[str]] = {}
    for mention in _TIME_WORD.finditer(text):
        if (time := mention[1].casefold()) not in mentions and not is_denied(text, mention):
            mentions[time] = mention
    return mentions


def list_hours(schedule: Schedule) -> range:
    """The hours of the day that a session touches; one hour where only the start is known."""
    opens, closes = schedule.opens_at, schedule.closes_at
    if opens is None:
        return range(0)
    end = closes.hour + bool(closes.minute) if closes else 0
    return range(opens.hour, max(opens.hour + 1, end))
