"""Listings' times as iCalendar (RFC 5545), in the time of London, summer time included.

A time whose beginning is not known is anchored to the next such day. Must never invent a day:
what has neither days nor a date has no event.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vRecur

from directory.describe import describe_alert, describe_cost, describe_where
from directory.hsds.ids import make_id
from directory.hsds.parts import NTH
from directory.listing import DAYS, Listing, Place, Schedule, StoredListing, withhold_place
from directory.schedule import find_dates

LONDON = ZoneInfo("Europe/London")
_CODES = dict(zip(DAYS, ("MO", "TU", "WE", "TH", "FR", "SA", "SU"), strict=True))
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
# Within this every rule has a day.
_AHEAD = timedelta(days=100)


def write_calendar(found: Iterable[StoredListing], today: date, page: str = "") -> bytes:
    """A calendar of everything that has a time.

    `page` is the beginning of a listing's own address, which its id completes.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Community Connector//EN")
    calendar.add("version", "2.0")
    for stored in found:
        for event in _write_events(stored, today, page):
            calendar.add_component(event)
    calendar.add_missing_timezones()
    if not calendar.subcomponents:
        return b""
    return bytes(calendar.to_ical())


def has_times(stored: StoredListing, today: date) -> bool:
    """Whether a calendar of the listing would hold anything."""
    return any(_first_day(schedule, today) for schedule in stored.listing.schedules)


def _write_events(stored: StoredListing, today: date, page: str) -> Iterator[Event]:
    listing = withhold_place(stored.listing)
    place: Place = next((one for one in listing.places if one.point), Place())
    said = (describe_alert(listing), stored.notice, listing.description, describe_cost(listing))
    for number, schedule in enumerate(listing.schedules):
        first = _first_day(schedule, today)
        if first is None:
            continue
        event = Event()
        uid = make_id("event", stored.source, listing.key, str(number))
        event.add("uid", f"{uid}@community-connector")
        event.add("dtstamp", stored.modified.replace(tzinfo=UTC) if stored.modified else _EPOCH)
        event.add("summary", listing.name)
        event.add("description", "\n\n".join(filter(None, (schedule.description, *said))))
        if where := describe_where(listing):
            event.add("location", where)
        if place.point:
            event.add("geo", (place.point.latitude, place.point.longitude))
        if page:
            event.add("url", f"{page}{stored.id}")
        event.add("status", _tell_status(listing, gone=stored.gone))
        _add_times(event, schedule, first)
        if rule := _make_rule(schedule, first):
            event.add("rrule", vRecur(rule))
        yield event


def _tell_status(listing: Listing, *, gone: bool) -> str:
    if gone or listing.status == "closed":
        return "CANCELLED"
    return "CONFIRMED" if listing.status == "open" else "TENTATIVE"


def _add_times(event: Event, schedule: Schedule, first: date) -> None:
    if schedule.opens_at is None:
        event.add("dtstart", first)
        return
    event.add("dtstart", datetime.combine(first, schedule.opens_at, LONDON))
    if schedule.closes_at is not None:
        # What closes before it opens closes after midnight.
        late = schedule.closes_at <= schedule.opens_at
        last = first + timedelta(days=1) if late else first
        event.add("dtend", datetime.combine(last, schedule.closes_at, LONDON))


def _first_day(schedule: Schedule, today: date) -> date | None:
    """The first day it is on: from its start, else from today. None if that cannot be told."""
    begin = schedule.starts or today
    if schedule.repeats == "fortnightly" and schedule.starts is None and schedule.days:
        # Which week is not known: the next such day is as good as any.
        ahead = (begin + timedelta(days=days) for days in range(7))
        begin = next(day for day in ahead if DAYS[day.weekday()] in schedule.days)
        schedule = replace(schedule, starts=begin)
    return next(iter(find_dates(schedule, begin, begin + _AHEAD) or ()), None)


def _make_rule(schedule: Schedule, first: date) -> dict[str, Any]:
    if schedule.repeats == "once":
        return {}
    which = NTH.get(schedule.repeats, "")
    rule: dict[str, Any] = {"FREQ": "MONTHLY" if which else "WEEKLY"}
    if schedule.repeats == "monthly":
        rule = {"FREQ": "MONTHLY", "BYMONTHDAY": first.day}
    else:
        rule["BYDAY"] = [f"{which}{_CODES[day]}" for day in schedule.days]
    if schedule.repeats == "fortnightly":
        rule["INTERVAL"] = 2
    if schedule.ends:
        rule["UNTIL"] = schedule.ends
        if schedule.opens_at is not None:
            # With a clock time the rule ends at a moment, told in UTC.
            last = datetime.combine(schedule.ends, schedule.opens_at, LONDON)
            rule["UNTIL"] = last.astimezone(UTC)
    return rule
