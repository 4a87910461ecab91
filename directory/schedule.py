"""The dates of a schedule.

Must never guess: without a known beginning a fortnightly schedule has no dates, and neither has one
that is described in words only.
"""

from datetime import date, datetime, time, timedelta

from dateutil import rrule

from directory.listing import DAYS, Schedule

_NTH = {"1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "last": -1}


def find_dates(schedule: Schedule, first: date, last: date) -> list[date] | None:
    """The days from `first` to `last` on which the schedule is on, or None if it does not say."""
    if schedule.ends is not None and schedule.ends < first:
        return []
    if schedule.starts is not None and schedule.starts > last:
        return []
    rule = _make_rule(schedule, first)
    if rule is None:
        return None
    begin = max(first, schedule.starts or first)
    end = min(last, schedule.ends or last)
    moments = rule.between(_midnight(begin), _midnight(end), inc=True) if begin <= end else []
    return [moment.date() for moment in moments]


def _make_rule(schedule: Schedule, first: date) -> rrule.rrule | None:
    days = [DAYS.index(day) for day in schedule.days]
    starts = schedule.starts
    # Not from its start, which may be in the year 1: every day until now would be counted.
    begin = _midnight(max(first, starts or first))
    match schedule.repeats:
        case "once":
            return rrule.rrule(rrule.DAILY, _midnight(starts), count=1) if starts else None
        case "monthly":
            # It is on the day of the month on which it starts.
            return rrule.rrule(rrule.MONTHLY, begin, bymonthday=starts.day) if starts else None
        case "fortnightly":
            if not days or not starts:
                return None
            fortnights = (begin.date() - starts).days // 14
            begin = _midnight(starts + timedelta(days=14 * fortnights))
            return rrule.rrule(rrule.WEEKLY, begin, interval=2, byweekday=days)
        case "weekly" | "":
            return rrule.rrule(rrule.WEEKLY, begin, byweekday=days) if days else None
        case nth:
            number = _NTH[nth.partition(" ")[0]]
            if not days:
                return None
            weekdays = [rrule.weekday(day)(number) for day in days]
            return rrule.rrule(rrule.MONTHLY, begin, byweekday=weekdays)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())
