"""A database that an older program made works after it is opened: search, API, pages and desk.

`older_directory.sql` was written before published services were stored. It holds a confidential
listing, one that is gone, one changed at the desk, one feed under two names, a pair settled as
duplicates, and a listing that was never published. `older_directory.ndjson` has the services that
the older program published.
"""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, select
from sqlalchemy.orm import Session

from directory.database import migrate
from directory.desk.editor import ListingEditor
from directory.desk.queries import ListingQueries
from directory.encoder import Encoder
from directory.hsds.models import PublishedRow
from directory.importing.audit_log import AuditLog
from directory.importing.upgrade import open_directory
from directory.importing.writer import renew_services
from directory.models import ListingRow, OverrideRow
from directory.search.query import Query
from directory.search.service import SearchService
from tests.support.open_referral import connect

API = "/openreferral/v3"
FOLDER = Path(__file__).parent
PUBLISHED = [
    json.loads(line) for line in (FOLDER / "older_directory.ndjson").read_text().splitlines()
]


@pytest.fixture
def older_url(tmp_path: Path) -> str:
    path = tmp_path / "directory.db"
    with sqlite3.connect(path) as connection:
        connection.executescript((FOLDER / "older_directory.sql").read_text())
    return f"sqlite:///{path}"


@pytest.fixture
def opened(older_url: str) -> Iterator[Engine]:
    engine = open_directory(older_url)
    yield engine
    engine.dispose()


def test_services_are_published_as_before(opened):
    client = connect(opened)
    services = client.get(f"{API}/services?full=true&per_page=100").json()["contents"]
    assert services[:-1] == PUBLISHED
    assert services[-1]["name"] == "Knit and Natter"
    for service in services:
        assert client.get(f"{API}/services/{service['id']}").json() == service


def test_two_sources_of_one_feed_keep_their_ids(opened):
    ids = [service["id"] for service in PUBLISHED if service["name"] == "Shed at Millfield"]
    assert len(set(ids)) == 2
    services = connect(opened).get(f"{API}/services?search=millfield%20workshop").json()["contents"]
    assert [service["id"] for service in services] == ids


def test_a_confidential_listing_and_one_that_is_gone_stay_so(opened):
    services = connect(opened).get(f"{API}/services?full=true").json()["contents"]
    by_name = {service["name"]: service for service in services}
    assert by_name["Safe Evenings"]["confidential"] is True
    assert "service_at_locations" not in by_name["Safe Evenings"]
    assert by_name["Harbour Walks"]["status"] == "inactive"
    assert connect(opened).get("/listings/4").status_code == 410


def test_search_shows_one_of_a_pair_and_nothing_that_is_gone(opened, encoder: Encoder):
    hits = SearchService(opened, encoder).search(Query("singing in a choir", limit=20))
    names = [hit.stored.listing.name for hit in hits]
    assert hits[0].stored.listing.name == "Quayside Choir"
    assert names.count("Quayside Choir") == 1
    assert "Harbour Walks" not in names


def test_the_desk_finds_changes_and_their_history(opened, encoder: Encoder):
    listings, total = ListingQueries(opened).find("flowers", "", 0, 10)
    assert ([stored.listing.key for stored in listings], total) == (["garden"], 1)
    [change] = AuditLog(opened).read_listing_entries(5)
    assert (change.who, change.what) == ("Nadia", "changed")
    with Session(opened) as session:
        assert set(session.get_one(OverrideRow, 5).fields) == {"description", "phone"}
    editor = ListingEditor(opened, encoder)
    record = editor.read(5)
    assert record is not None
    editor.assure(5, "Nadia", version=record.version)
    service = connect(opened).get(f"{API}/services?search=flowers&full=true").json()["contents"][0]
    assert service["assured_date"]


def test_opening_reports_progress_and_a_second_time_writes_nothing(older_url):
    steps: list[tuple[str, int, int | None]] = []
    engine = open_directory(older_url, lambda *step: steps.append(step))
    assert steps[-1] == ("Rewriting published services after an update", 10, 10)
    assert renew_services(engine) == 0
    engine.dispose()


def test_an_older_program_publishes_everything_again(opened):
    migrate(opened, "0008", down=True)
    columns = {column["name"] for column in inspect(opened).get_columns("published")}
    assert ("revision" in columns, "service" in columns) == (True, False)
    migrate(opened)
    assert renew_services(opened) == 10
    with Session(opened) as session:
        unpublished = select(ListingRow.id).where(
            ListingRow.id.not_in(select(PublishedRow.listing_id))
        )
        assert session.scalars(unpublished).all() == []
