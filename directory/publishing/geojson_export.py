"""Listings as GeoJSON features (RFC 7946): longitude first, and no geometry where none is known."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from directory.describe import describe_listing
from directory.listing import Listing, StoredListing, withhold_place

Json = dict[str, Any]


def write_features(found: Iterable[StoredListing]) -> Json:
    """A FeatureCollection, a feature a listing, in the order given."""
    return {"type": "FeatureCollection", "features": [_write_feature(one) for one in found]}


def _write_feature(stored: StoredListing) -> Json:
    listing = withhold_place(stored.listing)
    shown = describe_listing(replace(stored, listing=listing))
    return {
        "type": "Feature",
        "id": stored.id,
        "geometry": _write_geometry(listing),
        "properties": {name: value for name, value in shown.items() if value != ""},
    }


def _write_geometry(listing: Listing) -> Json | None:
    points = [
        [place.point.longitude, place.point.latitude] for place in listing.places if place.point
    ]
    if not points:
        return None
    if len(points) == 1:
        return {"type": "Point", "coordinates": points[0]}
    return {"type": "MultiPoint", "coordinates": points}
