"""Each listing's page and its other forms, and a search as data."""

import csv
import io
import json
import logging
import re
import threading
import time as clock
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, time

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from icalendar import Calendar
from playwright.sync_api import Browser

from directory.describe import describe_listing
from directory.importing.importer import import_listings
from directory.listing import Listing, Place, Point, Schedule
from directory.publishing.repository import ServiceRepository
from tests.support.browser import browser  # noqa: F401 - a fixture
from tests.support.example_listings import NOTICE
from tests.support.open_referral import connect, fill

CHOIR = Listing(
    "choir",
    "Harbour Choir",
    "group",
    "We sing.\nNobody is asked to read notes. <b>Really</b>",
    organisation="Singers & Friends",
    topics=("singing",),
    website="https://choir.example",
    email="jo@choir.example",
    phone="01632 960017",
    places=(Place("Hall", "1 High Street", "Harbour", "ZY1 4NS", Point(53.9, 1.3)),),
    schedules=(Schedule(("Tuesday",), "weekly", time(10), time(12)),),
    cost_amount=0,
    alert="No meeting at Easter",
    assured_date=date(2026, 10, 1),
)


@pytest.fixture
def client(sqlite_engine):
    closed = replace(CHOIR, key="closed", name="Old Choir", status="closed")
    gone = replace(CHOIR, key="gone", name="Gone Choir")
    fill(sqlite_engine, "town", [CHOIR, closed], notice=NOTICE)
    fill(sqlite_engine, "town", [gone], notice=NOTICE, gone=True)
    return connect(sqlite_engine, base_url="https://c.example/")


def test_the_page_tells_all_that_is_shown(client):
    page = client.get("/listings/1")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    for said in (
        "Harbour Choir",
        "Every Tuesday, 10:00 to 12:00",
        "1 High Street",
        "Singers &amp; Friends",
        "No meeting at Easter",
        NOTICE,
        "Free",
        "1 October 2026",
        'href="tel:01632960017"',
        'href="mailto:jo@choir.example"',
        'href="https://choir.example"',
        'href="https://www.openstreetmap.org/directions',
        'href="/listings/1.ics"',
        "&lt;b&gt;Really&lt;/b&gt;",
    ):
        assert said in page.text, said
    assert page.text.index("No meeting at Easter") < page.text.index("Every Tuesday")
    [block] = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page.text, re.S)
    assert page.text.count("<script") == 1
    linked = json.loads(block)
    assert linked["url"] == "https://c.example/listings/1"
    assert NOTICE in linked["description"]
    service = re.search(r'href="(/openreferral/v3/services/[^"]+)"', page.text)
    assert client.get(service[1]).json()["name"] == "Harbour Choir"


def test_what_is_no_more_says_so(client):
    assert "This has closed" in client.get("/listings/2").text
    gone = client.get("/listings/3")
    assert gone.status_code == 410
    assert "It may have ended" in gone.text
    assert "1 High Street" not in gone.text
    for form in ("ics", "json"):
        assert client.get(f"/listings/3.{form}").status_code == 410
    for number in ("99", "0", "x", "9" * 30, "1%00"):
        missing = client.get(f"/listings/{number}")
        assert (missing.status_code, "no such listing" in missing.text) == (404, True)


def test_the_listing_in_other_forms(client):
    data = client.get("/listings/1.json").json()
    assert data["name"] == "Harbour Choir"
    assert data["page"] == "https://c.example/listings/1"
    times = client.get("/listings/1.ics")
    assert times.headers["content-type"] == "text/calendar; charset=utf-8"
    [event] = Calendar.from_ical(times.content).walk("VEVENT")
    assert event["summary"] == "Harbour Choir"
    assert event["url"] == "https://c.example/listings/1"
    for path in ("/listings/1", "/listings/1.json", "/listings/1.ics", "/listings/page.css"):
        first = client.get(path)
        again = client.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert again.status_code == 304
        assert first.headers["access-control-allow-origin"] == "*"


@pytest.fixture
def searched(sqlite_engine, encoder):
    knit = replace(
        CHOIR, key="knit", name="Knit and Natter", description="Wool and tea.", topics=(), alert=""
    )
    import_listings(sqlite_engine, encoder, "town", [CHOIR, knit], notice=NOTICE)
    return connect(sqlite_engine, encoder, "https://c.example")


def test_a_search_in_every_form(searched):
    asked = "/api/search?words=somewhere+to+sing&limit=1&near=ZY1"
    [result] = searched.get(asked).json()["results"]
    assert result["name"] == "Harbour Choir"
    assert result["reasons"]
    assert result["page"] == "https://c.example/listings/1"
    [feature] = searched.get(f"{asked}&format=geojson").json()["features"]
    assert feature["geometry"] == {"type": "Point", "coordinates": [1.3, 53.9]}
    rows = list(csv.DictReader(io.StringIO(searched.get(f"{asked}&format=csv").text[1:])))
    assert [row["name"] for row in rows] == ["Harbour Choir"]
    calendar = Calendar.from_ical(searched.get(f"{asked}&format=ics").content)
    assert [str(event["summary"]) for event in calendar.walk("VEVENT")] == ["Harbour Choir"]


FILTERS = {
    "kind=group": 2,
    "kind=service": 0,
    "topic=singing": 1,
    "topic=wool": 0,
    "within=5&near=ZY1": 2,
    "need=tuesday": 2,
    "need=evening&need=tuesday": 0,
    "strand=volunteer_and_peer_roles": 0,
    "free=true": 2,
    "age=30": 2,
    "this_week=true": 2,
}


@pytest.mark.parametrize("asked", FILTERS)
def test_a_search_keeps_to_what_it_was_asked(searched, asked):
    found = searched.get(f"/api/search?words=company&{asked}").json()["results"]
    assert len(found) == FILTERS[asked], [one["name"] for one in found]


def test_facets_count_what_a_filter_would_leave(searched):
    body = searched.get("/api/search?words=&facets=true&near=ZY1").json()
    facets = body["facets"]
    assert facets["total"] == len(body["results"]) == 2
    assert facets["kinds"] == {"group": 2}
    for topic, count in facets["labels"]["topics"].items():
        left = searched.get(f"/api/search?words=&topic={topic}").json()["results"]
        assert len(left) == count


@pytest.mark.parametrize("asked", ["need=flying", "strand=x", "within=-1", "facets=perhaps"])
def test_a_filter_that_there_is_not(searched, asked):
    answer = searched.get(f"/api/search?words=a&{asked}")
    assert answer.status_code == 422
    assert asked.partition("=")[0] in answer.json()["error"]


def test_a_search_is_kept_nowhere(searched, caplog):
    caplog.set_level(logging.DEBUG)
    secret = "zebracrossing"
    for asked in (f"words={secret}", f"words={secret}&near={secret}", f"words=a&kind={secret}"):
        answer = searched.get(f"/api/search?{asked}")
        assert "etag" not in answer.headers
        if answer.status_code == 200:
            assert answer.headers["cache-control"] == "no-store"
        assert secret not in answer.text
    # The caller's own library tells what it calls; nothing of ours does.
    ours = [
        one for one in caplog.records if not one.name.startswith(("httpx", "httpcore", "asyncio"))
    ]
    assert not any(secret in one.getMessage() for one in ours)


@pytest.fixture
def address(sqlite_engine) -> Iterator[str]:
    fill(sqlite_engine, "town", [CHOIR], notice=NOTICE)
    app = connect(sqlite_engine).app
    config = uvicorn.Config(app, port=0, log_level="error", access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    server.config.load()
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        clock.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@pytest.mark.parametrize("path", ["/listings/1", "/listings/99"])
@pytest.mark.parametrize("light", ["light", "dark"])
def test_the_page_is_accessible_on_the_smallest_screen(address, browser: Browser, path, light):  # noqa: F811
    context = browser.new_context(color_scheme=light, viewport={"width": 320, "height": 640})
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(f"{address}{path}")
    found = Axe().run(page).response
    assert [one["id"] for one in found["violations"]] == []
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 320
    boxes = page.locator("a:visible:not(.skip)").evaluate_all(
        "links => links.map(link => link.getBoundingClientRect().toJSON())"
    )
    assert boxes
    assert all(box["height"] >= 44 and box["width"] >= 44 for box in boxes)
    # The policy forbids scripts within a page, and takes the linked data for what it is.
    assert [one for one in complaints if "404" not in one] == []
    context.close()


def test_the_page_shows_what_every_other_channel_does(sqlite_engine, client):
    data = client.get("/listings/1.json").json()
    shown = describe_listing(ServiceRepository(sqlite_engine).find_listing(1))
    assert {name: data[name] for name in shown} == shown
