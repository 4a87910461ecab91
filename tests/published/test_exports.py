"""Exports of listings: iCalendar, GeoJSON, CSV and JSON-LD."""

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


def store(listing: Listing, notice: str = "") -> StoredListing:
    return StoredListing(7, "town", notice, listing)


def read_events(listing: Listing, today: date = TODAY) -> list:
    calendar = Calendar.from_ical(write_calendar([store(listing)], today, "https://c.example/"))
    return list(calendar.walk("VEVENT"))


def list_dates(schedule: Schedule, limit: int = 4) -> list[date]:
    """The first days of the schedule's event, as a calendar program works them out."""
    [event] = read_events(replace(PLAIN, schedules=(schedule,)))
    start = event["dtstart"].dt
    if "rrule" not in event:
        return [start.date() if isinstance(start, datetime) else start]
    if not isinstance(start, datetime):
        start = datetime.combine(start, time())
    rule = rrulestr(event["rrule"].to_ical().decode(), dtstart=start)
    return [moment.date() for moment, _ in zip(rule, range(limit), strict=False)]


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
def test_events_are_on_the_listings_days(schedule, expected):
    assert [day.isoformat() for day in list_dates(schedule)] == expected


def test_the_nth_day_of_a_month_is_a_numbered_byday():
    [event] = read_events(replace(PLAIN, schedules=(replace(WEEKLY, repeats="2nd of month"),)))
    assert b"BYDAY=2TU" in event.to_ical()


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(listing=listings())
def test_any_event_is_on_a_day_of_the_listing(listing):
    content = write_calendar([store(listing)], TODAY)
    if not content:
        return
    for event in Calendar.from_ical(content).walk("VEVENT"):
        start = event["dtstart"].dt
        day = start.date() if isinstance(start, datetime) else start
        sessions = [find_dates(schedule, day, day) for schedule in listing.schedules]
        # `find_dates` cannot know the week without a first day; the export starts on the next day.
        assert [day] in sessions or any(
            schedule.repeats == "fortnightly" and not schedule.starts
            for schedule in listing.schedules
        )


def test_times_are_in_the_time_zone_of_london():
    content = write_calendar([store(replace(PLAIN, schedules=(WEEKLY,)))], TODAY)
    calendar = Calendar.from_ical(content)
    assert [str(zone["tzid"]) for zone in calendar.walk("VTIMEZONE")] == ["Europe/London"]
    [event] = calendar.walk("VEVENT")
    assert event["dtstart"].dt == datetime(2026, 11, 24, 10, tzinfo=LONDON)
    assert b"DTSTART;TZID=Europe/London:20261124T100000" in content


def test_a_session_past_midnight_ends_the_next_day():
    [event] = read_events(replace(PLAIN, schedules=(replace(WEEKLY, closes_at=time(1)),)))
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
def test_a_time_without_a_known_day_has_no_event(schedule):
    assert write_calendar([store(replace(PLAIN, schedules=(schedule,)))], TODAY) == b""


def test_an_event_shows_status_alert_notice_and_cost():
    listing = replace(
        PLAIN, schedules=(WEEKLY,), status="temporarily closed", alert="Back in May", cost="£2"
    )
    content = write_calendar([store(listing, notice="Fictional.")], TODAY)
    [event] = Calendar.from_ical(content).walk("VEVENT")
    assert event["status"] == "TENTATIVE"
    for text in ("Closed for now", "Back in May", "Fictional.", "£2"):
        assert text in event["description"]


def test_features_have_the_points_of_the_listings_places():
    places = (Place(point=Point(53.9, 1.3)), Place("Hall"), Place(point=Point(53.8, 1.2)))
    listings = [PLAIN, replace(PLAIN, places=places[:1]), replace(PLAIN, places=places)]
    collection = write_geojson(map(store, listings))
    assert [feature["geometry"] for feature in collection["features"]] == [
        None,
        {"type": "Point", "coordinates": [1.3, 53.9]},
        {"type": "MultiPoint", "coordinates": [[1.3, 53.9], [1.2, 53.8]]},
    ]


@pytest.mark.parametrize(
    "cell",
    [
        "=HYPERLINK(1)",
        "+44 1632 960017",
        "@all",
        "-1+cmd|' /C calc'!A0",
        "- a list",
        "＝HYPERLINK(1)",
        "＋44 1632 960017",
        "－1＋1",
        "＠all",
        "'=HYPERLINK(1)",
    ],
)
def test_no_cell_is_a_formula_and_every_cell_can_be_read_back(cell):
    listing = replace(PLAIN, name=cell, phone=cell, description=cell)
    content = write_csv([store(listing)])
    for row in csv.reader(io.StringIO(content)):
        assert not any(text.startswith(tuple("=+-@＝＋－＠\t\r\n")) for text in row)
    [row] = read_rows(content, "sheet.csv")
    assert (row.name, row.phone, row.description) == (cell, cell, cell)


def test_the_csv_has_the_columns_of_the_template():
    assert next(csv.reader(io.StringIO(write_csv([])))) == COLUMNS


def test_json_ld_cannot_close_its_script_element():
    listing = replace(PLAIN, name="</script><script>alert(1)</script>", cost_amount=2.5)
    text = dump_for_script(write_json_ld(store(listing), "https://c.example/listings/7"))
    assert "<" not in text
    assert json.loads(text)["name"] == listing.name
    assert json.loads(text)["offers"] == {
        "@type": "Offer",
        "description": "£2.50",
        "price": 2.5,
        "priceCurrency": "GBP",
    }
