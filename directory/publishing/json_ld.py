"""A listing as schema.org JSON-LD, for search engines: what its page shows, and no more."""

import json
from typing import Any

from directory.describe import describe_alert, describe_cost
from directory.listing import Listing, Place, StoredListing, withhold_place

Json = dict[str, Any]


def write_linked(stored: StoredListing, page: str) -> Json:
    """A schema.org Service; `page` is its own address. What is not known is left out."""
    listing = withhold_place(stored.listing)
    parts = (describe_alert(listing), stored.notice, listing.description)
    linked: Json = {
        "@context": "https://schema.org",
        "@type": "Service",
        "@id": page,
        "url": page,
        "name": listing.name,
        "description": "\n".join(filter(None, parts)),
        "serviceType": ", ".join(listing.topics),
        "provider": _only("Organization", name=listing.organisation),
        "audience": _only(
            "PeopleAudience",
            audienceType=", ".join(listing.audience),
            suggestedMinAge=listing.minimum_age,
            suggestedMaxAge=listing.maximum_age,
        ),
        "areaServed": "" if listing.confidential else listing.covers,
        "availableChannel": _channels(listing),
        "hoursAvailable": _hours(listing),
        "offers": _offer(listing),
    }
    return {name: value for name, value in linked.items() if value not in ("", None, [], {})}


def embed(linked: Json) -> str:
    """The JSON-LD as it may stand within a page's script element, whatever it says."""
    text = json.dumps(linked, ensure_ascii=False, indent=1)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _only(kind: str, **members: Any) -> Json:
    known = {name: value for name, value in members.items() if value not in ("", None, {}, [])}
    return {"@type": kind, **known} if known else {}


def _channels(listing: Listing) -> list[Json]:
    contact = _only(
        "ServiceChannel",
        serviceUrl=listing.website,
        servicePhone=_only("ContactPoint", telephone=listing.phone, email=listing.email),
        availableLanguage=list(listing.languages),
    )
    places = [
        {"@type": "ServiceChannel", "serviceLocation": _place(part, listing)}
        for part in listing.places
    ]
    return [*([contact] if contact else []), *places]


def _place(place: Place, listing: Listing) -> Json:
    return _only(
        "Place",
        name=place.venue,
        address=_only(
            "PostalAddress",
            streetAddress=place.address,
            addressLocality=place.neighbourhood,
            postalCode=place.postcode,
        ),
        geo=_only("GeoCoordinates", latitude=place.point.latitude, longitude=place.point.longitude)
        if place.point
        else {},
        amenityFeature=[
            {"@type": "LocationFeatureSpecification", "name": part, "value": True}
            for part in listing.accessibility
        ],
    )


def _hours(listing: Listing) -> list[Json]:
    """Weekly times only: the vocabulary of opening hours has no other."""
    return [
        _only(
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


def _offer(listing: Listing) -> Json:
    price = {} if listing.cost_amount is None else {"price": listing.cost_amount}
    currency = {"priceCurrency": "GBP"} if price else {}
    return _only("Offer", description=describe_cost(listing), **price, **currency)
