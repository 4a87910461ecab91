"""Privacy property 6: a confidential listing never shows its place.

`directory.listing.withhold_place` ensures it, with the readers of sources, which keep no place
until they know that the listing is not confidential.
"""

import json
from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.settings import ROOT
from directory.describe import describe_listing
from directory.hsds.projection import write_services
from directory.importing.importer import import_listings
from directory.importing.writer import rewrite_entries
from directory.listing import Listing, Place, Point, Schedule, dump_listing
from directory.models import ListingRow
from directory.places import Area
from directory.search.query import Query
from directory.search.results import describe_hit
from directory.search.service import SearchService
from directory.sources.detect import read_bytes, read_source
from directory.sources.template import read_rows
from tests.support.open_referral import connect
from tests.support.secret_place import PLACE, SECRETS, find_leaks

REFUGE = Listing(
    "refuge", "Refuge", "service", "Somewhere safe.", places=(PLACE,), confidential=True
)
CAFE = replace(
    REFUGE,
    key="cafe",
    name="Cafe",
    places=(Place("Hall", point=Point(53.7, 1.7)),),
    confidential=False,
)
HEADER = (
    "id,name,kind,description,venue,address,neighbourhood,postcode,latitude,longitude,confidential"
)
ROW = ",".join(("refuge,Refuge,service,Somewhere safe.", *SECRETS, "yes"))


def test_find_leaks_finds_stored_places(engine, encoder):
    import_listings(engine, encoder, "town", [replace(REFUGE, confidential=False)])
    assert find_leaks(engine) == set(SECRETS)


def test_no_place_of_a_confidential_listing_is_stored_or_shown(engine, encoder):
    import_listings(engine, encoder, "town", [REFUGE, CAFE])
    assert find_leaks(engine) == set()
    search_service = SearchService(engine, encoder)
    near = Area("here", PLACE.point or Point(0, 0))
    hits = search_service.search(Query("somewhere safe refuge", near=near, nearest=True, limit=9))
    [hit] = [hit for hit in hits if hit.stored.listing.key == "refuge"]
    shown = json.dumps([describe_hit(hit), describe_listing(hit.stored)])
    assert not any(secret in shown for secret in SECRETS)
    assert hit.miles is None
    assert not any("mile" in reason or "walk" in reason for reason in hit.reasons)
    assert describe_listing(hit.stored)["where"].startswith("The address is kept private")
    for secret in SECRETS[:4]:
        assert search_service.find_area(secret) is None


def test_an_address_that_becomes_confidential_is_erased_from_the_database(engine, encoder):
    import_listings(engine, encoder, "town", [replace(REFUGE, confidential=False), CAFE])
    import_listings(engine, encoder, "town", [REFUGE, CAFE])
    assert find_leaks(engine) == set()


def test_a_quarantined_row_that_turns_confidential_hides_the_stored_place(engine, encoder):
    before = read_rows(f"{HEADER}\n{ROW.removesuffix('yes')}no\n", "sheet.csv")
    import_listings(engine, encoder, "town", before)
    assert SearchService(engine, encoder).find_area(SECRETS[3]) is not None
    invalid_row = ROW.replace("service", "no such kind", 1)
    report = import_listings(
        engine, encoder, "town", read_rows(f"{HEADER}\n{invalid_row}\n", "sheet.csv")
    )
    assert len(report.quarantined) == 1
    assert find_leaks(engine) == set()
    [hit] = SearchService(engine, encoder).search(Query("refuge"))
    assert hit.stored.listing.confidential
    assert SearchService(engine, encoder).find_area(SECRETS[3]) is None


def test_two_rows_with_one_key_are_confidential_if_either_is(engine, encoder):
    plain = replace(REFUGE, confidential=False)
    import_listings(engine, encoder, "town", [plain, replace(REFUGE, places=())])
    assert find_leaks(engine) == set()


def test_a_published_place_that_becomes_confidential_is_erased_at_once(engine, encoder):
    import_listings(engine, encoder, "town", [replace(REFUGE, confidential=False), CAFE])
    client = connect(engine, encoder)
    assert SECRETS[1] in client.get("/openreferral/v3/services?full=true").text
    import_listings(engine, encoder, "town", [REFUGE, CAFE])
    assert find_leaks(engine) == set()


def test_no_reason_names_the_area_that_a_confidential_listing_covers(engine, encoder):
    covering = replace(REFUGE, covers="Quiethaven")
    import_listings(engine, encoder, "town", [covering, CAFE])
    search_service = SearchService(engine, encoder)
    hits = search_service.search(
        Query("refuge in quiethaven", near=Area("x", Point(53, 1)), limit=9)
    )
    assert not any("uiethaven" in reason for hit in hits for reason in hit.reasons)


CONFIDENTIAL_ROWS = {
    "valid": (HEADER, ROW),
    "an invalid flag": (HEADER, ROW.removesuffix("yes") + "please"),
    "no kind": (HEADER, ROW.replace("service", "", 1)),
    "invalid degrees": (HEADER, ROW.replace("53.777123", "5377.7123")),
    "an extra comma": (HEADER, ROW.replace("Somewhere", "Somewhere, somehow")),
    "the same id twice": (HEADER, f"{ROW}\n{ROW}"),
    "a name that is too long": (HEADER, ROW.replace("Refuge", "Refuge " * 60)),
}


@pytest.mark.parametrize("case", CONFIDENTIAL_ROWS)
def test_no_place_of_a_quarantined_row_is_stored(engine, encoder, case):
    header, row = CONFIDENTIAL_ROWS[case]
    rows = read_rows(f"{header}\n{row}\n", "sheet.csv")
    report = import_listings(engine, encoder, "town", rows)
    assert not any(
        secret in rejected.reason for rejected in report.quarantined for secret in SECRETS
    )
    assert "5377" not in repr(report)
    assert find_leaks(engine) == set()


WORDS = f"Ring first, then come to {SECRETS[1]}, {SECRETS[3]}"
PRIVATE = {
    "the template": f"id,name,kind,description,how_to_join,email,when,cost,covers,confidential\n"
    f'refuge,Refuge,gruop,"{WORDS}","{WORDS}","{WORDS}","{WORDS}","{WORDS}",Quiethaven,yes\n',
    "a feed": json.dumps(
        [
            {
                "id": "refuge",
                "name": "Refuge",
                "description": WORDS,
                "url": WORDS,
                "email": WORDS,
                "status": WORDS,
                "assured_date": SECRETS[1],
                "confidential": WORDS,
            }
        ]
    ),
    "a calendar": "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:refuge\r\n"
    f"SUMMARY:Refuge\r\nCLASS:PRIVATE\r\nDTSTART:20261201T100000\r\nLOCATION:{SECRETS[1]}\r\n"
    f"DESCRIPTION:At {SECRETS[1]}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
}


@pytest.mark.parametrize("source_format", PRIVATE)
def test_no_text_of_a_private_quarantined_row_is_stored(engine, encoder, source_format):
    rows = read_bytes(PRIVATE[source_format].encode(), "town")
    report = import_listings(engine, encoder, "town", rows)
    [rejected] = report.quarantined
    assert (rejected.key, rejected.name, rejected.confidential) == ("refuge", "Refuge", True)
    assert rejected.reason
    assert not any(secret in repr(report) for secret in SECRETS)
    assert find_leaks(engine) == set()


def test_the_example_town_hides_its_confidential_places(engine, encoder):
    path = ROOT / "examples" / "larkhaven.csv"
    rows = read_source(str(path))
    listings = [row for row in rows if isinstance(row, Listing) and row.confidential]
    assert len(listings) >= 2
    assert all(listing.places == () for listing in listings)
    import_listings(engine, encoder, "larkhaven", [*listings, CAFE])
    search_service = SearchService(engine, encoder)
    for listing in listings:
        hits = search_service.search(
            Query(listing.name, near=Area("x", Point(53.7, 1.7)), limit=20)
        )
        [hit] = [hit for hit in hits if hit.stored.listing.key == listing.key]
        shown = describe_hit(hit)
        assert shown["miles"] is None
        assert "ZY" not in shown["where"]


FORMATS = ("json", "geojson", "csv", "ics")


def test_no_place_of_a_confidential_listing_is_published_in_any_format(engine, encoder):
    """The place stays hidden even if an older program has stored it."""
    weekly = (Schedule(("Tuesday",), "weekly"),)
    with_place = replace(REFUGE, schedules=weekly, covers=SECRETS[2], kind="volunteering")
    import_listings(engine, encoder, "town", [replace(with_place, confidential=False), CAFE])
    client = connect(engine, encoder)
    assert SECRETS[1] in client.get("/openreferral/v3/services?full=true").text
    unwithheld = replace(
        with_place, record={"id": "refuge", "name": "Refuge", "description": SECRETS[1]}
    )
    with Session(engine) as session:
        row = session.scalar(select(ListingRow).where(ListingRow.key == "refuge"))
        row.document = dump_listing(unwithheld)
        listing_id = row.id
        rewrite_entries(session, [listing_id])
        write_services(session, [listing_id])
        session.commit()
    # A new client reads the database as another process would.
    client = connect(engine, encoder)
    api = "/openreferral/v3"
    service = next(
        service
        for service in client.get(f"{api}/services").json()["contents"]
        if service["name"] == "Refuge"
    )
    lists = ("services", "service_at_locations", "organizations", "taxonomies", "taxonomy_terms")
    urls = [
        *(
            f"{api}/{name}{query}"
            for name in lists
            for query in ("", "?full=true&full_service=true")
        ),
        *(f"{api}/{name}?format=ndjson" for name in lists[:3]),
        f"{api}/services?minimal=true",
        f"{api}/services/{service['id']}",
        *(f"/listings/{listing_id}{extension}" for extension in ("", ".json", ".ics")),
        *(
            f"/api/search?words=somewhere+safe+refuge&format={output_format}"
            for output_format in FORMATS
        ),
    ]
    for url in urls:
        response = client.get(url)
        assert response.status_code == 200, url
        assert not any(secret in response.text for secret in SECRETS), url
        assert "1.777" not in response.text, url
    [feature] = [
        feature
        for feature in client.get(urls[-3]).json()["features"]
        if feature["properties"]["name"] == "Refuge"
    ]
    assert feature["geometry"] is None
    for query in (f"postcode={SECRETS[3]}", "search=Quiethaven", "search=Hidden+Lane"):
        assert client.get(f"{api}/services?{query}").json()["total_items"] == 0
    nearby = client.get(f"{api}/service_at_locations?postcode={SECRETS[3]}&proximity=100").json()
    assert nearby.get("total_items", 0) == 0


def test_a_quarantined_row_is_not_published(engine, encoder):
    header, row = CONFIDENTIAL_ROWS["invalid degrees"]
    rows = [*read_rows(f"{header}\n{row}\n", "sheet.csv"), CAFE]
    assert len(import_listings(engine, encoder, "town", rows).quarantined) in (0, 1)
    text = connect(engine, encoder).get("/openreferral/v3/services?full=true").text
    assert "5377" not in text
    assert not any(secret in text for secret in SECRETS)
