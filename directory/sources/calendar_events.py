"""When a calendar's event is on: its beginning, its rule, and the days that are different.

Times are told as clocks in Britain show them. What does not fit a `Schedule` is said in its
description; must never show a day that was taken out of the calendar without saying so.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from icalendar import Component

from directory.errors import RowError
from directory.listing import DAYS, Schedule
from directory.sources.recurrence_rules import (
    RecurrenceRule,
    join_words,
    make_schedules,
    parse_byday,
)

_HERE = ZoneInfo("Europe/London")
_PARTS = {"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "COUNT", "UNTIL", "WKST"}
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
# A rule of more repetitions than this is as good as one without end.
_MOST_COUNTED = 1_000
_MOST_NAMED = 6


@dataclass(frozen=True)
class EventTimes:
    """When an event is on, and whether all of it has passed."""

    schedules: tuple[Schedule, ...]
    over: bool


def read_event_times(events: list[Component], today: date) -> EventTimes:
    """When the first event is on, with the changes to single days that follow it in the list.

    Raises RowError if it has no beginning, or one that cannot be read.
    """
    event, changes = events[0], events[1:]
    begins = _read_moment(event, "DTSTART")
    if begins is None:
        raise RowError("it has no DTSTART; say when it begins")
    day, opens = _split(begins)
    last, closes = _read_end(event, begins)
    one = Schedule(opens_at=opens, closes_at=closes, starts=day)
    recurrence = event.get("RRULE")
    if isinstance(recurrence, list):
        raise RowError("it has more than one RRULE; make it one event for each")
    if not recurrence:
        schedules: tuple[Schedule, ...] = (
            (replace(one, repeats="once", ends=day),) if last == day else (replace(one, ends=last),)
        )
        ends: date | None = last
    else:
        rule, ends = _read_rule(recurrence, begins)
        schedules = make_schedules(rule, replace(one, ends=ends))
    added = _read_dates(event, "RDATE")
    said = _tell_changes(event, changes, added, today)
    if said:
        first, *others = schedules
        description = ". ".join(filter(None, [first.description, said]))
        schedules = (replace(first, description=description), *others)
    over = ends is not None and max([ends, *added, *_moved(changes)]) < today
    return EventTimes(schedules, over)


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
    return moment


def _split(moment: date) -> tuple[date, time | None]:
    """The day and the time of day here; no time for a whole day."""
    if not isinstance(moment, datetime):
        return moment, None
    here = moment.astimezone(_HERE) if moment.tzinfo else moment
    return here.date(), here.time().replace(second=0, microsecond=0, fold=0)


def _read_end(event: Component, begins: date) -> tuple[date, time | None]:
    """The last day of one occasion, and when it closes."""
    ends = _read_moment(event, "DTEND")
    length: Any = event.get("DURATION")
    if ends is None and length is not None and isinstance(length.dt, timedelta):
        ends = begins + length.dt
    first, opens = _split(begins)
    if ends is None:
        return first, None
    last, closes = _split(ends)
    if closes is None:
        # The end of a whole day is the beginning of the next.
        return max(first, last - timedelta(days=1)), None
    if last > first and opens and closes <= opens:
        # Past midnight is still the evening before.
        last -= timedelta(days=1)
    return max(first, last), closes if closes != opens else None


def _read_rule(recurrence: Any, begins: date) -> tuple[RecurrenceRule, date | None]:
    """The rule, and the last day that it is on, or None where it goes on."""
    parts = {str(name).upper(): values for name, values in recurrence.items()}
    freq = str(_only(parts, "FREQ")).upper()
    if freq not in _FREQUENCIES:
        raise RowError(f"its RRULE repeats {freq[:20]!r}; use DAILY, WEEKLY, MONTHLY or YEARLY")
    days = parse_byday(",".join(str(one) for one in parts.get("BYDAY", ())))
    position = [int(one) for one in parts.get("BYSETPOS", ())]
    if len(position) == 1 and len(days) == 1 and freq == "MONTHLY":
        days = ((position[0], days[0][1]),)
        parts = {name: values for name, values in parts.items() if name != "BYSETPOS"}
    interval = int(1 if (said := _only(parts, "INTERVAL")) is None else said)
    if interval < 1:
        raise RowError("its RRULE has an INTERVAL below 1")
    first, _ = _split(begins)
    rule = RecurrenceRule(
        freq=freq,
        interval=interval,
        days=days,
        month_days=tuple(int(one) for one in parts.get("BYMONTHDAY", ())),
        more=bool(parts.keys() - _PARTS) or freq == "YEARLY" or first != _own_day(begins),
    )
    until = _only(parts, "UNTIL")
    count = _only(parts, "COUNT")
    if isinstance(until, date):
        return rule, _split(until)[0]
    if count and int(count) <= _MOST_COUNTED and not parts.keys() - _PARTS:
        return rule, _count_on(recurrence, begins)
    return rule, None


def _only(parts: dict[str, Any], name: str) -> Any:
    values = parts.get(name)
    return values[0] if isinstance(values, list) and values else values


def _own_day(moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _count_on(recurrence: Any, begins: date) -> date:
    start = datetime.combine(_split(begins)[0], time())
    counted = rrulestr(recurrence.to_ical().decode(), dtstart=start)
    return max((one.date() for one in counted), default=start.date())


def _read_dates(event: Component, name: str) -> list[date]:
    value: Any = event.get(name)
    lists = value if isinstance(value, list) else [value] if value is not None else []
    moments = [one.dt for each in lists for one in getattr(each, "dts", ())]
    # A period is told by when it begins.
    moments = [one[0] if isinstance(one, tuple) else one for one in moments]
    return sorted({_split(one)[0] for one in moments if isinstance(one, date)})


def _moved(changes: list[Component]) -> list[date]:
    moments = [_read_moment(one, "DTSTART") for one in changes if not _is_cancelled(one)]
    return [_split(one)[0] for one in moments if one is not None]


def _is_cancelled(event: Component) -> bool:
    return str(event.get("STATUS", "")).upper() == "CANCELLED"


def _tell_changes(
    event: Component, changes: list[Component], added: list[date], today: date
) -> str:
    """The days still to come that are off, added or moved, in words."""
    off = _read_dates(event, "EXDATE")
    moved: list[str] = []
    for one in changes:
        instead_of = _read_moment(one, "RECURRENCE-ID")
        begins = _read_moment(one, "DTSTART")
        if instead_of is None:
            continue
        was, _ = _split(instead_of)
        if _is_cancelled(one) or begins is None:
            off.append(was)
            continue
        day, opens = _split(begins)
        if was < today and day < today:
            continue
        if (day, opens) != (was, _split(instead_of)[1]):
            at = f" at {opens:%H:%M}" if opens else ""
            moved.append(f"{_name(day)}{at} instead of {_name(was)}")
    return ". ".join(
        filter(
            None,
            [
                _tell_days("Not on", off, today),
                _tell_days("Also on", added, today),
                f"On {join_words(moved[:_MOST_NAMED])}" if moved else "",
            ],
        )
    )


def _tell_days(how: str, days: Iterable[date], today: date) -> str:
    ahead = sorted({day for day in days if day >= today})
    named = [_name(day) for day in ahead[:_MOST_NAMED]]
    if len(ahead) > _MOST_NAMED:
        named.append("some days after that")
    return f"{how} {join_words(named)}" if named else ""


def _name(day: date) -> str:
    return f"{DAYS[day.weekday()]} {day.day} {day:%B %Y}"
