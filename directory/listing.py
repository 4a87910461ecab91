"""The listing: one shape for every source.

Owns the frozen dataclasses that leave `directory`, and the rule that a confidential listing has no
place. Must never import SQLAlchemy.
"""

import hashlib
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

KINDS = ("group", "service", "volunteering", "have_a_say")

# Public Health England's family of community-centred approaches, and its types of asset.
STRANDS = (
    "strengthening_communities",
    "volunteer_and_peer_roles",
    "collaborations_and_partnerships",
    "access_to_community_resources",
)
ASSETS = (
    "skills_and_knowledge",
    "friendships_and_neighbourliness",
    "groups_and_associations",
    "places_and_resources",
    "outside_agencies",
)
STATUSES = ("open", "temporarily closed", "closed")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
REPEATS = (
    "weekly",
    "fortnightly",
    "1st of month",
    "2nd of month",
    "3rd of month",
    "4th of month",
    "last of month",
    "monthly",
    "once",
)


@dataclass(frozen=True)
class Point:
    """WGS84 degrees."""

    latitude: float
    longitude: float


@dataclass(frozen=True)
class Place:
    """A place where a listing happens. Empty text and None mean "not known"."""

    venue: str = ""
    address: str = ""
    neighbourhood: str = ""
    postcode: str = ""
    point: Point | None = None


@dataclass(frozen=True)
class Schedule:
    """When a listing is on: `days` from `DAYS`, `repeats` from `REPEATS` or empty.

    `starts` and `ends` are the first and the last day. A schedule that repeats "monthly" is on the
    day of the month on which it starts; one that repeats "once" is on that day only.
    """

    days: tuple[str, ...] = ()
    repeats: str = ""
    opens_at: time | None = None
    closes_at: time | None = None
    description: str = ""
    starts: date | None = None
    ends: date | None = None


@dataclass(frozen=True)
class Listing:
    """A group, service, volunteering role or consultation.

    `key` is the source's own reference. Empty text, an empty tuple and None all mean "not known";
    a `cost_amount` of 0 means free. `covers` names the area served by a listing without a single
    place. `kind`, from `KINDS`, is empty only until `classify_listing` has run; `proposed` names
    the fields that it filled, of "kind", "strands" and "assets". `record` is the source's own Open
    Referral UK record, if any, so that data without a field here is published unchanged. `doubts`
    names values that could not be read: they are reported by an import and not stored.
    """

    key: str
    name: str
    kind: str
    description: str
    organisation: str = ""
    strands: tuple[str, ...] = ()
    assets: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    website: str = ""
    email: str = ""
    phone: str = ""
    places: tuple[Place, ...] = ()
    covers: str = ""
    online: bool = False
    schedules: tuple[Schedule, ...] = ()
    cost: str = ""
    cost_amount: float | None = None
    accessibility: tuple[str, ...] = ()
    audience: tuple[str, ...] = ()
    minimum_age: int | None = None
    maximum_age: int | None = None
    eligibility: str = ""
    how_to_join: str = ""
    languages: tuple[str, ...] = ()
    skills_wanted: tuple[str, ...] = ()
    commitment: str = ""
    status: str = "open"
    alert: str = ""
    confidential: bool = False
    assured_date: date | None = None
    proposed: tuple[str, ...] = ()
    record: dict[str, Any] = field(default_factory=dict)
    doubts: Annotated[tuple[str, ...], Field(exclude=True)] = field(default=(), compare=False)

    @property
    def free(self) -> bool:
        return self.cost_amount == 0


@dataclass(frozen=True)
class StoredListing:
    """A listing in the directory, by our own `id`. Its source's `notice` must be shown with it.

    `modified` is when it last changed here, in UTC; `gone` means that its source dropped it.
    """

    id: int
    source: str
    notice: str
    listing: Listing
    modified: datetime | None = None
    gone: bool = False


def withhold_place(listing: Listing) -> Listing:
    """Remove every place, and the area covered, from a confidential listing.

    This runs before anything is stored, so that no search, page, export or log can show what the
    directory does not hold (privacy property 6).
    """
    if not listing.confidential:
        return listing
    return replace(listing, places=(), covers="", record={})


_DOCUMENT = TypeAdapter(Listing)


def dump_listing(listing: Listing) -> str:
    """The listing as JSON; equal listings give equal text."""
    return _DOCUMENT.dump_json(listing).decode()


def load_listing(document: str) -> Listing:
    """Parse the output of `dump_listing`; fields added since then have their defaults."""
    return _DOCUMENT.validate_json(document)


def digest_document(document: str) -> str:
    """A fingerprint of a document, which shows whether the listing changed."""
    return hashlib.sha256(document.encode()).hexdigest()
