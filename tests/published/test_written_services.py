"""Services are published by the transaction that changes them, and reading writes nothing."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session

from directory.desk.editor import ListingEditor
from directory.encoder import Encoder
from directory.hsds.models import PublishedRow
from directory.importing.duplicates import link_duplicates, settle_pair
from directory.importing.importer import import_listings
from directory.importing.sync import register_feed
from directory.importing.writer import PreparedListing, write_listings
from directory.indexing.entries import make_entry
from directory.models import DuplicateRow, SourceRow
from tests.support.example_listings import TEA
from tests.support.open_referral import connect

API = "/openreferral/v3"
CHOIR = replace(TEA, key="choir", name="Choir", description="Singing together.", places=())


def read_service(engine: Engine, name: str = "Tea") -> dict:
    services = connect(engine).get(f"{API}/services?full=true").json()["contents"]
    return next(service for service in services if service["name"] == name)


@pytest.fixture
def town(sqlite_engine: Engine, remembering_encoder: Encoder) -> Engine:
    import_listings(sqlite_engine, remembering_encoder, "town", [TEA, CHOIR])
    return sqlite_engine


@pytest.fixture
def import_town(town: Engine, remembering_encoder: Encoder) -> Callable[..., None]:
    def import_rows(*listings, **options) -> None:
        import_listings(town, remembering_encoder, "town", listings, accept_loss=True, **options)

    return import_rows


def test_reading_writes_nothing(town):
    statements: list[str] = []
    service = read_service(town)
    client = connect(town)

    @event.listens_for(town, "before_cursor_execute")
    def record(_connection, _cursor, statement, *_rest) -> None:
        statements.append(statement)

    at_location = service["service_at_locations"][0]["id"]
    lists = ("services", "service_at_locations", "organizations", "taxonomies", "taxonomy_terms")
    for path in (
        *(f"{API}/{name}" for name in lists),
        *(f"{API}/{name}?format=ndjson" for name in lists[:3]),
        f"{API}/services?minimal=true",
        f"{API}/services?postcode=ZZ1&proximity=1000",
        f"{API}/services/{service['id']}",
        f"{API}/service_at_locations/{at_location}",
        "/listings/1",
        "/listings/1.json",
        "/api/search?words=tea",
    ):
        client.get(path)
    assert statements
    assert [text for text in statements if not text.lstrip().startswith(("SELECT", "PRAGMA"))] == []


def test_a_changed_listing_is_published_with_its_change(town, import_town):
    import_town(replace(TEA, description="Tea, talk and cake."), CHOIR)
    assert read_service(town)["description"] == "Tea, talk and cake."


def test_a_change_that_is_rolled_back_is_not_published(town):
    with Session(town) as session:
        source_id = session.scalars(select(SourceRow.id)).one()
        changed = replace(TEA, description="Never committed.")
        write_listings(
            session, source_id, [PreparedListing(changed, make_entry(changed, b"\0" * 768), 1)]
        )
        session.rollback()
    assert read_service(town)["description"] == TEA.description


def test_a_listing_that_its_source_drops_is_inactive_and_comes_back(town, import_town):
    import_town(CHOIR)
    assert read_service(town)["status"] == "inactive"
    import_town(TEA, CHOIR)
    assert read_service(town)["status"] == "active"


@pytest.mark.parametrize("how", ["import", "register"])
def test_a_new_notice_is_published_with_every_listing_of_the_source(town, import_town, how):
    before = connect(town).get(f"{API}/services?format=ndjson").headers["etag"]
    if how == "import":
        import_town(TEA, CHOIR, notice="Fictional.")
    else:
        register_feed(town, "town", "https://feed.example/town", "Fictional.")
    assert {read_service(town, name)["alert"] for name in ("Tea", "Choir")} == {"Fictional."}
    assert connect(town).get(f"{API}/services?format=ndjson").headers["etag"] != before
    import_town(TEA, CHOIR, notice="")
    assert "alert" not in read_service(town)


def test_a_verdict_on_a_pair_changes_nothing_that_is_published(town, remembering_encoder):
    same = replace(TEA, key="other")
    import_listings(town, remembering_encoder, "other town", [same])
    link_duplicates(town)
    with Session(town) as session:
        pair = session.scalars(select(DuplicateRow)).one()
        first, second = pair.first_id, pair.second_id
        before = session.scalars(select(PublishedRow.service)).all()
    for verdict in ("same", "different"):
        settle_pair(town, first, second, verdict)
        with Session(town) as session:
            assert session.scalars(select(PublishedRow.service)).all() == before


def test_a_change_at_the_desk_is_published(town, remembering_encoder):
    editor = ListingEditor(town, remembering_encoder, lambda: date(2026, 11, 1))
    version = editor.read(1).version
    editor.change(1, replace(TEA, phone="01632 960001"), "Nadia", version=version)
    editor.assure(1, "Nadia", version=editor.read(1).version)
    service = read_service(town)
    assert service["contacts"][0]["phones"][0]["number"] == "01632 960001"
    assert service["assured_date"] == "2026-11-01"


def test_terms_of_no_listing_are_not_published(town, import_town):
    import_town(replace(TEA, topics=("tea",)), CHOIR)
    terms = f"{API}/taxonomy_terms?per_page=500"

    def names() -> set[str]:
        return {term["name"] for term in connect(town).get(terms).json()["contents"]}

    assert "tea" in names()
    import_town(TEA, CHOIR)
    assert "tea" not in names()
