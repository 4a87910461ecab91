"""Search results as plain values, for a screen, a program or a chat."""

from typing import Any

from directory.describe import describe_listing
from directory.search.query import Hit


def describe_hit(hit: Hit) -> dict[str, Any]:
    """The listing, why it fits, and how far away it is (in miles, None if unknown)."""
    return {
        **describe_listing(hit.stored),
        "source": hit.stored.source,
        "key": hit.stored.listing.key,
        "reasons": list(hit.reasons),
        "miles": hit.miles,
        "score": round(hit.score, 4),
    }
