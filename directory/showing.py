"""A found listing as plain values, for a screen, a program or a chat.

One function, so that no channel can show something that another withholds.
"""

from typing import Any
from urllib.parse import urlencode

from directory.listing import Listing, Point, StoredListing, withhold_place
from directory.search.query import Hit
from directory.wording import (
    describe_alert,
    describe_cost,
    describe_wanted,
    describe_when,
    describe_where,
    describe_who,
)

FACTS = {
    "when": "When",
    "where": "Where",
    "cost": "What it costs",
    "who": "Who it is for",
    "wanted": "What volunteers are asked for",
    "access": "Access",
    "organisation": "Who runs it",
}
"""What a page calls the facts of a listing that `show_listing` gives, in their order there."""

_MAP = "https://www.openstreetmap.org"


def show_listing(stored: StoredListing) -> dict[str, Any]:
    """What anyone may see of a listing. Empty text means "not known"."""
    listing = stored.listing
    return {
        "listing_id": stored.id,
        "name": listing.name,
        "kind": listing.kind,
        "organisation": listing.organisation,
        "when": describe_when(listing),
        "where": describe_where(listing),
        "directions": link_directions(listing),
        "cost": describe_cost(listing),
        "who": describe_who(listing),
        "wanted": describe_wanted(listing),
        "access": ", ".join(listing.accessibility),
        "alert": describe_alert(listing),
        "notice": stored.notice,
        "description": listing.description,
        "website": listing.website,
        "phone": listing.phone,
        "email": listing.email,
    }


def link_directions(listing: Listing) -> str:
    """A map's address that leads to the listing; empty where its place is not known.

    Holds nothing of who asks or from where. A confidential listing has no place to lead to.
    """
    for place in listing.places:
        if place.point:
            to = f";{place.point.latitude:.5f},{place.point.longitude:.5f}"
            return f"{_MAP}/directions?{urlencode({'route': to})}"
        if place.postcode:
            parts = (place.venue, place.address, place.postcode)
            return f"{_MAP}/search?{urlencode({'query': ', '.join(filter(None, parts))})}"
    return ""


def locate(listing: Listing) -> Point | None:
    """Where it is on a map: its first place that is known. Never tells of a confidential one."""
    places = withhold_place(listing).places
    return next((place.point for place in places if place.point), None)


def describe_briefly(stored: StoredListing) -> str:
    """What to take along, a fact to a line: name, time, place, and how to get in touch."""
    shown = show_listing(stored)
    facts = ("name", "when", "where", "phone", "email", "website", "alert", "notice")
    return "\n".join(str(shown[fact]) for fact in facts if shown[fact])


def summarise(hit: Hit) -> dict[str, Any]:
    """A search result: the listing, why it fits, and how far it is (miles, None if unknown)."""
    return {
        **show_listing(hit.found),
        "source": hit.found.source,
        "key": hit.found.listing.key,
        "reasons": list(hit.reasons),
        "miles": hit.miles,
        "score": round(hit.score, 4),
    }
