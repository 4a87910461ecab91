"""Recurrence rules (RFC 5545) as schedules.

Open Referral schedules and calendar events express repetition in the same terms. A rule that does
not fit a `Schedule` goes into its description instead. Must never promise a day that the rule does
not include.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from directory.listing import DAYS, Schedule
from directory.sources.fields import Faults, read_day, read_string, read_text, read_time
from directory.text import join_words

_CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_NTH = {
    1: "1st of month",
    2: "2nd of month",
    3: "3rd of month",
    4: "4th of month",
    -1: "last of month",
}
_UNITS = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}
# Every day of the month occurs within fewer months than this.
_MONTHS_AHEAD = 12


@dataclass(frozen=True)
class RecurrenceRule:
    """How an event repeats. `days` holds pairs: which one of the month (or 0), and the day.

    `has_other_parts` means that the rule has parts that no `Schedule` can express.
    """

    freq: str = ""
    interval: int = 1
    days: tuple[tuple[int, str], ...] = ()
    month_days: tuple[int, ...] = ()
    has_other_parts: bool = False


def read_schedules(schedules: Iterable[dict[str, Any]]) -> tuple[Schedule, ...]:
    """Open Referral schedules as `Schedule`s: those that are not empty, each once."""
    results = (result for schedule in schedules for result in _read_schedule(schedule))
    return tuple(dict.fromkeys(result for result in results if result != Schedule()))


def _read_schedule(schedule: dict[str, Any]) -> tuple[Schedule, ...]:
    # A date that cannot be read counts as not known.
    faults = Faults()
    begins, valid_from, until, valid_to = (
        faults.read(read_day, schedule.get(name), name, default=None)
        for name in ("dtstart", "valid_from", "until", "valid_to")
    )
    interval = read_string(schedule.get("interval"))
    rule = RecurrenceRule(
        freq=read_string(schedule.get("freq")).upper(),
        interval=int(float(interval)) if re.fullmatch(r"0*[1-9]\d{0,2}(\.0+)?", interval) else 1,
        days=parse_byday(read_string(schedule.get("byday"))),
        month_days=parse_bymonthday(read_string(schedule.get("bymonthday"))),
        has_other_parts=any(schedule.get(name) for name in ("byweekno", "byyearday")),
    )
    if rule.freq != "MONTHLY":
        # In the standard these apply to monthly rules only.
        rule = replace(rule, month_days=())
    starts = _find_first_day(begins, valid_from, 7 * rule.interval if rule.freq == "WEEKLY" else 1)
    ends = min(filter(None, (until, valid_to)), default=None)
    base = Schedule(
        opens_at=read_time(schedule.get("opens_at")),
        closes_at=read_time(schedule.get("closes_at")),
        description=read_text(schedule.get("description")),
        starts=starts,
        ends=ends if ends and (not starts or ends >= starts) else None,
    )
    is_single = read_string(schedule.get("count")) == "1"
    if begins and not rule.freq and (is_single or (ends == begins and not rule.days)):
        days = tuple(day for _, day in rule.days)
        return (replace(base, repeats="once", days=days, starts=begins),)
    return make_schedules(rule, base)


def _find_first_day(begins: date | None, valid_from: date | None, step: int) -> date | None:
    """The first day from `valid_from` on, counted in steps of `step` days from `begins`."""
    if not begins or not valid_from or valid_from <= begins:
        return begins or valid_from
    late = (valid_from - begins).days
    return begins + timedelta(days=-(-late // step) * step)


def parse_byday(text: str) -> tuple[tuple[int, str], ...]:
    """The days in a text such as `1TU,FR` or `2MO, -1FR`; anything else is skipped."""
    days = []
    for part in text.upper().replace(";", ",").split(","):
        number, code = part.strip()[:-2], part.strip()[-2:]
        which = number.removeprefix("+").removeprefix("-")
        if code in _CODES and (not number or (which.isdecimal() and len(which) < 3)):
            days.append((int(number or 0), DAYS[_CODES.index(code)]))
    return tuple(dict.fromkeys(days))


def parse_bymonthday(text: str) -> tuple[int, ...]:
    """The days of the month in a text such as `1,15`; negative ones count from its end."""
    parts = (part.strip() for part in text.split(","))
    numbers = [int(part) for part in parts if part.lstrip("+-").isdecimal() and len(part) < 4]
    return tuple(dict.fromkeys(number for number in numbers if 1 <= abs(number) <= 31))


def make_schedules(rule: RecurrenceRule, schedule: Schedule) -> tuple[Schedule, ...]:
    """Copies of `schedule` with `days` and `repeats` filled in from `rule`.

    A rule that does not fit gives one schedule that describes it in words.
    """
    days = tuple(dict.fromkeys(day for _, day in rule.days))
    numbers = {number for number, _ in rule.days}
    is_plain = not rule.has_other_parts and rule.interval == 1
    if not rule.freq:
        return (replace(schedule, days=days),)
    if rule.freq == "DAILY" and is_plain and not rule.month_days:
        return (replace(schedule, days=days or DAYS, repeats="weekly"),)
    if rule.freq == "WEEKLY" and not rule.has_other_parts and rule.interval in (1, 2):
        repeats = "weekly" if rule.interval == 1 else "fortnightly"
        days = days or ((DAYS[schedule.starts.weekday()],) if schedule.starts else ())
        return (replace(schedule, days=days, repeats=repeats),)
    if rule.freq == "MONTHLY" and is_plain:
        if rule.days and not rule.month_days and numbers <= _NTH.keys():
            by_number = {
                number: tuple(day for which, day in rule.days if which == number)
                for number in numbers
            }
            return tuple(
                replace(schedule, days=by_number[number], repeats=_NTH[number])
                for number in _NTH
                if number in by_number
            )
        month_days = rule.month_days
        if not rule.days and not month_days and schedule.starts:
            month_days = (schedule.starts.day,)
        starts = [_find_month_day(number, schedule.starts) for number in month_days]
        if not rule.days and starts and all(starts):
            return tuple(
                replace(schedule, days=(), repeats="monthly", starts=day) for day in starts
            )
    # The days alone would promise every one of them.
    description = ". ".join(filter(None, [schedule.description, _describe(rule)]))
    return (replace(schedule, days=(), description=description),)


def _find_month_day(number: int, since: date | None) -> date | None:
    """The first day on or after `since` that is day `number` of its month."""
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
    """The rule in words, as far as possible."""
    unit = _UNITS.get(rule.freq, "")
    interval = f"Every {rule.interval} {unit}s" if rule.interval > 1 else f"Every {unit}"
    days = [f"the {_ordinal(number)} {day}" if number else day for number, day in rule.days]
    dates = [f"the {_ordinal(number)}" for number in rule.month_days]
    days_and_dates = join_words([*days, *dates])
    text = " on ".join(filter(None, [interval, days_and_dates])) if unit else ""
    return f"{text}; ask which" if text and rule.has_other_parts else text


def _ordinal(number: int) -> str:
    if number < 0:
        return "last" if number == -1 else f"{_ordinal(-number)} last"
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number if number < 20 else number % 10, "th")
    return f"{number}{ending}"
