"""Listings' times as iCalendar (RFC 5545), in the time zone Europe/London.

A time without a known first day starts on its next day. Must never invent a day: a time with
neither days nor a date has no event.
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
# Every rule has a day in this period.
_AHEAD = timedelta(days=100)


def write_calendar(listings: Iterable[StoredListing], today: date, pages_url: str = "") -> bytes:
    """A calendar of the listings' times; empty if none has a time.

    The URL of an event is `pages_url` followed by the listing's id; without it there is none.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Community Connector//EN")
    calendar.add("version", "2.0")
    for stored in listings:
        for event in _write_events(stored, today, pages_url):
            calendar.add_component(event)
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical()) if calendar.subcomponents else b""


def has_times(stored: StoredListing, today: date) -> bool:
    """Whether a calendar of the listing would hold anything."""
    return any(_find_first_day(schedule, today) for schedule in stored.listing.schedules)


def _write_events(stored: StoredListing, today: date, pages_url: str) -> Iterator[Event]:
    listing = withhold_place(stored.listing)
    place: Place = next((place for place in listing.places if place.point), Place())
    details = (describe_alert(listing), stored.notice, listing.description, describe_cost(listing))
    for number, schedule in enumerate(listing.schedules):
        first = _find_first_day(schedule, today)
        if first is None:
            continue
        event = Event()
        uid = make_id("event", stored.source, listing.key, str(number))
        event.add("uid", f"{uid}@community-connector")
        event.add("dtstamp", stored.modified.replace(tzinfo=UTC) if stored.modified else _EPOCH)
        event.add("summary", listing.name)
        event.add("description", "\n\n".join(filter(None, (schedule.description, *details))))
        if where := describe_where(listing):
            event.add("location", where)
        if place.point:
            event.add("geo", (place.point.latitude, place.point.longitude))
        if pages_url:
            event.add("url", f"{pages_url}{stored.id}")
        event.add("status", _map_status(listing, gone=stored.gone))
        _add_times(event, schedule, first)
        if rule := _make_rule(schedule, first):
            event.add("rrule", vRecur(rule))
        yield event


def _map_status(listing: Listing, *, gone: bool) -> str:
    if gone or listing.status == "closed":
        return "CANCELLED"
    return "CONFIRMED" if listing.status == "open" else "TENTATIVE"


def _add_times(event: Event, schedule: Schedule, first: date) -> None:
    if schedule.opens_at is None:
        event.add("dtstart", first)
        return
    event.add("dtstart", datetime.combine(first, schedule.opens_at, LONDON))
    if schedule.closes_at is not None:
        # An end before the start is on the next day.
        late = schedule.closes_at <= schedule.opens_at
        last = first + timedelta(days=1) if late else first
        event.add("dtend", datetime.combine(last, schedule.closes_at, LONDON))


def _find_first_day(schedule: Schedule, today: date) -> date | None:
    """The first day from its start, or from today if it has none. None if no day is known."""
    begin = schedule.starts or today
    if schedule.repeats == "fortnightly" and schedule.starts is None and schedule.days:
        # The week is not known, so the next day that fits is used.
        ahead = (begin + timedelta(days=days) for days in range(7))
        begin = next(day for day in ahead if DAYS[day.weekday()] in schedule.days)
        schedule = replace(schedule, starts=begin)
    return next(iter(find_dates(schedule, begin, begin + _AHEAD) or ()), None)


def _make_rule(schedule: Schedule, first: date) -> dict[str, Any]:
    if schedule.repeats == "once":
        return {}
    ordinal = NTH.get(schedule.repeats, "")
    rule: dict[str, Any] = {"FREQ": "MONTHLY" if ordinal else "WEEKLY"}
    if schedule.repeats == "monthly":
        rule = {"FREQ": "MONTHLY", "BYMONTHDAY": first.day}
    else:
        rule["BYDAY"] = [f"{ordinal}{_CODES[day]}" for day in schedule.days]
    if schedule.repeats == "fortnightly":
        rule["INTERVAL"] = 2
    if schedule.ends:
        rule["UNTIL"] = schedule.ends
        if schedule.opens_at is not None:
            # With a time of day, the rule must end at a moment in UTC.
            last = datetime.combine(schedule.ends, schedule.opens_at, LONDON)
            rule["UNTIL"] = last.astimezone(UTC)
    return rule
