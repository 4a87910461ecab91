"""Calendars: the listing that an event becomes, and recurrence rules as schedules or in words."""

from datetime import date, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directory.errors import SourceError
from directory.listing import DAYS, Listing, Place, Point, Schedule
from directory.rejected import RejectedRow
from directory.sources.calendars import can_read, read_rows
from directory.sources.limits import SOURCE_LIMITS

TODAY = date(2026, 11, 23)
EVENT = (
    "UID:tea\nSUMMARY:Tea & Talk\nDTSTART;TZID=Europe/London:20261005T100000\n"
    "DTEND;TZID=Europe/London:20261005T120000"
)
BEGINS = date(2026, 10, 5)
TEN, TWELVE = time(10), time(12)


def write_calendar(*events: str) -> str:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test", "X-WR-CALNAME:The Library"]
    for event in events:
        lines += ["BEGIN:VEVENT", *event.split("\n"), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


def read_calendar(text: str) -> list[Listing | RejectedRow]:
    return list(read_rows(text, "town.ics", TODAY, SOURCE_LIMITS))


def read_event(extra: str = "", *changes: str) -> Listing:
    [row] = read_calendar(write_calendar(f"{EVENT}\n{extra}".strip(), *changes))
    assert isinstance(row, Listing), row
    return row


@pytest.mark.parametrize(
    ("extra", "name", "value"),
    [
        ("", "key", "tea"),
        ("", "kind", "group"),
        ("", "name", "Tea & Talk"),
        ("", "description", "Tea & Talk"),
        ("DESCRIPTION:<p>Tea\\, cake</p>", "description", "Tea, cake"),
        ("", "organisation", "The Library"),
        ("ORGANIZER;CN=Jo:mailto:jo@example.org", "organisation", "Jo"),
        ("ORGANIZER;CN=Jo:mailto:jo@example.org", "email", "jo@example.org"),
        ("ORGANIZER;CN=A:mailto:x1@group.calendar.google.com", "email", ""),
        ("URL:https://example.org/tea", "website", "https://example.org/tea"),
        ("URL:javascript:alert(1)", "website", ""),
        ("CONTACT:Ring 01632 960001", "how_to_join", "Ring 01632 960001"),
        ("CATEGORIES:tea,talk\nCATEGORIES:tea", "topics", ("tea", "talk")),
        (
            "LOCATION:The Hall\\, 1 High St\\, Town ZY1 1AA\nGEO:53.5;1.2",
            "places",
            (Place("The Hall", "1 High St, Town", "", "ZY1 1AA", Point(53.5, 1.2)),),
        ),
        ("LOCATION:Online", "places", ()),
        ("LOCATION:Online", "online", True),
        ("LOCATION:https://zoom.example/j/1", "website", "https://zoom.example/j/1"),
        ("GEO:400;1", "places", ()),
        ("STATUS:CANCELLED", "status", "closed"),
        ("STATUS:CONFIRMED\nRRULE:FREQ=WEEKLY", "status", "open"),
        ("CLASS:CONFIDENTIAL\nLOCATION:https://x.example/map\nGEO:53;1", "places", ()),
        ("CLASS:CONFIDENTIAL\nLOCATION:https://x.example/map\nGEO:53;1", "website", ""),
        ("CLASS:CONFIDENTIAL", "confidential", True),
    ],
)
def test_each_property_is_read(extra, name, value):
    assert getattr(read_event(extra), name) == value


def scheduled(days: tuple[str, ...], repeats: str, ends: date | None = None) -> Schedule:
    return Schedule(days, repeats, TEN, TWELVE, "", BEGINS, ends)


def described(description: str, ends: date | None = None) -> Schedule:
    return Schedule((), "", TEN, TWELVE, description, BEGINS, ends)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("", (scheduled((), "once", BEGINS),)),
        ("RRULE:FREQ=WEEKLY", (scheduled(("Monday",), "weekly"),)),
        ("RRULE:FREQ=WEEKLY;BYDAY=MO,WE", (scheduled(("Monday", "Wednesday"), "weekly"),)),
        ("RRULE:FREQ=WEEKLY;INTERVAL=2", (scheduled(("Monday",), "fortnightly"),)),
        ("RRULE:FREQ=DAILY", (scheduled(DAYS, "weekly"),)),
        ("RRULE:FREQ=MONTHLY", (scheduled((), "monthly"),)),
        ("RRULE:FREQ=MONTHLY;BYDAY=1MO", (scheduled(("Monday",), "1st of month"),)),
        ("RRULE:FREQ=MONTHLY;BYDAY=MO;BYSETPOS=-1", (scheduled(("Monday",), "last of month"),)),
        (
            "RRULE:FREQ=MONTHLY;BYDAY=1MO,3MO",
            (scheduled(("Monday",), "1st of month"), scheduled(("Monday",), "3rd of month")),
        ),
        (
            "RRULE:FREQ=WEEKLY;UNTIL=20270301T235959Z",
            (scheduled(("Monday",), "weekly", date(2027, 3, 1)),),
        ),
        ("RRULE:FREQ=WEEKLY;COUNT=10", (scheduled(("Monday",), "weekly", date(2026, 12, 7)),)),
        (
            "RRULE:FREQ=WEEKLY;INTERVAL=3;BYDAY=MO,WE",
            (described("Every 3 weeks on Monday and Wednesday"),),
        ),
        (
            "RRULE:FREQ=MONTHLY;INTERVAL=2;BYDAY=1MO",
            (described("Every 2 months on the 1st Monday"),),
        ),
        ("RRULE:FREQ=MONTHLY;BYDAY=5MO", (described("Every month on the 5th Monday"),)),
        ("RRULE:FREQ=YEARLY", (described("Every year; ask which"),)),
        (
            "RRULE:FREQ=WEEKLY\nEXDATE;TZID=Europe/London:20261228T100000",
            (
                Schedule(
                    ("Monday",),
                    "weekly",
                    TEN,
                    TWELVE,
                    "Not on Monday 28 December 2026",
                    BEGINS,
                ),
            ),
        ),
        # Exceptions in the past are not mentioned.
        ("RRULE:FREQ=WEEKLY\nEXDATE:20261012T090000Z", (scheduled(("Monday",), "weekly"),)),
    ],
)
def test_each_recurrence_rule_becomes_schedules(rule, expected):
    assert read_event(rule).schedules == expected


def test_moved_and_cancelled_days_are_described():
    listing = read_event(
        "RRULE:FREQ=WEEKLY",
        "UID:tea\nSUMMARY:Tea\nRECURRENCE-ID;TZID=Europe/London:20261207T100000\n"
        "DTSTART;TZID=Europe/London:20261208T140000",
        "UID:tea\nSUMMARY:Tea\nRECURRENCE-ID;TZID=Europe/London:20261214T100000\n"
        "DTSTART;TZID=Europe/London:20261214T100000\nSTATUS:CANCELLED",
    )
    [schedule] = listing.schedules
    assert schedule.description == (
        "Not on Monday 14 December 2026. "
        "On Tuesday 8 December 2026 at 14:00 instead of Monday 7 December 2026"
    )


@pytest.mark.parametrize(
    ("extra", "status"),
    [
        ("", "closed"),
        ("RRULE:FREQ=WEEKLY;UNTIL=20261101", "closed"),
        ("RRULE:FREQ=WEEKLY;COUNT=3", "closed"),
        ("RRULE:FREQ=WEEKLY;COUNT=30", "open"),
        ("RRULE:FREQ=WEEKLY;UNTIL=20261101\nRDATE:20261224T100000Z", "open"),
        ("RRULE:FREQ=WEEKLY", "open"),
    ],
)
def test_a_past_event_is_closed(extra, status):
    assert read_event(extra).status == status


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        (
            "DTSTART:20260706T090000Z\nDTEND:20260706T100000Z",
            Schedule((), "once", TEN, time(11), "", date(2026, 7, 6), date(2026, 7, 6)),
        ),
        (
            "DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261225",
            Schedule((), "once", None, None, "", date(2026, 12, 24), date(2026, 12, 24)),
        ),
        (
            "DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261227",
            Schedule((), "", None, None, "", date(2026, 12, 24), date(2026, 12, 26)),
        ),
        (
            "DTSTART:20261224T220000\nDURATION:PT3H",
            Schedule((), "once", time(22), time(1), "", date(2026, 12, 24), date(2026, 12, 24)),
        ),
    ],
)
def test_times_are_local(times, expected):
    [row] = read_calendar(write_calendar(f"UID:x\nSUMMARY:Tea\n{times}"))
    assert isinstance(row, Listing)
    assert row.schedules == (expected,)


@pytest.mark.parametrize(
    ("event", "fault"),
    [
        ("SUMMARY:Tea\nDTSTART:20261224T100000", "it has no UID"),
        ("UID:x\nDTSTART:20261224T100000", "it has no SUMMARY"),
        ("UID:x\nSUMMARY:Tea", "it has no DTSTART"),
        ("UID:x\nSUMMARY:Tea\nDTSTART:soon", "its DTSTART is not a date"),
        (f"{EVENT}\nRRULE:FREQ=SECONDLY", "repeats 'SECONDLY'"),
        # Expanding this rule would never end.
        (f"{EVENT}\nRRULE:FREQ=MONTHLY;INTERVAL=0;BYMONTHDAY=31;COUNT=2", "INTERVAL below 1"),
        (f"{EVENT}\nRRULE:FREQ=SOMETIMES", "it holds a value that cannot be read"),
        (f"{EVENT}\nCLASS:PRIVATE\nLOCATION:Secret Street", "its calendar marks it as private"),
    ],
)
def test_a_rejected_event_says_why_and_keeps_no_place(event, fault):
    [row] = read_calendar(write_calendar(event))
    assert isinstance(row, RejectedRow)
    assert fault in row.reason
    assert "Secret" not in str(row)


def test_a_truncated_calendar_is_rejected():
    text = write_calendar(EVENT, EVENT.replace("tea", "two"))
    assert can_read(text)
    for cut in range(20, len(text) - 3, 7):
        with pytest.raises(SourceError, match="cut short"):
            read_calendar(text[:cut])


@pytest.mark.parametrize("text", ["BEGIN:VCALENDAR\nEND:VEVENT\nEND:VCALENDAR", "x\nEND:VCALENDAR"])
def test_a_malformed_calendar_is_rejected(text):
    with pytest.raises(SourceError, match="not a calendar"):
        read_calendar(text)


PROPERTY = st.sampled_from(
    "DTSTART DTEND DURATION RRULE EXDATE RDATE GEO LOCATION CLASS STATUS CATEGORIES URL ORGANIZER "
    "RECURRENCE-ID UID SUMMARY".split()
)
VALUE = st.sampled_from(
    [
        "20261005T100000Z",
        "20261005",
        "99999999",
        "PT3H",
        "FREQ=WEEKLY",
        "FREQ=MONTHLY;BYMONTHDAY=31,-1;COUNT=5",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=WEEKLY;UNTIL=00010101;BYDAY=99XX",
        "53;1",
        "x",
        "",
        "mailto:@",
    ]
) | st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), max_size=20)


@settings(deadline=None)
@given(st.lists(st.tuples(PROPERTY, VALUE), max_size=6))
def test_no_event_crashes_the_reader(properties):
    event = "\n".join(f"{name}:{value}" for name, value in properties)
    text = write_calendar(event or "UID:x", EVENT)
    try:
        rows = read_calendar(text)
    except SourceError:
        return
    assert all(isinstance(row, Listing | RejectedRow) for row in rows)
