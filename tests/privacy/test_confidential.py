"""Privacy property 6: a confidential listing never shows where it is, anywhere.

Held by `directory.listing.withhold_place`, and by the readers of sources, which keep
nothing of a place until they know that they may.
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
from tests.support.secret_place import PLACE, SECRETS, leaks

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


def test_the_search_for_leaks_finds_them(engine, encoder):
    import_listings(engine, encoder, "town", [replace(REFUGE, confidential=False)])
    assert leaks(engine) == set(SECRETS)


def test_nothing_of_it_is_stored_or_shown(engine, encoder):
    import_listings(engine, encoder, "town", [REFUGE, CAFE])
    assert leaks(engine) == set()
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


def test_an_address_that_becomes_confidential_is_gone_from_the_files(engine, encoder):
    import_listings(engine, encoder, "town", [replace(REFUGE, confidential=False), CAFE])
    import_listings(engine, encoder, "town", [REFUGE, CAFE])
    assert leaks(engine) == set()


def test_a_row_that_turns_confidential_takes_its_place_off_show_though_it_is_refused(
    engine, encoder
):
    before = read_rows(f"{HEADER}\n{ROW.removesuffix('yes')}no\n", "sheet.csv")
    import_listings(engine, encoder, "town", before)
    assert SearchService(engine, encoder).find_area(SECRETS[3]) is not None
    refused = ROW.replace("service", "no such kind", 1)
    report = import_listings(
        engine, encoder, "town", read_rows(f"{HEADER}\n{refused}\n", "sheet.csv")
    )
    assert len(report.quarantined) == 1
    assert leaks(engine) == set()
    [hit] = SearchService(engine, encoder).search(Query("refuge"))
    assert hit.stored.listing.confidential
    assert SearchService(engine, encoder).find_area(SECRETS[3]) is None


def test_the_confidential_one_of_two_rows_with_one_reference_counts(engine, encoder):
    plain = replace(REFUGE, confidential=False)
    import_listings(engine, encoder, "town", [plain, replace(REFUGE, places=())])
    assert leaks(engine) == set()


def test_what_was_published_of_it_goes_at_once(engine, encoder):
    import_listings(engine, encoder, "town", [replace(REFUGE, confidential=False), CAFE])
    client = connect(engine, encoder)
    assert SECRETS[1] in client.get("/openreferral/v3/services?full=true").text
    import_listings(engine, encoder, "town", [REFUGE, CAFE])
    assert leaks(engine) == set()


def test_no_reason_tells_what_it_covers(engine, encoder):
    covering = replace(REFUGE, covers="Quiethaven")
    import_listings(engine, encoder, "town", [covering, CAFE])
    search_service = SearchService(engine, encoder)
    hits = search_service.search(
        Query("refuge in quiethaven", near=Area("x", Point(53, 1)), limit=9)
    )
    assert not any("uiethaven" in reason for hit in hits for reason in hit.reasons)


SPOILT = {
    "fit": (HEADER, ROW),
    "a flag that cannot be read": (HEADER, ROW.removesuffix("yes") + "please"),
    "no kind": (HEADER, ROW.replace("service", "", 1)),
    "impossible degrees": (HEADER, ROW.replace("53.777123", "5377.7123")),
    "a comma too many": (HEADER, ROW.replace("Somewhere", "Somewhere, somehow")),
    "the same reference twice": (HEADER, f"{ROW}\n{ROW}"),
    "its name too long": (HEADER, ROW.replace("Refuge", "Refuge " * 60)),
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_quarantined_row_keeps_no_place(engine, encoder, how):
    header, row = SPOILT[how]
    rows = read_rows(f"{header}\n{row}\n", "sheet.csv")
    report = import_listings(engine, encoder, "town", rows)
    assert not any(
        secret in rejected.reason for rejected in report.quarantined for secret in SECRETS
    )
    assert "5377" not in repr(report)
    assert leaks(engine) == set()


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


@pytest.mark.parametrize("form", PRIVATE)
def test_a_refused_row_that_is_private_keeps_none_of_its_words(engine, encoder, form):
    rows = read_bytes(PRIVATE[form].encode(), "town")
    report = import_listings(engine, encoder, "town", rows)
    [refused] = report.quarantined
    assert (refused.key, refused.name, refused.confidential) == ("refuge", "Refuge", True)
    assert refused.reason
    assert not any(secret in repr(report) for secret in SECRETS)
    assert leaks(engine) == set()


def test_the_example_town_keeps_its_confidential_places_too(engine, encoder):
    path = ROOT / "examples" / "larkhaven.csv"
    rows = read_source(str(path))
    kept = [row for row in rows if isinstance(row, Listing) and row.confidential]
    assert len(kept) >= 2
    assert all(row.places == () for row in kept)
    import_listings(engine, encoder, "larkhaven", [*kept, CAFE])
    search_service = SearchService(engine, encoder)
    for row in kept:
        hits = search_service.search(Query(row.name, near=Area("x", Point(53.7, 1.7)), limit=20))
        [hit] = [hit for hit in hits if hit.stored.listing.key == row.key]
        shown = describe_hit(hit)
        assert shown["miles"] is None
        assert "ZY" not in shown["where"]


FORMS = ("json", "geojson", "csv", "ics")


def test_nothing_of_it_is_published_in_any_form(engine, encoder):
    """Even where a program that withheld nothing had stored it."""
    weekly = (Schedule(("Tuesday",), "weekly"),)
    placed = replace(REFUGE, schedules=weekly, covers=SECRETS[2], kind="volunteering")
    import_listings(engine, encoder, "town", [replace(placed, confidential=False), CAFE])
    client = connect(engine, encoder)
    assert SECRETS[1] in client.get("/openreferral/v3/services?full=true").text
    whole = replace(placed, record={"id": "refuge", "name": "Refuge", "description": SECRETS[1]})
    with Session(engine) as session:
        row = session.scalar(select(ListingRow).where(ListingRow.key == "refuge"))
        row.document = dump_listing(whole)
        number = row.id
        rewrite_entries(session, [number])
        write_services(session, [number])
        session.commit()
    # Another process: its first look is at what there is now.
    client = connect(engine, encoder)
    api = "/openreferral/v3"
    service = next(
        one for one in client.get(f"{api}/services").json()["contents"] if one["name"] == "Refuge"
    )
    lists = ("services", "service_at_locations", "organizations", "taxonomies", "taxonomy_terms")
    asked = [
        *(f"{api}/{one}{extra}" for one in lists for extra in ("", "?full=true&full_service=true")),
        *(f"{api}/{one}?format=ndjson" for one in lists[:3]),
        f"{api}/services?minimal=true",
        f"{api}/services/{service['id']}",
        *(f"/listings/{number}{form}" for form in ("", ".json", ".ics")),
        *(f"/api/search?words=somewhere+safe+refuge&format={form}" for form in FORMS),
    ]
    for address in asked:
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert not any(secret in answer.text for secret in SECRETS), address
        assert "1.777" not in answer.text, address
    [feature] = [
        one
        for one in client.get(asked[-3]).json()["features"]
        if one["properties"]["name"] == "Refuge"
    ]
    assert feature["geometry"] is None
    for nearby in (f"postcode={SECRETS[3]}", "search=Quiethaven", "search=Hidden+Lane"):
        assert client.get(f"{api}/services?{nearby}").json()["total_items"] == 0
    found = client.get(f"{api}/service_at_locations?postcode={SECRETS[3]}&proximity=100").json()
    assert found.get("total_items", 0) == 0


def test_a_quarantined_row_is_not_published(engine, encoder):
    header, row = SPOILT["impossible degrees"]
    rows = [*read_rows(f"{header}\n{row}\n", "sheet.csv"), CAFE]
    assert len(import_listings(engine, encoder, "town", rows).quarantined) in (0, 1)
    text = connect(engine, encoder).get("/openreferral/v3/services?full=true").text
    assert "5377" not in text
    assert not any(secret in text for secret in SECRETS)
