"""A listing described to a person: its facts in words, and as plain values for any channel.

`describe_listing` is the one function that decides what a resident may see, so that no channel can
show what another withholds. Must never add anything that the listing does not say.
"""

import textwrap
from typing import Any
from urllib.parse import urlencode

from directory.listing import DAYS, Listing, Place, Point, Schedule, StoredListing, withhold_place
from directory.schedule import describe_hours
from directory.text import join_words

FACT_LABELS = {
    "when": "When",
    "where": "Where",
    "cost": "What it costs",
    "who": "Who it is for",
    "wanted": "What volunteers are asked for",
    "access": "Access",
    "organisation": "Who runs it",
}
"""The headings for the facts that `describe_listing` gives, in the order that pages show them."""

_OPENING_LENGTH = 200
_MAP = "https://www.openstreetmap.org"


def describe_listing(stored: StoredListing) -> dict[str, Any]:
    """Everything that anyone may see of a listing. Empty text means "not known"."""
    listing = stored.listing
    return {
        "listing_id": stored.id,
        "name": listing.name,
        "kind": listing.kind,
        "organisation": listing.organisation,
        "when": describe_when(listing),
        "where": describe_where(listing),
        "directions": make_directions_url(listing),
        "cost": describe_cost(listing),
        "who": describe_audience(listing),
        "wanted": describe_volunteer_request(listing),
        "access": ", ".join(listing.accessibility),
        "alert": describe_alert(listing),
        "notice": stored.notice,
        "description": listing.description,
        "website": listing.website,
        "phone": listing.phone,
        "email": listing.email,
    }


def make_directions_url(listing: Listing) -> str:
    """The URL of a map that leads to the listing; empty if its place is not known.

    The URL holds nothing about who asks or from where. A confidential listing has no place.
    """
    for place in listing.places:
        if place.point:
            destination = f";{place.point.latitude:.5f},{place.point.longitude:.5f}"
            return f"{_MAP}/directions?{urlencode({'route': destination})}"
        if place.postcode:
            parts = (place.venue, place.address, place.postcode)
            return f"{_MAP}/search?{urlencode({'query': ', '.join(filter(None, parts))})}"
    return ""


def find_map_point(listing: Listing) -> Point | None:
    """The first known place of the listing on a map; None for a confidential listing."""
    places = withhold_place(listing).places
    return next((place.point for place in places if place.point), None)


def summarise_listing(stored: StoredListing) -> str:
    """A short text to take away, one fact per line: name, time, place and how to get in touch."""
    facts = describe_listing(stored)
    names = ("name", "when", "where", "phone", "email", "website", "alert", "notice")
    return "\n".join(str(facts[name]) for name in names if facts[name])


def describe_when(listing: Listing) -> str:
    """The times in words; empty if not known."""
    return "; ".join(filter(None, map(_describe_schedule, listing.schedules)))


def _describe_schedule(schedule: Schedule) -> str:
    regular = ""
    if schedule.days:
        days = join_words(sorted(schedule.days, key=DAYS.index))
        match schedule.repeats.split(" "):
            case [which, "of", "month"]:
                regular = f"{which.capitalize()} {days} of the month"
            case ["fortnightly"]:
                regular = f"Every other {days}"
            case ["weekly"]:
                regular = f"Every {days}"
            case _:
                regular = days
    regular = ", ".join(filter(None, [regular, describe_hours(schedule)]))
    return ". ".join(filter(None, [regular, schedule.description]))


def describe_where(listing: Listing) -> str:
    """The places in words. A confidential listing shows none."""
    if listing.confidential:
        return "The address is kept private. Get in touch with them first."
    places = [_describe_place(place) for place in listing.places]
    if listing.online:
        places.append("Online")
    if listing.covers:
        places.append(f"Covers {listing.covers}")
    return "; ".join(filter(None, places))


def _describe_place(place: Place) -> str:
    parts = [place.venue, place.address, place.neighbourhood, place.postcode]
    return ", ".join(dict.fromkeys(part for part in parts if part))


def describe_cost(listing: Listing) -> str:
    """The cost in words; empty if not known."""
    if listing.cost or listing.cost_amount is None:
        return listing.cost
    return "Free" if listing.free else f"£{listing.cost_amount:.2f}"


def shorten_description(listing: Listing) -> str:
    """The beginning of the description: whole words, about 200 characters at most."""
    line = " ".join(listing.description.split())
    return textwrap.shorten(line, _OPENING_LENGTH, placeholder=" …")


def describe_audience(listing: Listing) -> str:
    """The audience and its ages, in words; empty if not known."""
    youngest, oldest = listing.minimum_age, listing.maximum_age
    ages = ""
    if youngest and oldest:
        ages = f"ages {youngest} to {oldest}"
    elif youngest or oldest:
        ages = f"ages {youngest} and over" if youngest else f"ages up to {oldest}"
    return _capitalise(", ".join(filter(None, [*listing.audience, ages])))


def describe_volunteer_request(listing: Listing) -> str:
    """The skills and the time that volunteers need; empty if not known."""
    skills = ", ".join(listing.skills_wanted)
    return _capitalise("; ".join(filter(None, [skills, listing.commitment])))


def describe_alert(listing: Listing) -> str:
    """The notice to show first: that the listing is closed for now, and its own alert."""
    closed = "Closed for now" if listing.status == "temporarily closed" else ""
    return ". ".join(filter(None, [closed, listing.alert]))


def _capitalise(text: str) -> str:
    return text[:1].upper() + text[1:]
