"""iCalendar files: every event, with all its repetitions, becomes one listing.

When an event is on is left to `events`. An event that its calendar calls private is refused, and
what is refused is kept without its place.
"""

import re
from collections import defaultdict
from dataclasses import replace
from datetime import date
from typing import Any

from icalendar import Calendar, Component

from directory.errors import RowError, SourceError
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

_BEGINS, _ENDS = "BEGIN:VCALENDAR", "END:VCALENDAR"
_ONLINE = re.compile(r"\b(?:online|zoom|virtual|teams|webinar|google meet)\b|https?://", re.I)
_LINK = re.compile(r"https?://\S+")
# Addresses of calendars, which nobody reads.
_MACHINE = re.compile(r"@(?:[^@\n]*\.)?calendar\.google\.com$|noreply|no-reply", re.I)


def can_read(text: str) -> bool:
    """Whether the text is an iCalendar file."""
    return text.lstrip()[: len(_BEGINS)].upper() == _BEGINS


def read_rows(text: str, source: str, today: date) -> list[Listing | RejectedRow]:
    """Every event of the calendars in `text`; what was over before `today` is closed.

    Raises SourceError for a file that is cut short or not to be read as a whole.
    """
    if not text.rstrip().upper().endswith(_ENDS):
        raise SourceError(f"{source} is cut short: a calendar ends with {_ENDS}. Fetch it again.")
    try:
        calendars = Calendar.from_ical(text, multiple=True)
        return [
            row
            for calendar in calendars
            for events in _group(calendar.walk("VEVENT"))
            for row in [_read_event(events, _tell(calendar, "X-WR-CALNAME", "NAME"), today)]
        ]
    except (ValueError, IndexError, RecursionError, RowError) as error:
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise SourceError(f"{source} is not a calendar that can be read ({reason}).") from None


def _group(events: list[Component]) -> list[list[Component]]:
    """Events with the changes made to single days of theirs, the whole of it first."""
    by_uid: dict[str, list[Component]] = defaultdict(list)
    for number, event in enumerate(events):
        by_uid[str(event.get("UID", "")) or f" {number}"].append(event)
    return [sorted(group, key=lambda one: "RECURRENCE-ID" in one) for group in by_uid.values()]


def _read_event(events: list[Component], calendar: str, today: date) -> Listing | RejectedRow:
    event = events[0]
    key = name = ""
    faults = Faults()
    try:
        key, name = _tell(event, "UID"), " ".join(_tell(event, "SUMMARY").split())
        listing = validate_listing(_read(events, key, name, calendar, today, faults))
        if not faults.is_rejected:
            return replace(listing, doubts=tuple(faults.reasons))
    except RowError as error:
        faults.warn(str(error))
    except (ValueError, TypeError, AttributeError, KeyError, OverflowError) as error:
        faults.warn(f"it holds what no calendar should ({type(error).__name__}); save it again")
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
        faults.reject("it has no UID; give it one that never changes")
    if not name:
        faults.reject("it has no SUMMARY; give it the name people call it by")
    privacy = _tell(event, "CLASS").upper()
    if privacy == "PRIVATE":
        faults.reject("its calendar calls it private; call it public if residents may know of it")
    occasions = read_event_times(events, today)
    confidential = privacy == "CONFIDENTIAL"
    where = _tell(event, "LOCATION")
    organiser = event.get("ORGANIZER")
    # The link of a place tells where it is.
    link = None if confidential else _LINK.search(where)
    cancelled = _tell(event, "STATUS").upper() == "CANCELLED"
    return Listing(
        key=key,
        name=name,
        kind="group",
        # Many calendars say no more than the name.
        description=_tell(event, "DESCRIPTION") or name,
        organisation=read_text(str(organiser.params.get("CN", ""))) if organiser else calendar,
        topics=_read_topics(event),
        website=read_website(_tell(event, "URL")) or (read_website(link[0]) if link else ""),
        email=_read_organiser(str(organiser or ""), faults),
        places=() if confidential else _read_places(where, event.get("GEO"), faults),
        online=bool(_ONLINE.search(where)),
        schedules=occasions.schedules,
        how_to_join=_tell(event, "CONTACT"),
        status="closed" if cancelled or occasions.over else "open",
        confidential=confidential,
    )


def _tell(component: Component, *names: str) -> str:
    """The first of these properties that says something, as text."""
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
        read_text(str(one)) for group in groups for one in getattr(group, "cats", ())
    )


def _read_organiser(address: str, faults: Faults) -> str:
    text = re.sub("^mailto:", "", address, flags=re.I)
    if "@" not in text or _MACHINE.search(text):
        return ""
    return faults.read(read_email, text, default="", rejects=False)


def _read_places(where: str, geo: Any, faults: Faults) -> tuple[Place, ...]:
    point: Point | None = None
    if geo is not None:
        point = faults.read(
            read_point,
            getattr(geo, "latitude", None),
            getattr(geo, "longitude", None),
            default=None,
            rejects=False,
        )
    said = _LINK.sub("", where).strip(" ,;")
    if _ONLINE.fullmatch(said):
        said = ""
    postcode = find_postcode(said)
    if postcode:
        said = said.replace(postcode, "")
    parts = [part.strip() for part in re.split(r"[,\n]", said) if part.strip(" .")]
    place = Place(
        venue=parts[0] if parts else "",
        address=", ".join(parts[1:]),
        postcode=normalise_postcode(postcode),
        point=point,
    )
    return () if place == Place() else (place,)
