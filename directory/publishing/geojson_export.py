"""Listings as GeoJSON (RFC 7946).

Positions are longitude first. A listing without a known point has the geometry null. Must never
give a geometry to a confidential listing.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from directory.describe import describe_listing
from directory.listing import Listing, StoredListing, withhold_place

Json = dict[str, Any]


def write_geojson(listings: Iterable[StoredListing]) -> Json:
    """A FeatureCollection with one feature per listing, in the same order."""
    return {
        "type": "FeatureCollection",
        "features": [_write_feature(stored) for stored in listings],
    }


def _write_feature(stored: StoredListing) -> Json:
    listing = withhold_place(stored.listing)
    properties = describe_listing(replace(stored, listing=listing))
    return {
        "type": "Feature",
        "id": stored.id,
        "geometry": _write_geometry(listing),
        "properties": {name: value for name, value in properties.items() if value != ""},
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
