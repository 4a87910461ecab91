"""Records are published as they came, and published listings are read back unchanged."""

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


def make_expected(listing: Listing) -> Listing:
    """The listing as another directory may read it, without withheld fields."""
    listing = withhold_place(listing)
    if listing.confidential:
        # The area and the way in could reveal the place.
        online = listing.online and bool(write_volunteering(listing))
        listing = replace(listing, covers="", accessibility=(), online=online)
    # A price without a description is read back in the words of the reader.
    cost = listing.cost or describe_cost(listing).replace("Free", "free")
    return replace(listing, cost=cost)


# Fields that a reader sets by itself, or that are not published.
NOT_COMPARED = {"key", "record", "confidential", "proposed"}


def find_differences(first: Listing, second: Listing) -> dict[str, tuple[Any, Any]]:
    return {
        name: (getattr(first, name), getattr(second, name))
        for name in (field.name for field in fields(Listing))
        if name not in NOT_COMPARED and getattr(first, name) != getattr(second, name)
    }


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(listing=listings(), notice=st.just("") | named, gone=st.booleans())
def test_any_listing_is_published_as_a_valid_service(listing, notice, gone):
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
def test_any_published_listing_is_read_back_unchanged(listing):
    service = json.loads(json.dumps(publish_service(StoredListing(1, "source", "", listing))))
    again = read_service(service)
    assert isinstance(again, Listing), again
    assert find_differences(make_expected(listing), again) == {}
    if listing.confidential:
        # Its record is not stored.
        return
    # Published again with that record, the service loses nothing.
    known = replace(again, record=service, proposed=listing.proposed)
    second = publish_service(StoredListing(1, "peer", "", known))
    expected = {name: part for name, part in service.items() if name != "confidential"}
    assert find_missing(second, expected) == []


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(listing=listings())
def test_an_exported_csv_can_be_imported_again(listing):
    listing = replace(
        make_expected(listing),
        cost=listing.cost,
        online=listing.online,
        accessibility=listing.accessibility,
        key=listing.key.strip() or KEY,
        places=make_expected(listing).places[:1],
        schedules=listing.schedules[:1],
    )
    [again] = read_rows(write_csv([StoredListing(1, "source", "", listing)]), "sheet.csv")
    assert isinstance(again, Listing), again
    for schedule in listing.schedules:
        opens_at, closes_at = schedule.opens_at, schedule.closes_at
        if opens_at and closes_at and closes_at < opens_at:
            # The template has no session that ends the next day, so it is described in words.
            text = f"Until {closes_at:%H:%M} the next day."
            description = again.schedules[0].description
            assert description.startswith(text) or text in schedule.description
            listing = replace(listing, schedules=())
            again = replace(again, schedules=())
    differences = find_differences(
        replace(listing, **{name: replace_semicolons(getattr(listing, name)) for name in _LISTS}),
        again,
    )
    # Fields without a column in this version of the template.
    unknown = {"eligibility", "how_to_join"} - set(COLUMNS)
    if "starts" not in COLUMNS:
        unknown.add("schedules")
    assert {name: values for name, values in differences.items() if name not in unknown} == {}
    assert again.key == listing.key


_LISTS = ("topics", "accessibility", "audience", "languages", "skills_wanted")


def replace_semicolons(texts: tuple[str, ...]) -> tuple[str, ...]:
    """The texts as a cell holds them: a semicolon separates texts, so one in a text is a comma."""
    return tuple(text.replace(";", ",") for text in texts)


def find_missing(whole: Any, part: Any, path: str = "") -> list[str]:
    """The paths of the members of `part` that `whole` does not have with the same value."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return [
            fault
            for name, value in part.items()
            for fault in find_missing(whole.get(name), value, f"{path}/{name}")
        ]
    if isinstance(part, list) and isinstance(whole, list) and len(part) <= len(whole):
        return [
            fault
            for number, value in enumerate(part)
            for fault in find_missing(whole[number], value, f"{path}/{number}")
        ]
    return [] if whole == part else [f"{path}: {part!r} was read, {whole!r} is published"]


VALID_RECORDS = [
    ("V3.0-UK-Default", "service_full"),
    ("V3.0-UK-Default", "service_list"),
    ("V3.0-UK-Test", "service_full"),
    ("V3.0-UK-Test", "service_list"),
    ("V3.0-UK-Test", "service_list_data"),
]


@pytest.mark.parametrize(("feed", "name"), VALID_RECORDS)
def test_the_validators_valid_records_are_published_unchanged(standards, standard, feed, name):
    path = standards / "oruk-validator-mocks" / feed / f"{name}.json"
    services = find_services(json.loads(path.read_text())) or []
    # The validator's lists repeat ids, so each record is imported as a feed of its own.
    assert services
    for number, record in enumerate(services):
        listing = read_service(record)
        if not record.get("description"):
            # The standard does not require a description, but the directory does.
            assert not isinstance(listing, Listing)
            continue
        assert isinstance(listing, Listing), listing
        listing = replace(listing, record=record)
        for place in listing.places:
            assert place.point is None or abs(place.point.latitude) <= 90
        service = publish_service(StoredListing(1, f"feed {number}", "", listing))
        standard.check("service", service)
        assert find_missing(service, record) == []
        again = read_service(service)
        assert isinstance(again, Listing)
        assert find_differences(listing, again) == {}


def test_a_valid_record_is_unchanged_in_the_api(standards, sqlite_engine):
    path = standards / "oruk-validator-mocks" / "V3.0-UK-Test" / "service_full.json"
    record = json.loads(path.read_text())
    [listing] = read_feed(path)
    fill(sqlite_engine, "validator", [listing])
    client = connect(sqlite_engine)
    assert find_missing(client.get(f"{API}/services/{record['id']}").json(), record) == []
    at_location = record["service_at_locations"][0]
    assert (
        find_missing(
            client.get(f"{API}/service_at_locations/{at_location['id']}").json(), at_location
        )
        == []
    )
    owner = record["organization"]
    assert find_missing(client.get(f"{API}/organizations/{owner['id']}").json(), owner) == []
    term = record["attributes"][0]["taxonomy_term"]
    assert find_missing(client.get(f"{API}/taxonomy_terms/{term['id']}").json(), term) == []


def test_only_edited_members_of_a_record_change(standards):
    path = standards / "oruk-validator-mocks" / "V3.0-UK-Test" / "service_full.json"
    [listing] = read_feed(path)
    edited = replace(listing, name="Edited", website="https://edited.example")
    service = publish_service(StoredListing(1, "s", "", edited))
    assert (service["name"], service["url"]) == ("Edited", "https://edited.example")
    untouched = {name: part for name, part in listing.record.items() if name not in ("name", "url")}
    assert find_missing(service, untouched) == []


def test_real_feeds_are_read_back_unchanged(feeds):
    for name in ("bristol", "north-lincolnshire"):
        for listing in read_feed(feeds / f"{name}.json"):
            service = publish_service(StoredListing(1, name, "", listing))
            again = read_service(service)
            assert isinstance(again, Listing)
            # Doubts are reported at an import, and are not stored with the listing.
            assert find_differences(replace(listing, doubts=()), replace(again, doubts=())) == {}
