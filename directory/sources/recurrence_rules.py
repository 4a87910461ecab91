"""Rules of recurrence, as RFC 5545 has them, as schedules of ours.

Open Referral schedules and calendars' events say when they repeat in the same words. What has no
form in `Schedule` is said in its description instead; must never promise a day that the
rule does not.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from directory.listing import DAYS, Schedule
from directory.sources.fields import Faults, read_day, read_string, read_text, read_time

_CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_NTH = {
    1: "1st of month",
    2: "2nd of month",
    3: "3rd of month",
    4: "4th of month",
    -1: "last of month",
}
_UNITS = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}
# The longest month is behind every eighth date at most: enough to meet a day of the month.
_MONTHS_AHEAD = 12


@dataclass(frozen=True)
class RecurrenceRule:
    """How something repeats. `days` holds (which of the month or 0, day of `DAYS`)."""

    freq: str = ""
    interval: int = 1
    days: tuple[tuple[int, str], ...] = ()
    month_days: tuple[int, ...] = ()
    # Parts of the rule that none of ours can say.
    more: bool = False


def read_schedules(schedules: Iterable[dict[str, Any]]) -> tuple[Schedule, ...]:
    """Open Referral schedules as ours: those that say something, each once."""
    read = (one for each in schedules for one in _read_schedule(each))
    return tuple(dict.fromkeys(one for one in read if one != Schedule()))


def _read_schedule(schedule: dict[str, Any]) -> tuple[Schedule, ...]:
    # Dates and counts come from many hands; one that cannot be read is not known.
    faults = Faults()
    begins, valid_from, until, valid_to = (
        faults.read(read_day, schedule.get(name), name, default=None)
        for name in ("dtstart", "valid_from", "until", "valid_to")
    )
    interval = read_string(schedule.get("interval"))
    rule = RecurrenceRule(
        freq=read_string(schedule.get("freq")).upper(),
        interval=int(float(interval)) if re.fullmatch(r"\d{1,3}(\.0+)?", interval) else 1,
        days=parse_byday(read_string(schedule.get("byday"))),
        month_days=parse_bymonthday(read_string(schedule.get("bymonthday"))),
        more=any(schedule.get(name) for name in ("byweekno", "byyearday")),
    )
    if rule.freq != "MONTHLY":
        # By the standard these mean something for months alone.
        rule = replace(rule, month_days=())
    starts = _latest(begins, valid_from, 7 * rule.interval if rule.freq == "WEEKLY" else 1)
    ends = min(filter(None, (until, valid_to)), default=None)
    one = Schedule(
        opens_at=read_time(schedule.get("opens_at")),
        closes_at=read_time(schedule.get("closes_at")),
        description=read_text(schedule.get("description")),
        starts=starts,
        ends=ends if ends and (not starts or ends >= starts) else None,
    )
    counted = read_string(schedule.get("count")) == "1"
    if begins and not rule.freq and (counted or (ends == begins and not rule.days)):
        days = tuple(day for _, day in rule.days)
        return (replace(one, repeats="once", days=days, starts=begins),)
    return make_schedules(rule, one)


def _latest(begins: date | None, valid_from: date | None, step: int) -> date | None:
    """The first day it is on, counted in `step` days from `begins`, that is valid already."""
    if not begins or not valid_from or valid_from <= begins:
        return begins or valid_from
    late = (valid_from - begins).days
    return begins + timedelta(days=-(-late // step) * step)


def parse_byday(text: str) -> tuple[tuple[int, str], ...]:
    """The days in a text such as `1TU,FR` or `2MO, -1FR`; what is no day is passed over."""
    found = []
    for part in text.upper().replace(";", ",").split(","):
        number, code = part.strip()[:-2], part.strip()[-2:]
        which = number.removeprefix("+").removeprefix("-")
        if code in _CODES and (not number or (which.isdecimal() and len(which) < 3)):
            found.append((int(number or 0), DAYS[_CODES.index(code)]))
    return tuple(dict.fromkeys(found))


def parse_bymonthday(text: str) -> tuple[int, ...]:
    """The days of the month in a text such as `1,15`; those from the month's end are below 0."""
    parts = (part.strip() for part in text.split(","))
    numbers = [int(part) for part in parts if part.lstrip("+-").isdecimal() and len(part) < 4]
    return tuple(dict.fromkeys(number for number in numbers if 1 <= abs(number) <= 31))


def make_schedules(rule: RecurrenceRule, schedule: Schedule) -> tuple[Schedule, ...]:
    """`schedule` for each way in which `rule` repeats, its days and repeats filled in.

    Where the rule is none of ours, one schedule that says it in words.
    """
    days = tuple(dict.fromkeys(day for _, day in rule.days))
    which = {number for number, _ in rule.days}
    plain = not rule.more and rule.interval == 1
    if not rule.freq:
        return (replace(schedule, days=days),)
    if rule.freq == "DAILY" and plain and not rule.month_days:
        return (replace(schedule, days=days or DAYS, repeats="weekly"),)
    if rule.freq == "WEEKLY" and not rule.more and rule.interval in (1, 2):
        repeats = "weekly" if rule.interval == 1 else "fortnightly"
        days = days or ((DAYS[schedule.starts.weekday()],) if schedule.starts else ())
        return (replace(schedule, days=days, repeats=repeats),)
    if rule.freq == "MONTHLY" and plain:
        if rule.days and not rule.month_days and which <= _NTH.keys():
            by_number = {
                number: tuple(day for one, day in rule.days if one == number) for number in which
            }
            return tuple(
                replace(schedule, days=by_number[number], repeats=_NTH[number])
                for number in _NTH
                if number in by_number
            )
        wanted = rule.month_days
        if not rule.days and not wanted and schedule.starts:
            wanted = (schedule.starts.day,)
        starts = [_first_on(number, schedule.starts) for number in wanted]
        if not rule.days and starts and all(starts):
            return tuple(
                replace(schedule, days=(), repeats="monthly", starts=day) for day in starts
            )
    # Its days alone would promise every one of them.
    said = ". ".join(filter(None, [schedule.description, _describe(rule)]))
    return (replace(schedule, days=(), description=said),)


def _first_on(number: int, since: date | None) -> date | None:
    """The first day on or after `since` that is the given one of its month."""
    if since is None or number < 1:
        return None
    month = since.replace(day=1)
    for _ in range(_MONTHS_AHEAD):
        try:
            day = month.replace(day=number)
        except ValueError:
            day = None
        if day and day >= since:
            return day
        if month.year == date.max.year:
            return None
        month = (month + timedelta(days=31)).replace(day=1)
    return None


def _describe(rule: RecurrenceRule) -> str:
    """The rule in words, as far as they go."""
    unit = _UNITS.get(rule.freq, "")
    every = f"Every {rule.interval} {unit}s" if rule.interval > 1 else f"Every {unit}"
    days = [f"the {_ordinal(number)} {day}" if number else day for number, day in rule.days]
    dates = [f"the {_ordinal(number)}" for number in rule.month_days]
    on = join_words([*days, *dates])
    words = " on ".join(filter(None, [every, on])) if unit else ""
    return f"{words}; ask which" if words and rule.more else words


def join_words(words: Iterable[str]) -> str:
    """The words as a list in a sentence."""
    *head, last = list(words) or [""]
    return f"{', '.join(head)} and {last}" if head else last


def _ordinal(number: int) -> str:
    if number < 0:
        return "last" if number == -1 else f"{_ordinal(-number)} last"
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number if number < 20 else number % 10, "th")
    return f"{number}{ending}"
