"""Open Referral UK services as listings.

Reads version 3, and the older field names that councils' real feeds still use
(`regular_schedules`, `eligibilitys`, `physical_addresses`, `pc_targetAudience`).
"""

import re
from collections.abc import Iterable
from datetime import date
from typing import Any

from directory.errors import RowError
from directory.importing import Rejected
from directory.listings import DAYS, Listing, Place, Schedule
from directory.places import tidy_postcode
from directory.sources.values import (
    read_age,
    read_amount,
    read_plain,
    read_point,
    read_text,
    read_time,
    read_website,
    require_fit,
)

Json = dict[str, Any]

_CODES = dict(zip(("MO", "TU", "WE", "TH", "FR", "SA", "SU"), DAYS, strict=True))
_BY_DAY = re.compile(r"(-?\d)?(MO|TU|WE|TH|FR|SA|SU)")
_NTH = {
    "1": "1st of month",
    "2": "2nd of month",
    "3": "3rd of month",
    "4": "4th of month",
    "-1": "last of month",
}
_STATUSES = {"temporarily closed": "temporarily closed", "inactive": "closed", "defunct": "closed"}


def find_services(content: Any) -> list[Json] | None:
    """The services in a list, a page of either age, or a single service; None if it is neither."""
    if isinstance(content, dict):
        for name in ("contents", "content", "services"):
            if isinstance(content.get(name), list):
                return find_services(content[name])
        return [content] if "id" in content and "name" in content else None
    if isinstance(content, list) and all(isinstance(one, dict) for one in content):
        return content
    return None


def read_service(service: Json) -> Listing | Rejected:
    """The service as a listing, or the reason why it cannot be shown."""
    key = name = ""
    try:
        key, name = read_plain(service.get("id")), read_text(service.get("name"))
        return require_fit(_read(service, key, name))
    except RowError as error:
        return Rejected(key[:200], name[:200], str(error), service)
    except (TypeError, AttributeError):
        reason = "a field holds the wrong kind of value; check it against Open Referral UK 3"
        return Rejected(key, name, reason, service)


def _read(service: Json, key: str, name: str) -> Listing:
    if not key:
        raise RowError("it has no id; give it one that never changes")
    if not name:
        raise RowError("it has no name; give it the name people call it by")
    description = read_text(service.get("description"))
    if not description:
        raise RowError("it has no description; write a sentence or two about it")
    organisation = service.get("organization") or {}
    at = _list(service, "service_at_locations")
    locations = [entry.get("location") or {} for entry in at]
    schedules = _list(service, "schedules") or _list(service, "regular_schedules")
    costs = _list(service, "cost_options")
    contacts = [
        contact
        for holder in (service, *at, *locations, organisation)
        for contact in _list(holder, "contacts")
    ]
    # Councils' own spelling of the three ways to attend.
    attending = [service.get("attending_type"), *(one.get("location_type") for one in locations)]
    return Listing(
        key=key,
        name=name,
        kind="",  # Open Referral UK has no word for it
        description=description,
        organisation=read_text(organisation.get("name")),
        topics=_read_topics(service),
        website=_first(
            read_website(read_plain(address))
            for address in (
                service.get("url"),
                organisation.get("website"),
                organisation.get("url"),
            )
        ),
        email=_first(read_plain(one.get("email")) for one in (service, *contacts, organisation)),
        phone=_first(
            read_plain(phone.get("number"))
            for holder in (service, *contacts, *at, *locations, organisation)
            for phone in _list(holder, "phones")
        ),
        places=_read_places(locations),
        covers="; ".join(
            _several(
                read_text(area.get("name")) or read_text(area.get("service_area"))
                for area in _list(service, "service_areas")
            )
        ),
        online=any(re.search("online|virtual", read_plain(way), re.I) for way in attending),
        schedules=tuple(map(_read_schedule, schedules)),
        cost=read_text(service.get("fees")) or "; ".join(_several(map(_describe_cost, costs))),
        cost_amount=_usual_amount(costs),
        accessibility=_several(
            read_text(entry.get("description"))
            for location in locations
            for entry in _list(location, "accessibility")
            + _list(location, "accessibility_for_disabilities")
        ),
        audience=_read_audience(service),
        minimum_age=read_age(service.get("minimum_age"), "minimum_age"),
        maximum_age=read_age(service.get("maximum_age"), "maximum_age"),
        languages=_several(read_text(one.get("name")) for one in _list(service, "languages")),
        status=_STATUSES.get(read_plain(service.get("status")).lower(), "open"),
        alert=read_text(service.get("alert")),
        assured_date=_read_date(service.get("assured_date")),
    )


def _read_topics(service: Json) -> tuple[str, ...]:
    terms = [attribute.get("taxonomy_term") or {} for attribute in _list(service, "attributes")] + [
        entry.get("taxonomy_term") or entry for entry in _list(service, "service_taxonomys")
    ]
    return _several(read_text(term.get("name")) for term in terms)


def _read_audience(service: Json) -> tuple[str, ...]:
    # "Parents>Grandparents": the last step says it best.
    councils = (
        read_text(read_plain(entry.get("audienceType")).rpartition(">")[2])
        for entry in _list(service, "pc_targetAudience")
    )
    eligible = (read_text(entry.get("eligibility")) for entry in _list(service, "eligibilitys"))
    return _several((*councils, *eligible))


def _read_places(locations: Iterable[Json]) -> tuple[Place, ...]:
    places = (
        _read_place(location)
        for location in locations
        if read_plain(location.get("location_type")) in ("", "physical")
    )
    return tuple(place for place in places if place != Place())


def _read_place(location: Json) -> Place:
    addresses = _list(location, "addresses") or _list(location, "physical_addresses")
    # Where post is sent is not where people meet, unless nothing else is known.
    addresses = sorted(addresses, key=lambda one: one.get("address_type") == "postal")
    address = addresses[0] if addresses else {}
    return Place(
        venue=read_text(location.get("name")),
        address=read_text(address.get("address_1")),
        neighbourhood=read_text(address.get("city")),
        postcode=tidy_postcode(read_plain(address.get("postal_code"))),
        point=read_point(location.get("latitude"), location.get("longitude")),
    )


def _read_schedule(schedule: Json) -> Schedule:
    found = _BY_DAY.findall(read_plain(schedule.get("byday")).upper())
    return Schedule(
        days=tuple(dict.fromkeys(_CODES[code] for _, code in found)),
        repeats=_read_repeats(schedule, {which for which, _ in found}),
        opens_at=read_time(schedule.get("opens_at")),
        closes_at=read_time(schedule.get("closes_at")),
        description=read_text(schedule.get("description")),
    )


def _read_repeats(schedule: Json, which: set[str]) -> str:
    """How often, in our words; empty where iCalendar's rule has none of ours."""
    often = (
        read_plain(schedule.get("freq")).upper(),
        read_plain(schedule.get("interval")) or "1",
    )
    if often == ("MONTHLY", "1") and len(which) == 1:
        return _NTH.get(which.pop(), "")
    return {("WEEKLY", "1"): "weekly", ("WEEKLY", "2"): "fortnightly"}.get(often, "")


def _describe_cost(cost: Json) -> str:
    words = [read_text(cost.get("option")), read_text(cost.get("amount_description"))]
    amount = read_amount(cost.get("amount"))
    if amount is None:
        words.insert(1, read_text(cost.get("amount")))
    else:
        words.insert(1, f"£{amount:.2f}" if amount else "free")
    return " ".join(filter(None, words))


def _usual_amount(costs: Iterable[Json]) -> float | None:
    """The lowest price that is asked of anybody; 0 only if nobody is asked for more."""
    amounts = [read_amount(cost.get("amount")) for cost in costs]
    known = [amount for amount in amounts if amount is not None]
    if paid := [amount for amount in known if amount]:
        return min(paid)
    return 0.0 if known and len(known) == len(amounts) else None


def _read_date(value: Any) -> date | None:
    text = read_plain(value)
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise RowError(f"assured_date {text[:40]!r} is not a date like 2026-10-01") from None


def _list(holder: Json, field: str) -> list[Json]:
    return holder.get(field) or []


def _first(texts: Iterable[str]) -> str:
    return next(filter(None, texts), "")


def _several(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, texts)))
