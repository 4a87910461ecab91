"""When a schedule is on: its days between two dates, by its rule.

Must never guess: a fortnight whose beginning is not known is silent, as is a schedule in words.
"""

from datetime import date, datetime, time

from dateutil import rrule

from directory.listing import DAYS, Schedule

_NTH = {"1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "last": -1}


def find_dates(schedule: Schedule, first: date, last: date) -> list[date] | None:
    """The days from `first` to `last` that it is on, or None where it does not say."""
    if schedule.ends is not None and schedule.ends < first:
        return []
    if schedule.starts is not None and schedule.starts > last:
        return []
    rule = _make_rule(schedule, first)
    if rule is None:
        return None
    low = max(first, schedule.starts or first)
    high = min(last, schedule.ends or last)
    found = rule.between(_midnight(low), _midnight(high), inc=True) if low <= high else []
    return [one.date() for one in found]


def _make_rule(schedule: Schedule, first: date) -> rrule.rrule | None:
    days = [DAYS.index(day) for day in schedule.days]
    starts = schedule.starts
    begin = _midnight(starts or first)
    match schedule.repeats:
        case "once":
            return rrule.rrule(rrule.DAILY, begin, count=1) if starts else None
        case "monthly":
            # On the day of the month that it starts; where that is not known, it is silent.
            return rrule.rrule(rrule.MONTHLY, begin) if starts else None
        case "fortnightly":
            if not days or not starts:
                return None
            return rrule.rrule(rrule.WEEKLY, begin, interval=2, byweekday=days)
        case "weekly" | "":
            return rrule.rrule(rrule.WEEKLY, begin, byweekday=days) if days else None
        case nth:
            which = _NTH[nth.partition(" ")[0]]
            if not days:
                return None
            on = [rrule.weekday(day)(which) for day in days]
            return rrule.rrule(rrule.MONTHLY, begin, byweekday=on)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())
