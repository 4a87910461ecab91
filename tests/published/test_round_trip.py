"""What comes in goes out, and what goes out comes in as the same."""

import json
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from directory.describe import describe_cost
from directory.hsds.parts import write_volunteering
from directory.hsds.schema import Service, ServiceInList
from directory.hsds.serialize import publish_service, shorten_service
from directory.listing import (
    Listing,
    StoredListing,
    withhold_place,
)
from directory.publishing.csv_export import write_csv
from directory.sources.openreferral import find_services, read_service
from directory.sources.template import COLUMNS, read_rows
from tests.support.example_listings import read_feed
from tests.support.listing_strategies import KEY, listings, named
from tests.support.open_referral import connect, fill

API = "/openreferral/v3"


def expected(listing: Listing) -> Listing:
    """The listing as another directory may know it: what is withheld is not told."""
    listing = withhold_place(listing)
    if listing.confidential:
        # Who covers what, and how to get in, could tell where it is.
        online = listing.online and bool(write_volunteering(listing))
        listing = replace(listing, covers="", accessibility=(), online=online)
    # The price alone is told as the reader of prices words it.
    cost = listing.cost or describe_cost(listing).replace("Free", "free")
    return replace(listing, cost=cost)


# What a reader makes up for itself, and what is no part of the listing.
NOT_COMPARED = {"key", "record", "confidential", "proposed"}


def differences(one: Listing, other: Listing) -> dict[str, tuple[Any, Any]]:
    return {
        name: (getattr(one, name), getattr(other, name))
        for name in (field.name for field in fields(Listing))
        if name not in NOT_COMPARED and getattr(one, name) != getattr(other, name)
    }


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(listing=listings(), notice=st.just("") | named, gone=st.booleans())
def test_any_listing_is_published_as_something_valid(listing, notice, gone):
    service = publish_service(StoredListing(1, "source", notice, listing, gone=gone))
    Service.model_validate(service)
    ServiceInList.model_validate(shorten_service(service))
    json.dumps(service, allow_nan=False)
    assert notice in service.get("alert", "")
    assert service["status"] == "inactive" or not gone
    if listing.confidential:
        assert "service_at_locations" not in service


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(listing=listings())
def test_any_listing_comes_back_as_the_same(listing):
    service = json.loads(json.dumps(publish_service(StoredListing(1, "source", "", listing))))
    again = read_service(service)
    assert isinstance(again, Listing), again
    assert differences(expected(listing), again) == {}
    # And once more, now with a record: nothing is lost on the second way either.
    if listing.confidential:
        # Its record is not kept.
        return
    known = replace(again, record=service, proposed=listing.proposed)
    second = publish_service(StoredListing(1, "peer", "", known))
    kept = {name: part for name, part in service.items() if name != "confidential"}
    assert contains(second, kept) == []


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(listing=listings())
def test_a_sheet_can_be_imported_again(listing):
    listing = replace(
        expected(listing),
        cost=listing.cost,
        online=listing.online,
        accessibility=listing.accessibility,
        key=listing.key.strip() or KEY,
        places=expected(listing).places[:1],
        schedules=listing.schedules[:1],
    )
    [again] = read_rows(write_csv([StoredListing(1, "source", "", listing)]), "sheet.csv")
    assert isinstance(again, Listing), again
    for one in listing.schedules:
        if one.opens_at and one.closes_at and one.closes_at < one.opens_at:
            # The template has no session that ends the next day: it is told in words.
            said = f"Until {one.closes_at:%H:%M} the next day."
            assert again.schedules[0].description.startswith(said) or said in one.description
            listing = replace(listing, schedules=())
            again = replace(again, schedules=())
    left = differences(
        replace(listing, **{name: _parted(getattr(listing, name)) for name in _LISTS}), again
    )
    # Columns that this version of the template does not have.
    unknown = {"eligibility", "how_to_join"} - set(COLUMNS)
    if "starts" not in COLUMNS:
        unknown.add("schedules")
    assert {name: both for name, both in left.items() if name not in unknown} == {}
    assert again.key == listing.key


_LISTS = ("topics", "accessibility", "audience", "languages", "skills_wanted")


def _parted(texts_: tuple[str, ...]) -> tuple[str, ...]:
    # A semicolon parts the cell's texts: within one it becomes a comma.
    return tuple(one.replace(";", ",") for one in texts_)


def contains(whole: Any, part: Any, path: str = "") -> list[str]:
    """Where `whole` does not say what `part` says, member by member."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return [
            wrong
            for name, value in part.items()
            for wrong in contains(whole.get(name), value, f"{path}/{name}")
        ]
    if isinstance(part, list) and isinstance(whole, list) and len(part) <= len(whole):
        return [
            wrong
            for number, value in enumerate(part)
            for wrong in contains(whole[number], value, f"{path}/{number}")
        ]
    return [] if whole == part else [f"{path}: {part!r} came in, {whole!r} goes out"]


PASS = [
    ("V3.0-UK-Default", "service_full"),
    ("V3.0-UK-Default", "service_list"),
    ("V3.0-UK-Test", "service_full"),
    ("V3.0-UK-Test", "service_list"),
    ("V3.0-UK-Test", "service_list_data"),
]


@pytest.mark.parametrize(("feed", "name"), PASS)
def test_the_validators_pass_feeds_go_out_as_they_came(standards, standard, feed, name):
    path = standards / "oruk-validator-mocks" / feed / f"{name}.json"
    services = find_services(json.loads(path.read_text())) or []
    # The validator's lists repeat ids to try readers: each is a feed of its own here.
    assert services
    for number, record in enumerate(services):
        listing = read_service(record)
        if not record.get("description"):
            # The standard can do without; residents cannot, and it is quarantined.
            assert not isinstance(listing, Listing)
            continue
        assert isinstance(listing, Listing), listing
        listing = replace(listing, record=record)
        for place in listing.places:
            assert place.point is None or abs(place.point.latitude) <= 90
        service = publish_service(StoredListing(1, f"feed {number}", "", listing))
        standard.check("service", service)
        assert contains(service, record) == []
        again = read_service(service)
        assert isinstance(again, Listing)
        assert differences(listing, again) == {}


def test_a_pass_feed_goes_through_the_api(standards, sqlite_engine):
    path = standards / "oruk-validator-mocks" / "V3.0-UK-Test" / "service_full.json"
    record = json.loads(path.read_text())
    [listing] = read_feed(path)
    fill(sqlite_engine, "validator", [listing])
    client = connect(sqlite_engine)
    assert contains(client.get(f"{API}/services/{record['id']}").json(), record) == []
    at = record["service_at_locations"][0]
    assert contains(client.get(f"{API}/service_at_locations/{at['id']}").json(), at) == []
    owner = record["organization"]
    assert contains(client.get(f"{API}/organizations/{owner['id']}").json(), owner) == []
    term = record["attributes"][0]["taxonomy_term"]
    assert contains(client.get(f"{API}/taxonomy_terms/{term['id']}").json(), term) == []


def test_a_part_that_was_mended_here_is_ours_and_the_rest_as_it_came(standards):
    path = standards / "oruk-validator-mocks" / "V3.0-UK-Test" / "service_full.json"
    [listing] = read_feed(path)
    mended = replace(listing, name="Mended", website="https://mended.example")
    service = publish_service(StoredListing(1, "s", "", mended))
    assert (service["name"], service["url"]) == ("Mended", "https://mended.example")
    untouched = {name: part for name, part in listing.record.items() if name not in ("name", "url")}
    assert contains(service, untouched) == []


def test_real_feeds_come_back_as_the_same(feeds):
    for name in ("bristol", "north-lincolnshire"):
        for listing in read_feed(feeds / f"{name}.json"):
            service = publish_service(StoredListing(1, name, "", listing))
            again = read_service(service)
            assert isinstance(again, Listing)
            # What could not be read is told at an import, and is no part of a listing that is kept.
            assert differences(replace(listing, doubts=()), replace(again, doubts=())) == {}
