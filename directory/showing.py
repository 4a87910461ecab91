"""A found listing as plain values, for a screen, a program or a chat.

One function, so that no channel can show something that another withholds.
"""

from typing import Any

from directory.listings import StoredListing
from directory.search import Hit
from directory.wording import (
    describe_alert,
    describe_cost,
    describe_wanted,
    describe_when,
    describe_where,
    describe_who,
)


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
