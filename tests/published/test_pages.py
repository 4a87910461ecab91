"""A listing's page, its other formats, and the search API."""

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
    return connect(sqlite_engine, base_url="https://c.example")


def test_the_page_shows_every_fact(client):
    page = client.get("/listings/1")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    for text in (
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
        assert text in page.text, text
    assert page.text.index("No meeting at Easter") < page.text.index("Every Tuesday")
    [block] = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page.text, re.S)
    assert page.text.count("<script") == 1
    json_ld = json.loads(block)
    assert json_ld["url"] == "https://c.example/listings/1"
    assert NOTICE in json_ld["description"]
    service = re.search(r'href="(/openreferral/v3/services/[^"]+)"', page.text)
    assert client.get(service[1]).json()["name"] == "Harbour Choir"


def test_closed_gone_and_unknown_listings(client):
    assert "This has closed" in client.get("/listings/2").text
    gone = client.get("/listings/3")
    assert gone.status_code == 410
    assert "It may have ended" in gone.text
    assert "1 High Street" not in gone.text
    for extension in ("ics", "json"):
        assert client.get(f"/listings/3.{extension}").status_code == 410
    for number in ("99", "0", "x", "9" * 30, "1%00"):
        missing = client.get(f"/listings/{number}")
        assert (missing.status_code, "no such listing" in missing.text) == (404, True)


def test_the_listing_as_json_and_icalendar(client):
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


@pytest.mark.parametrize("base_url", ["", "https://c.example"])
def test_the_host_header_shapes_no_link(sqlite_engine, base_url):
    fill(sqlite_engine, "town", [CHOIR], notice=NOTICE)
    client = connect(sqlite_engine, base_url=base_url)
    paths = [
        *("/listings/1", "/listings/1.json", "/listings/1.ics", "/listings/page.css"),
        *(f"/api/search?words=choir&format={name}" for name in ("json", "geojson", "csv", "ics")),
        *("/openreferral/v3/", "/openreferral/v3/openapi.json", "/openreferral/v3/services?full=1"),
        # Without the slash, or with one too many, these are redirected.
        *("/openreferral/v3", "/openreferral/v3/services/", "/listings/1.json/", "/api/search/"),
    ]
    statuses = set()
    for path in paths:
        response = client.get(path, {"Host": "attacker.example"})
        assert "attacker" not in response.text
        assert "attacker" not in str(response.headers)
        statuses.add(response.status_code)
    assert statuses == {200, 307}
    assert client.get("/listings/1.json").json()["page"] == f"{base_url}/listings/1"


@pytest.fixture
def search_client(sqlite_engine, encoder):
    knit = replace(
        CHOIR, key="knit", name="Knit and Natter", description="Wool and tea.", topics=(), alert=""
    )
    import_listings(sqlite_engine, encoder, "town", [CHOIR, knit], notice=NOTICE)
    return connect(sqlite_engine, encoder, "https://c.example")


def test_a_search_in_every_format(search_client):
    url = "/api/search?words=somewhere+to+sing&limit=1&near=ZY1"
    [result] = search_client.get(url).json()["results"]
    assert result["name"] == "Harbour Choir"
    assert result["reasons"]
    assert result["page"] == "https://c.example/listings/1"
    [feature] = search_client.get(f"{url}&format=geojson").json()["features"]
    assert feature["geometry"] == {"type": "Point", "coordinates": [1.3, 53.9]}
    rows = list(csv.DictReader(io.StringIO(search_client.get(f"{url}&format=csv").text[1:])))
    assert [row["name"] for row in rows] == ["Harbour Choir"]
    calendar = Calendar.from_ical(search_client.get(f"{url}&format=ics").content)
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


@pytest.mark.parametrize("query", FILTERS)
def test_a_filter_narrows_the_results(search_client, query):
    results = search_client.get(f"/api/search?words=company&{query}").json()["results"]
    assert len(results) == FILTERS[query], [result["name"] for result in results]


def test_facets_count_what_a_filter_would_leave(search_client):
    body = search_client.get("/api/search?words=&facets=true&near=ZY1").json()
    facets = body["facets"]
    assert facets["total"] == len(body["results"]) == 2
    assert facets["kinds"] == {"group": 2}
    for topic, count in facets["labels"]["topics"].items():
        results = search_client.get(f"/api/search?words=&topic={topic}").json()["results"]
        assert len(results) == count


@pytest.mark.parametrize("query", ["need=flying", "strand=x", "within=-1", "facets=perhaps"])
def test_an_invalid_filter_is_422_and_named(search_client, query):
    response = search_client.get(f"/api/search?words=a&{query}")
    assert response.status_code == 422
    assert query.partition("=")[0] in response.json()["error"]


def test_the_text_of_a_search_is_stored_nowhere(search_client, caplog):
    caplog.set_level(logging.DEBUG)
    secret = "zebracrossing"
    for query in (f"words={secret}", f"words={secret}&near={secret}", f"words=a&kind={secret}"):
        response = search_client.get(f"/api/search?{query}")
        assert "etag" not in response.headers
        if response.status_code == 200:
            assert response.headers["cache-control"] == "no-store"
        assert secret not in response.text
    # The client's libraries log the URL; the program must not.
    libraries = ("httpx", "httpcore", "asyncio")
    records = [record for record in caplog.records if not record.name.startswith(libraries)]
    assert not any(secret in record.getMessage() for record in records)


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
@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_the_page_is_accessible_on_the_smallest_screen(
    address,
    browser: Browser,  # noqa: F811
    path,
    color_scheme,
):
    context = browser.new_context(color_scheme=color_scheme, viewport={"width": 320, "height": 640})
    page = context.new_page()
    console_messages: list[str] = []
    page.on("console", lambda message: console_messages.append(message.text))
    page.goto(f"{address}{path}")
    report = Axe().run(page).response
    assert [violation["id"] for violation in report["violations"]] == []
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 320
    boxes = page.locator("a:visible:not(.skip)").evaluate_all(
        "links => links.map(link => link.getBoundingClientRect().toJSON())"
    )
    assert boxes
    assert all(box["height"] >= 44 and box["width"] >= 44 for box in boxes)
    # The content security policy forbids inline scripts, but must allow the JSON-LD.
    assert [text for text in console_messages if "404" not in text] == []
    context.close()


def test_the_json_has_what_every_other_channel_shows(sqlite_engine, client):
    data = client.get("/listings/1.json").json()
    shown = describe_listing(ServiceRepository(sqlite_engine).find_listing(1))
    assert {name: data[name] for name in shown} == shown
