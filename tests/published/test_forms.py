"""Calendars, maps, sheets and linked data of listings."""

import csv
import io
import json
from dataclasses import replace
from datetime import date, datetime, time

import pytest
from dateutil.rrule import rrulestr
from hypothesis import HealthCheck, given, settings
from icalendar import Calendar

from directory.listing import Listing, Place, Point, Schedule, StoredListing
from directory.publishing.csv_export import write_csv
from directory.publishing.geojson_export import write_geojson
from directory.publishing.icalendar_export import LONDON, write_calendar
from directory.publishing.json_ld import dump_for_script, write_json_ld
from directory.schedule import find_dates
from directory.sources.template import COLUMNS, read_rows
from tests.support.listing_strategies import listings

TODAY = date(2026, 11, 23)  # a Monday
PLAIN = Listing("plain", "Plain", "group", "Nothing more is known.")


def stored(listing: Listing, **facts: object) -> StoredListing:
    return StoredListing(7, "town", facts.pop("notice", ""), listing, **facts)  # type: ignore[arg-type]


def events(listing: Listing, today: date = TODAY) -> list:
    calendar = Calendar.from_ical(write_calendar([stored(listing)], today, "https://c.example/"))
    return list(calendar.walk("VEVENT"))


def dates(schedule: Schedule, most: int = 4) -> list[date]:
    """The first days of the calendar, as a calendar program works them out."""
    [event] = events(replace(PLAIN, schedules=(schedule,)))
    start = event["dtstart"].dt
    if "rrule" not in event:
        return [start.date() if isinstance(start, datetime) else start]
    if not isinstance(start, datetime):
        start = datetime.combine(start, time())
    rule = rrulestr(event["rrule"].to_ical().decode(), dtstart=start)
    return [one.date() for one, _ in zip(rule, range(most), strict=False)]


WEEKLY = Schedule(("Tuesday",), "weekly", time(10), time(12))


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (WEEKLY, ["2026-11-24", "2026-12-01", "2026-12-08", "2026-12-15"]),
        (
            replace(WEEKLY, days=("Monday", "Thursday")),
            ["2026-11-23", "2026-11-26", "2026-11-30", "2026-12-03"],
        ),
        (
            replace(WEEKLY, repeats="fortnightly", starts=date(2026, 11, 3)),
            ["2026-11-03", "2026-11-17", "2026-12-01", "2026-12-15"],
        ),
        (
            replace(WEEKLY, repeats="2nd of month"),
            ["2026-12-08", "2027-01-12", "2027-02-09", "2027-03-09"],
        ),
        (
            replace(WEEKLY, repeats="last of month"),
            ["2026-11-24", "2026-12-29", "2027-01-26", "2027-02-23"],
        ),
        (
            replace(WEEKLY, ends=date(2026, 12, 1)),
            ["2026-11-24", "2026-12-01"],
        ),
        (
            Schedule(repeats="monthly", starts=date(2026, 1, 15)),
            ["2026-01-15", "2026-02-15", "2026-03-15", "2026-04-15"],
        ),
        (Schedule(repeats="once", starts=date(2026, 12, 24)), ["2026-12-24"]),
        (Schedule(("Friday",)), ["2026-11-27", "2026-12-04", "2026-12-11", "2026-12-18"]),
    ],
)
def test_a_calendar_is_on_the_listings_days(schedule, expected):
    assert [day.isoformat() for day in dates(schedule)] == expected


def test_the_nth_day_is_written_as_the_standard_has_it():
    [event] = events(replace(PLAIN, schedules=(replace(WEEKLY, repeats="2nd of month"),)))
    assert b"BYDAY=2TU" in event.to_ical()


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(listing=listings())
def test_any_calendar_holds_only_days_that_the_listing_has(listing):
    content = write_calendar([stored(listing)], TODAY)
    if not content:
        return
    for event in Calendar.from_ical(content).walk("VEVENT"):
        start = event["dtstart"].dt
        day = start.date() if isinstance(start, datetime) else start
        sessions = [find_dates(one, day, day) for one in listing.schedules]
        # A fortnight without a beginning is silent there, and anchored here.
        assert [day] in sessions or any(
            one.repeats == "fortnightly" and not one.starts for one in listing.schedules
        )


def test_times_are_those_of_london_all_year():
    content = write_calendar([stored(replace(PLAIN, schedules=(WEEKLY,)))], TODAY)
    calendar = Calendar.from_ical(content)
    assert [str(zone["tzid"]) for zone in calendar.walk("VTIMEZONE")] == ["Europe/London"]
    [event] = calendar.walk("VEVENT")
    assert event["dtstart"].dt == datetime(2026, 11, 24, 10, tzinfo=LONDON)
    assert b"DTSTART;TZID=Europe/London:20261124T100000" in content


def test_what_closes_after_midnight_ends_the_next_day():
    [event] = events(replace(PLAIN, schedules=(replace(WEEKLY, closes_at=time(1)),)))
    assert event["dtend"].dt == datetime(2026, 11, 25, 1, tzinfo=LONDON)


@pytest.mark.parametrize(
    "schedule",
    [
        Schedule(description="Ask us"),
        Schedule(repeats="monthly"),
        Schedule(repeats="2nd of month"),
        Schedule(starts=date(2026, 12, 1)),
        replace(WEEKLY, ends=date(2026, 11, 1)),
    ],
)
def test_no_day_is_made_up(schedule):
    assert write_calendar([stored(replace(PLAIN, schedules=(schedule,)))], TODAY) == b""


def test_an_event_tells_what_must_be_seen():
    listing = replace(
        PLAIN, schedules=(WEEKLY,), status="temporarily closed", alert="Back in May", cost="£2"
    )
    content = write_calendar([stored(listing, notice="Fictional.")], TODAY)
    [event] = Calendar.from_ical(content).walk("VEVENT")
    assert event["status"] == "TENTATIVE"
    for said in ("Closed for now", "Back in May", "Fictional.", "£2"):
        assert said in event["description"]


def test_features_are_where_the_listing_is():
    places = (Place(point=Point(53.9, 1.3)), Place("Hall"), Place(point=Point(53.8, 1.2)))
    of = [PLAIN, replace(PLAIN, places=places[:1]), replace(PLAIN, places=places)]
    collection = write_geojson(map(stored, of))
    assert [feature["geometry"] for feature in collection["features"]] == [
        None,
        {"type": "Point", "coordinates": [1.3, 53.9]},
        {"type": "MultiPoint", "coordinates": [[1.3, 53.9], [1.2, 53.8]]},
    ]


@pytest.mark.parametrize(
    "cell", ["=HYPERLINK(1)", "+44 1632 960017", "@all", "-1+cmd|' /C calc'!A0", "- a list"]
)
def test_no_cell_is_a_formula_and_all_come_back(cell):
    listing = replace(PLAIN, name=cell, phone=cell, description=cell)
    sheet = write_csv([stored(listing)])
    for row in csv.reader(io.StringIO(sheet)):
        assert not any(one.startswith(tuple("=+-@\t\r")) for one in row)
    [again] = read_rows(sheet, "sheet.csv")
    assert (again.name, again.phone, again.description) == (cell, cell, cell)


def test_the_sheet_has_the_templates_columns():
    assert next(csv.reader(io.StringIO(write_csv([])))) == COLUMNS


def test_linked_data_cannot_end_its_own_script():
    listing = replace(PLAIN, name="</script><script>alert(1)</script>", cost_amount=2.5)
    text = dump_for_script(write_json_ld(stored(listing), "https://c.example/listings/7"))
    assert "<" not in text
    assert json.loads(text)["name"] == listing.name
    assert json.loads(text)["offers"] == {
        "@type": "Offer",
        "description": "£2.50",
        "price": 2.5,
        "priceCurrency": "GBP",
    }
