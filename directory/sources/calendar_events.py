"""When a calendar's event is on: its start, its recurrence rule, and changes to single days.

Times are those of clocks in Britain. Whatever does not fit a `Schedule` goes into its description.
Must never leave out silently that a day was removed from the calendar.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from icalendar import Component

from directory.errors import RowError
from directory.listing import DAYS, Schedule
from directory.sources.limits import MAX_YEAR, MAX_YEARS_AHEAD
from directory.sources.recurrence_rules import RecurrenceRule, make_schedules, parse_byday
from directory.text import join_words

_LONDON = ZoneInfo("Europe/London")
_PARTS = {"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "COUNT", "UNTIL", "WKST"}
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
# A rule with more repetitions than this counts as one without an end.
_MAX_COUNT = 1_000
_MAX_NAMED_DAYS = 6


@dataclass(frozen=True)
class EventTimes:
    """When an event is on, and whether all of it has passed."""

    schedules: tuple[Schedule, ...]
    is_over: bool


def read_event_times(events: list[Component], today: date) -> EventTimes:
    """When the first event is on, with the changes to single days that follow it in the list.

    Raises RowError if its start is missing or cannot be read.
    """
    event, changes = events[0], events[1:]
    begins = _read_moment(event, "DTSTART")
    if begins is None:
        raise RowError("it has no DTSTART; add the time when it begins")
    day, opens = _to_local(begins)
    last, closes = _read_end(event, begins)
    base = Schedule(opens_at=opens, closes_at=closes, starts=day)
    recurrence = event.get("RRULE")
    if isinstance(recurrence, list):
        raise RowError("it has more than one RRULE; make a separate event for each")
    if not recurrence:
        schedules: tuple[Schedule, ...] = (
            (replace(base, repeats="once", ends=day),)
            if last == day
            else (replace(base, ends=last),)
        )
        ends: date | None = last
    else:
        rule, ends = _read_rule(recurrence, begins)
        schedules = make_schedules(rule, replace(base, ends=ends))
    added = _read_dates(event, "RDATE")
    changed_days = _describe_changes(event, changes, added, today)
    if changed_days:
        first, *others = schedules
        description = ". ".join(filter(None, [first.description, changed_days]))
        schedules = (replace(first, description=description), *others)
    is_over = ends is not None and max([ends, *added, *_list_moved_days(changes)]) < today
    return EventTimes(schedules, is_over)


def _read_moment(event: Component, name: str) -> date | None:
    value: Any = event.get(name)
    if value is None:
        return None
    try:
        moment = value.dt
    except (AttributeError, ValueError):
        raise RowError(f"its {name} is not a date; save the event again") from None
    if not isinstance(moment, date):
        raise RowError(f"its {name} is not a date; save the event again")
    return _check_year(moment)


def _check_year(moment: date) -> date:
    if moment.year > MAX_YEAR:
        raise RowError(f"it has a date in the year {moment.year}; {MAX_YEAR} is the last")
    return moment


def _to_local(moment: date) -> tuple[date, time | None]:
    """The local day and time of day; no time for a whole day."""
    if not isinstance(moment, datetime):
        return moment, None
    local = moment.astimezone(_LONDON) if moment.tzinfo else moment
    return local.date(), local.time().replace(second=0, microsecond=0, fold=0)


def _read_end(event: Component, begins: date) -> tuple[date, time | None]:
    """The last day of one occurrence, and when it closes."""
    ends = _read_moment(event, "DTEND")
    length: Any = event.get("DURATION")
    if ends is None and length is not None and isinstance(length.dt, timedelta):
        ends = begins + length.dt
    first, opens = _to_local(begins)
    if ends is None:
        return first, None
    last, closes = _to_local(ends)
    if closes is None:
        # A whole day ends at the start of the next.
        return max(first, last - timedelta(days=1)), None
    if last > first and opens and closes <= opens:
        # An end after midnight belongs to the evening before.
        last -= timedelta(days=1)
    return max(first, last), closes if closes != opens else None


def _read_rule(recurrence: Any, begins: date) -> tuple[RecurrenceRule, date | None]:
    """The rule and its last day, or None if it has no end."""
    parts = {str(name).upper(): values for name, values in recurrence.items()}
    freq = str(_get_single(parts, "FREQ")).upper()
    if freq not in _FREQUENCIES:
        raise RowError(f"its RRULE repeats {freq[:20]!r}; use DAILY, WEEKLY, MONTHLY or YEARLY")
    days = parse_byday(",".join(str(day) for day in parts.get("BYDAY", ())))
    positions = [int(position) for position in parts.get("BYSETPOS", ())]
    if len(positions) == 1 and len(days) == 1 and freq == "MONTHLY":
        days = ((positions[0], days[0][1]),)
        parts = {name: values for name, values in parts.items() if name != "BYSETPOS"}
    interval = int(1 if (value := _get_single(parts, "INTERVAL")) is None else value)
    if interval < 1:
        raise RowError("its RRULE has an INTERVAL below 1")
    first, _ = _to_local(begins)
    rule = RecurrenceRule(
        freq=freq,
        interval=interval,
        days=days,
        month_days=_read_month_days(parts.get("BYMONTHDAY", ())),
        has_other_parts=bool(parts.keys() - _PARTS)
        or freq == "YEARLY"
        or first != _get_day(begins),
    )
    until = _get_single(parts, "UNTIL")
    count = _get_single(parts, "COUNT")
    if isinstance(until, date):
        return rule, _to_local(until)[0]
    if count and 1 <= int(count) <= _MAX_COUNT and not parts.keys() - _PARTS:
        return rule, _find_last_day(recurrence, rule, begins, int(count))
    return rule, None


def _get_single(parts: dict[str, Any], name: str) -> Any:
    values = parts.get(name)
    return values[0] if isinstance(values, list) and values else values


def _get_day(moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _read_month_days(values: Iterable[Any]) -> tuple[int, ...]:
    days = dict.fromkeys(map(int, values))
    if wrong := [day for day in days if not 1 <= abs(day) <= 31]:
        raise RowError(f"its RRULE has the day {str(wrong[0])[:20]} of a month")
    return tuple(days)


def _find_last_day(recurrence: Any, rule: RecurrenceRule, begins: date, count: int) -> date | None:
    """The day of repetition number `count`, or None if it is too far ahead to be looked for."""
    if not _is_dense(rule):
        return None
    start = datetime.combine(_to_local(begins)[0], time())
    occurrences: Any = rrulestr(recurrence.to_ical().decode(), dtstart=start)
    horizon = start + timedelta(days=366 * MAX_YEARS_AHEAD)
    first = list(islice(occurrences.replace(count=None, until=horizon), count))
    return first[-1].date() if len(first) == count else None


def _is_dense(rule: RecurrenceRule) -> bool:
    """Whether the rule cannot go for long without a day.

    The first day of a rule such as "every twelve months on the 31st", from a February, would be
    looked for until the year 9999.
    """
    numbers = [abs(number) for number, _ in rule.days]
    month_days = [abs(day) for day in rule.month_days]
    if rule.days and rule.month_days:
        return False
    if rule.freq == "DAILY":
        return rule.interval == 1 or not (rule.days or rule.month_days)
    if rule.freq == "MONTHLY":
        in_every_month = max(numbers, default=0) <= 4 and max(month_days, default=0) <= 28
        return in_every_month or (rule.interval == 1 and max(numbers, default=0) <= 5)
    return not rule.month_days and not (rule.days and rule.freq == "YEARLY")


def _read_dates(event: Component, name: str) -> list[date]:
    value: Any = event.get(name)
    lists = value if isinstance(value, list) else [value] if value is not None else []
    moments = [entry.dt for dates in lists for entry in getattr(dates, "dts", ())]
    # A period counts by its beginning.
    moments = [moment[0] if isinstance(moment, tuple) else moment for moment in moments]
    dates = [_check_year(moment) for moment in moments if isinstance(moment, date)]
    return sorted({_to_local(moment)[0] for moment in dates})


def _list_moved_days(changes: list[Component]) -> list[date]:
    moments = [_read_moment(change, "DTSTART") for change in changes if not _is_cancelled(change)]
    return [_to_local(moment)[0] for moment in moments if moment is not None]


def _is_cancelled(event: Component) -> bool:
    return str(event.get("STATUS", "")).upper() == "CANCELLED"


def _describe_changes(
    event: Component, changes: list[Component], added: list[date], today: date
) -> str:
    """The days from today on that are cancelled, added or moved, in words."""
    cancelled = _read_dates(event, "EXDATE")
    moved: list[str] = []
    for change in changes:
        original = _read_moment(change, "RECURRENCE-ID")
        begins = _read_moment(change, "DTSTART")
        if original is None:
            continue
        original_day, original_time = _to_local(original)
        if _is_cancelled(change) or begins is None:
            cancelled.append(original_day)
            continue
        day, opens = _to_local(begins)
        if original_day < today and day < today:
            continue
        if (day, opens) != (original_day, original_time):
            time_text = f" at {opens:%H:%M}" if opens else ""
            moved.append(f"{_format_day(day)}{time_text} instead of {_format_day(original_day)}")
    return ". ".join(
        filter(
            None,
            [
                _list_days("Not on", cancelled, today),
                _list_days("Also on", added, today),
                f"On {join_words(moved[:_MAX_NAMED_DAYS])}" if moved else "",
            ],
        )
    )


def _list_days(prefix: str, days: Iterable[date], today: date) -> str:
    ahead = sorted({day for day in days if day >= today})
    named = [_format_day(day) for day in ahead[:_MAX_NAMED_DAYS]]
    if len(ahead) > _MAX_NAMED_DAYS:
        named.append("some days after that")
    return f"{prefix} {join_words(named)}" if named else ""


def _format_day(day: date) -> str:
    return f"{DAYS[day.weekday()]} {day.day} {day:%B %Y}"
