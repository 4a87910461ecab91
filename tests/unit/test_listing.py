"""Listings: confidential places, free prices, and digests that show changes."""

from dataclasses import fields, replace
from datetime import date, time

import pytest

from directory.listing import (
    Listing,
    Place,
    Point,
    Schedule,
    digest_document,
    dump_listing,
    load_listing,
    withhold_place,
)

HALL = Place("The Hall", "1 High Street", "Old Town", "ZY1 1AA", Point(53, 1))
TEA = Listing(key="1", name="Tea", kind="group", description="Tea and talk.", places=(HALL,))

CHANGES = {
    "strands": ("strengthening_communities",),
    "assets": ("groups_and_associations",),
    "topics": ("tea",),
    "places": (replace(HALL, point=Point(53, 1.0001)),),
    "online": True,
    "schedules": (Schedule(("Monday",), "weekly", time(10)),),
    "cost_amount": 0.0,
    "accessibility": ("lift",),
    "audience": ("carers",),
    "minimum_age": 18,
    "maximum_age": 25,
    "languages": ("Polish",),
    "skills_wanted": ("driving",),
    "confidential": True,
    "assured_date": date(2026, 10, 1),
    "proposed": ("kind",),
    "record": {"id": "1"},
}


@pytest.mark.parametrize(
    "name", [field.name for field in fields(Listing) if field.name != "doubts"]
)
def test_a_change_in_any_field_changes_the_digest(name):
    changed = replace(TEA, **{name: CHANGES.get(name, "another")})
    document = dump_listing(TEA)
    assert digest_document(dump_listing(changed)) != digest_document(document)
    assert digest_document(dump_listing(replace(TEA))) == digest_document(document)
    assert load_listing(dump_listing(changed)) == changed


def test_doubts_are_not_stored():
    doubtful = replace(TEA, doubts=("email is 7, which is not an e-mail address",))
    assert dump_listing(doubtful) == dump_listing(TEA)
    assert doubtful == TEA


def test_a_confidential_listing_has_no_place():
    assert withhold_place(replace(TEA, confidential=True)).places == ()
    assert withhold_place(TEA) == TEA


@pytest.mark.parametrize(("amount", "free"), [(0.0, True), (0.5, False), (None, False)])
def test_only_a_price_of_zero_is_free(amount, free):
    assert replace(TEA, cost_amount=amount).free is free
