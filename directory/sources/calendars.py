"""iCalendar files: every event, with all its repetitions, becomes one listing.

`calendar_events` reads when an event is on. An event that is marked private is rejected, and a
rejected event is stored without its place.
"""

import re
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from icalendar import Calendar, Component, vRecur
from icalendar.timezone import tzp

from directory.errors import RowError, SourceError, SourceTooLargeError
from directory.listing import Listing, Place, Point
from directory.places import normalise_postcode
from directory.rejected import RejectedRow
from directory.sources.calendar_events import read_event_times
from directory.sources.fields import (
    Faults,
    find_postcode,
    read_email,
    read_point,
    read_text,
    read_website,
    unique_texts,
    validate_listing,
)
from directory.sources.limits import MAX_ZONE_RULES, Limits

_BEGINS, _ENDS = "BEGIN:VCALENDAR", "END:VCALENDAR"
# The parser takes the same time for a line, a part of a list and a parameter.
_BEFORE_PARTS = "\n,;"
# The time zones of a calendar that is being parsed are kept for the whole process.
_PARSING = threading.Lock()
# The parts of a rule such as "the last Sunday of March", and how many values each may have.
_ZONE_RULE_PARTS = {
    "FREQ": 1,
    "INTERVAL": 1,
    "COUNT": 1,
    "UNTIL": 1,
    "WKST": 1,
    "BYMONTH": 1,
    "BYDAY": 1,
    "BYMONTHDAY": 7,
}
_ONLINE = re.compile(r"\b(?:online|zoom|virtual|teams|webinar|google meet)\b|https?://", re.I)
_LINK = re.compile(r"https?://\S+")
# Addresses that belong to calendars rather than people.
_AUTOMATED = re.compile(r"@(?:[^@\n]*\.)?calendar\.google\.com$|noreply|no-reply", re.I)


def can_read(text: str) -> bool:
    """Whether the text is an iCalendar file."""
    return text.lstrip()[: len(_BEGINS)].upper() == _BEGINS


def read_rows(
    text: str, source: str, today: date, limits: Limits
) -> Iterator[Listing | RejectedRow]:
    """Read the events of the calendars in `text`, one at a time.

    Events that were over before `today` are closed. Raises SourceError if the file is cut short,
    holds too much or cannot be read as a whole.
    """
    if not text.rstrip().upper().endswith(_ENDS):
        raise SourceError(f"{source} is cut short: a calendar ends with {_ENDS}. Fetch it again.")
    for calendar in _parse(text, source, limits):
        calendar_name = _read_property(calendar, "X-WR-CALNAME", "NAME")
        for events in _group_by_uid(calendar.walk("VEVENT")):
            yield _read_event(events, calendar_name, today)


def _parse(text: str, source: str, limits: Limits) -> Sequence[Component]:
    limits.check_lines(sum(map(text.count, _BEFORE_PARTS)), source)
    try:
        with _PARSING:
            # A time zone of an earlier file must not decide the times of this one.
            tzp.use_default()
            # With a line break at its end, no text is taken for the path of a file.
            calendars: Sequence[Component] = Calendar.from_ical(f"{text}\n", multiple=True)
    except Exception as error:  # The parser's own errors are of many kinds.
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise SourceError(f"{source} is not a calendar that can be read ({reason}).") from None
    _check_zones(calendars, source)
    return calendars


def _check_zones(calendars: Sequence[Component], source: str) -> None:
    """Refuse time zones that take for ever: each time is found by following their rules to it."""
    rules = [
        rule
        for calendar in calendars
        for name in ("STANDARD", "DAYLIGHT")
        for part in calendar.walk(name)
        for field in ("RRULE", "EXRULE")
        for rule in _list_values(part.get(field))
    ]
    if len(rules) > MAX_ZONE_RULES:
        raise SourceTooLargeError(f"{source} has more than {MAX_ZONE_RULES} rules of time zones.")
    if not all(map(_is_zone_rule, rules)):
        raise SourceError(
            f"{source} has a time zone whose rule does not say one day of the year. Save the "
            "calendar again in the time zone Europe/London."
        )


def _list_values(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _is_zone_rule(rule: Any) -> bool:
    return (
        isinstance(rule, vRecur)
        and rule.get("FREQ") == ["YEARLY"]
        # With an interval of 0, dateutil would look at the same year for ever.
        and rule.get("INTERVAL", [1]) == [1]
        and rule.keys() <= _ZONE_RULE_PARTS.keys()
        and all(len(_list_values(rule[part])) <= _ZONE_RULE_PARTS[part] for part in rule)
    )


def _group_by_uid(events: list[Component]) -> list[list[Component]]:
    """Each event followed by the changes to single days of it."""
    by_uid: dict[str, list[Component]] = defaultdict(list)
    for number, event in enumerate(events):
        by_uid[str(event.get("UID", "")) or f" {number}"].append(event)
    return [sorted(group, key=lambda event: "RECURRENCE-ID" in event) for group in by_uid.values()]


def _read_event(events: list[Component], calendar: str, today: date) -> Listing | RejectedRow:
    event = events[0]
    key = name = ""
    faults = Faults()
    try:
        key, name = _read_property(event, "UID"), " ".join(_read_property(event, "SUMMARY").split())
        listing = validate_listing(_read(events, key, name, calendar, today, faults))
        if not faults.is_rejected:
            return replace(listing, doubts=tuple(faults.reasons))
    except RowError as error:
        faults.warn(str(error))
    except (ValueError, TypeError, AttributeError, KeyError, OverflowError) as error:
        faults.warn(f"it holds a value that cannot be read ({type(error).__name__}); save it again")
    return RejectedRow(
        key[:200],
        name[:200],
        str(faults),
        {"UID": key[:200], "SUMMARY": name[:200]},
        confidential=any(map(_may_be_confidential, events)),
    )


def _may_be_confidential(event: Component) -> bool:
    return str(event.get("CLASS", ""))[:100].strip().upper() not in ("", "PUBLIC")


def _read(
    events: list[Component], key: str, name: str, calendar: str, today: date, faults: Faults
) -> Listing:
    event = events[0]
    if not key:
        faults.reject("it has no UID; add one that never changes")
    if not name:
        faults.reject("it has no SUMMARY; add the name that people know it by")
    privacy = _read_property(event, "CLASS").upper()
    if privacy == "PRIVATE":
        faults.reject("its calendar marks it as private; make it public if residents may see it")
    times = read_event_times(events, today)
    confidential = privacy == "CONFIDENTIAL"
    location = _read_property(event, "LOCATION")
    organiser = event.get("ORGANIZER")
    # A link in the location reveals the place.
    link = None if confidential else _LINK.search(location)
    cancelled = _read_property(event, "STATUS").upper() == "CANCELLED"
    return Listing(
        key=key,
        name=name,
        kind="group",
        # Many calendars give nothing but the name.
        description=_read_property(event, "DESCRIPTION") or name,
        organisation=read_text(str(organiser.params.get("CN", ""))) if organiser else calendar,
        topics=_read_topics(event),
        website=read_website(_read_property(event, "URL"))
        or (read_website(link[0]) if link else ""),
        email=_read_organiser_email(str(organiser or ""), faults),
        places=() if confidential else _read_places(location, event.get("GEO"), faults),
        online=bool(_ONLINE.search(location)),
        schedules=times.schedules,
        how_to_join=_read_property(event, "CONTACT"),
        status="closed" if cancelled or times.is_over else "open",
        confidential=confidential,
    )


def _read_property(component: Component, *names: str) -> str:
    """The first of these properties that is not empty, as text."""
    for name in names:
        value: Any = component.get(name)
        if isinstance(value, list):
            value = value[0]
        if value is not None and (text := read_text(str(value))):
            return text
    return ""


def _read_topics(event: Component) -> tuple[str, ...]:
    value: Any = event.get("CATEGORIES") or []
    groups = value if isinstance(value, list) else [value]
    return unique_texts(
        read_text(str(topic)) for group in groups for topic in getattr(group, "cats", ())
    )


def _read_organiser_email(address: str, faults: Faults) -> str:
    text = re.sub("^mailto:", "", address, flags=re.I)
    if "@" not in text or _AUTOMATED.search(text):
        return ""
    return faults.read(read_email, text, default="", rejects=False)


def _read_places(location: str, geo: Any, faults: Faults) -> tuple[Place, ...]:
    point: Point | None = None
    if geo is not None:
        point = faults.read(
            read_point,
            getattr(geo, "latitude", None),
            getattr(geo, "longitude", None),
            default=None,
            rejects=False,
        )
    text = _LINK.sub("", location).strip(" ,;")
    if _ONLINE.fullmatch(text):
        text = ""
    postcode = find_postcode(text)
    if postcode:
        text = text.replace(postcode, "")
    parts = [part.strip() for part in re.split(r"[,\n]", text) if part.strip(" .")]
    place = Place(
        venue=parts[0] if parts else "",
        address=", ".join(parts[1:]),
        postcode=normalise_postcode(postcode),
        point=point,
    )
    return () if place == Place() else (place,)
