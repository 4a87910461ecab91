"""The dates of a schedule.

Must never guess: without a known beginning a fortnightly schedule has no dates, and neither has one
that is described in words only.
"""

from datetime import date, datetime, time, timedelta

from dateutil import rrule
from dateutil.easter import easter

from directory.listing import DAYS, Listing, Schedule

_EASTER = {timedelta(days=-2), timedelta(days=0), timedelta(days=1)}
_SOON = timedelta(weeks=9)
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


def list_this_week(today: date | None = None) -> tuple[date, date]:
    """The first and the last of the seven days from `today` on."""
    first = today or date.today()
    return first, first + timedelta(days=6)


def describe_next_date(listing: Listing, today: date) -> str:
    """When the listing is next on, within nine weeks, such as "Next: Friday 4 December, 10:00"."""
    found = (find_dates(schedule, today, today + _SOON) for schedule in listing.schedules)
    day = min((day for days in found for day in days or ()), default=None)
    return f"Next: {describe_date(listing, day, today)}" if day else ""


def describe_date(listing: Listing, day: date, today: date) -> str:
    """When the listing is on that `day`, such as "Today, 10:00 to 12:00"."""
    sessions = [schedule for schedule in listing.schedules if find_dates(schedule, day, day)]
    hours = map(describe_hours, sessions)
    name = {0: "Today", 1: "Tomorrow"}.get((day - today).days) or name_day(day)
    caution = ["if they open then: ask first"] if _may_be_closed(day) else []
    return ", ".join([name, *filter(None, dict.fromkeys(hours)), *caution])


def name_day(day: date) -> str:
    """Such as "Friday 4 December"."""
    return f"{day:%A} {day.day} {day:%B}"


def describe_hours(schedule: Schedule) -> str:
    """Such as "10:00 to 12:00", or "10:00"; empty if the schedule does not say when it begins."""
    if schedule.opens_at is None:
        return ""
    ends = f" to {schedule.closes_at:%H:%M}" if schedule.closes_at else ""
    return f"{schedule.opens_at:%H:%M}{ends}"


def _may_be_closed(day: date) -> bool:
    """Whether many places close that day, whatever their weekly times say."""
    is_christmas = (day.month, day.day) >= (12, 24) or (day.month, day.day) == (1, 1)
    return is_christmas or day - easter(day.year) in _EASTER


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
