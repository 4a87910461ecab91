"""A listing as schema.org JSON-LD, for search engines.

Must never hold anything that the listing's page does not show.
"""

import json
from typing import Any

from directory.describe import describe_alert, describe_cost
from directory.listing import Listing, Place, Point, StoredListing, withhold_place

Json = dict[str, Any]


def write_json_ld(stored: StoredListing, page: str) -> Json:
    """A schema.org Service without unknown members; `page` is the address of the listing's page."""
    listing = withhold_place(stored.listing)
    parts = (describe_alert(listing), stored.notice, listing.description)
    service: Json = {
        "@context": "https://schema.org",
        "@type": "Service",
        "@id": page,
        "url": page,
        "name": listing.name,
        "description": "\n".join(filter(None, parts)),
        "serviceType": ", ".join(listing.topics),
        "provider": _make_node("Organization", name=listing.organisation),
        "audience": _make_node(
            "PeopleAudience",
            audienceType=", ".join(listing.audience),
            suggestedMinAge=listing.minimum_age,
            suggestedMaxAge=listing.maximum_age,
        ),
        "areaServed": "" if listing.confidential else listing.covers,
        "availableChannel": _write_channels(listing),
        "hoursAvailable": _write_hours(listing),
        "offers": _write_offer(listing),
    }
    return {name: value for name, value in service.items() if value not in ("", None, [], {})}


def dump_for_script(json_ld: Json) -> str:
    """The JSON-LD as text that is safe inside a script element, whatever its values are."""
    text = json.dumps(json_ld, ensure_ascii=False, indent=1)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _make_node(schema_type: str, **members: Any) -> Json:
    known = {name: value for name, value in members.items() if value not in ("", None, {}, [])}
    return {"@type": schema_type, **known} if known else {}


def _write_channels(listing: Listing) -> list[Json]:
    contact = _make_node(
        "ServiceChannel",
        serviceUrl=listing.website,
        servicePhone=_make_node("ContactPoint", telephone=listing.phone, email=listing.email),
        availableLanguage=list(listing.languages),
    )
    places = [
        {"@type": "ServiceChannel", "serviceLocation": _write_place(place, listing)}
        for place in listing.places
    ]
    return [*([contact] if contact else []), *places]


def _write_place(place: Place, listing: Listing) -> Json:
    return _make_node(
        "Place",
        name=place.venue,
        address=_make_node(
            "PostalAddress",
            streetAddress=place.address,
            addressLocality=place.neighbourhood,
            postalCode=place.postcode,
        ),
        geo=_make_node(
            "GeoCoordinates", latitude=place.point.latitude, longitude=place.point.longitude
        )
        if place.point
        else {},
        amenityFeature=[
            {"@type": "LocationFeatureSpecification", "name": feature, "value": True}
            for feature in listing.accessibility
        ],
    )


def _write_point(point: Point | None) -> Json:
    if point is None:
        return {}
    return _make_node("GeoCoordinates", latitude=point.latitude, longitude=point.longitude)


def _write_hours(listing: Listing) -> list[Json]:
    """Weekly times only, because OpeningHoursSpecification has no other rule."""
    return [
        _make_node(
            "OpeningHoursSpecification",
            dayOfWeek=[f"https://schema.org/{day}" for day in schedule.days],
            opens=f"{schedule.opens_at:%H:%M}" if schedule.opens_at else "",
            closes=f"{schedule.closes_at:%H:%M}" if schedule.closes_at else "",
            validFrom=schedule.starts.isoformat() if schedule.starts else "",
            validThrough=schedule.ends.isoformat() if schedule.ends else "",
        )
        for schedule in listing.schedules
        if schedule.days and schedule.opens_at and schedule.repeats in ("", "weekly")
    ]


def _write_offer(listing: Listing) -> Json:
    price = {} if listing.cost_amount is None else {"price": listing.cost_amount}
    currency = {"priceCurrency": "GBP"} if price else {}
    return _make_node("Offer", description=describe_cost(listing), **price, **currency)
