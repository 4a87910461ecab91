"""Open Referral UK services as listings.

Reads version 3, and the older field names that councils' feeds still use (`regular_schedules`,
`eligibilitys`, `physical_addresses`, `pc_targetAudience`).
"""

import math
import re
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from directory.errors import RowError
from directory.listing import Listing, Place
from directory.places import normalise_postcode
from directory.rejected import RejectedRow
from directory.sources.envelopes import find_services
from directory.sources.fields import (
    Faults,
    first_text,
    may_be_confidential,
    read_age,
    read_amount,
    read_day,
    read_email,
    read_point,
    read_row,
    read_string,
    read_text,
    read_website,
    unique_texts,
)
from directory.sources.limits import Limits, ValueCounter
from directory.sources.recurrence_rules import read_schedules
from directory.sources.volunteering_extension import ExtensionFields, is_own_term, read_extension

__all__ = ["find_services", "read_service", "read_services"]

Json = dict[str, Any]

_STATUSES = {"temporarily closed": "temporarily closed", "inactive": "closed", "defunct": "closed"}
_MAX_DEPTH = 20
# Fields that version 3 does not have: a service with any of them follows an older version.
_OLDER_FIELDS = (
    "regular_schedules holiday_schedules eligibilitys service_taxonomys physical_addresses "
    "accessibility_for_disabilities deliverable_type attending_type attending_access pc_metadata"
).split()
_FIELDS_WITHOUT_PLACE = ("id", "name", "description", "status", "confidential")


def read_services(
    services: list[Json], source: str, limits: Limits
) -> Iterator[Listing | RejectedRow]:
    """Read the services, one at a time. Raises SourceTooLargeError if they hold too many values."""
    counter = ValueCounter(limits, source)
    for service in services:
        counter.add(service)
    return map(read_service, services)


def read_service(service: Json) -> Listing | RejectedRow:
    """The service as a listing, or the row with all its faults if it cannot be shown.

    An invalid web address, e-mail address or coordinate does not hide a listing that residents
    could use: it counts as not known, and is reported as a doubt.
    """
    private = may_be_confidential(service.get("confidential"))
    # The content of a rejected row must not hold a private place either.
    names = [field for field in _FIELDS_WITHOUT_PLACE if field in service] if private else service
    content = {field: service[field] for field in names}
    format_docs = "Open Referral UK 3"
    return read_row(partial(_read, service), content, format_docs=format_docs, private=private)


def _read(service: Json, faults: Faults) -> Listing:
    faults.key = key = read_string(service.get("id"))
    faults.name = name = read_text(service.get("name"))
    if not key:
        faults.reject("it has no id; add one that never changes")
    if not name:
        faults.reject("it has no name; add the name that people know it by")
    description = read_text(service.get("description"))
    if not description:
        faults.reject("it has no description; add a sentence or two")
    organisation = service.get("organization") or {}
    confidential = may_be_confidential(service.get("confidential"))
    # Not even read: times, contacts and ramps reveal the place, and a fault would quote them.
    service_locations = [] if confidential else _list(service, "service_at_locations")
    areas = [] if confidential else _list(service, "service_areas")
    locations = [entry.get("location") or {} for entry in service_locations]
    schedules = [
        schedule
        for holder in (service, *service_locations)
        for schedule in _list(holder, "schedules") or _list(holder, "regular_schedules")
    ]
    costs = _list(service, "cost_options")
    contacts = [
        contact
        for holder in (service, *service_locations, *locations, organisation)
        for contact in _list(holder, "contacts")
    ]
    terms = _read_terms(service)
    extension = faults.read(read_extension, service, default=ExtensionFields(), rejects=False)
    # Councils spell the ways to attend in their own way.
    ways_to_attend = [
        service.get("attending_type"),
        *(location.get("location_type") for location in locations),
    ]
    return Listing(
        key=key,
        name=name,
        kind=extension.kind,  # the standard has no field for it
        description=description,
        organisation=read_text(organisation.get("name")),
        strands=extension.strands,
        assets=extension.assets,
        topics=unique_texts(read_text(term.get("name")) for term in terms if not is_own_term(term)),
        website=first_text(
            [
                faults.read(_read_url, service.get("url"), default="", rejects=False),
                read_website(read_string(organisation.get("website"))),
                read_website(read_string(organisation.get("url"))),
            ]
        ),
        email=first_text(
            faults.read(read_email, holder.get("email"), default="", rejects=False)
            for holder in (service, *contacts, organisation)
        ),
        phone=first_text(
            read_string(phone.get("number"))
            for holder in (service, *contacts, *service_locations, *locations, organisation)
            for phone in _list(holder, "phones")
        ),
        places=_read_places(locations, faults),
        covers="; ".join(
            unique_texts(
                read_text(area.get("name")) or read_text(area.get("service_area")) for area in areas
            )
        ),
        online=extension.remote
        or any(re.search("online|virtual", read_string(way), re.I) for way in ways_to_attend),
        schedules=read_schedules(schedules),
        cost=read_text(service.get("fees")) or "; ".join(unique_texts(map(_describe_cost, costs))),
        cost_amount=_find_lowest_price(costs),
        accessibility=unique_texts(
            read_text(entry.get("description"))
            for location in locations
            for entry in _list(location, "accessibility")
            + _list(location, "accessibility_for_disabilities")
        ),
        audience=_read_audience(service),
        minimum_age=_read_age(service, "minimum_age", faults),
        maximum_age=_read_age(service, "maximum_age", faults),
        eligibility=read_text(service.get("eligibility_description")),
        how_to_join=read_text(service.get("application_process")),
        languages=unique_texts(
            read_text(language.get("name")) for language in _list(service, "languages")
        ),
        skills_wanted=extension.skills_wanted,
        commitment=extension.commitment,
        status=_STATUSES.get(read_string(service.get("status")).lower(), "open"),
        alert=read_text(service.get("alert")),
        assured_date=faults.read(
            read_day, service.get("assured_date"), "assured_date", default=None
        ),
        confidential=confidential,
        proposed=extension.proposed,
        record={} if confidential else _make_record(service, locations),
    )


def _make_record(service: Json, locations: list[Json]) -> Json:
    """The service, ready to be stored, if it follows version 3; empty if it is older."""
    names = {name for holder in (service, *locations) for name in holder}
    return {} if names & set(_OLDER_FIELDS) else _clean_json(service, 0)


def _clean_json(value: Any, depth: int) -> Any:
    if depth > _MAX_DEPTH:
        raise RowError("its fields are nested deeper than Open Referral UK 3 allows")
    if isinstance(value, dict):
        return {_clean_string(name): _clean_json(item, depth + 1) for name, item in value.items()}
    if isinstance(value, list):
        return [_clean_json(item, depth + 1) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return _clean_string(value) if isinstance(value, str) else value


def _clean_string(text: str) -> str:
    # Remove halves of surrogate pairs, and NUL, which databases do not take.
    return text.encode("utf-8", "ignore").decode().replace("\0", "")


def _read_url(value: Any) -> str:
    text = read_string(value)
    address = read_website(text)
    if text and not address:
        raise RowError(f"url {text[:80]!r} is not a web address such as https://example.org")
    return address


def _read_age(service: Json, name: str, faults: Faults) -> int | None:
    return faults.read(read_age, service.get(name), name, default=None)


def _read_terms(service: Json) -> list[Json]:
    return [attribute.get("taxonomy_term") or {} for attribute in _list(service, "attributes")] + [
        entry.get("taxonomy_term") or entry for entry in _list(service, "service_taxonomys")
    ]


def _read_audience(service: Json) -> tuple[str, ...]:
    # "Parents>Grandparents": the last part is the most specific.
    target_audience = (
        read_text(read_string(entry.get("audienceType")).rpartition(">")[2])
        for entry in _list(service, "pc_targetAudience")
    )
    eligible = (read_text(entry.get("eligibility")) for entry in _list(service, "eligibilitys"))
    return unique_texts((*target_audience, *eligible))


def _read_places(locations: Iterable[Json], faults: Faults) -> tuple[Place, ...]:
    places = (
        _read_place(location, faults)
        for location in locations
        if read_string(location.get("location_type")) in ("", "physical")
    )
    return tuple(place for place in places if place != Place())


def _read_place(location: Json, faults: Faults) -> Place:
    addresses = _list(location, "addresses") or _list(location, "physical_addresses")
    # A postal address is used only if there is no other.
    addresses = sorted(addresses, key=lambda item: item.get("address_type") == "postal")
    address = addresses[0] if addresses else {}
    return Place(
        venue=read_text(location.get("name")),
        address=read_text(address.get("address_1")),
        neighbourhood=read_text(address.get("city")),
        postcode=normalise_postcode(read_string(address.get("postal_code"))),
        # An invalid coordinate counts as not known: the address still leads there.
        point=faults.read(
            read_point,
            location.get("latitude"),
            location.get("longitude"),
            default=None,
            rejects=False,
        ),
    )


def _describe_cost(cost: Json) -> str:
    words = [read_text(cost.get("option")), read_text(cost.get("amount_description"))]
    amount = read_amount(cost.get("amount"))
    if amount is None:
        words.insert(1, read_text(cost.get("amount")))
    else:
        words.insert(1, f"£{amount:.2f}" if amount else "free")
    return " ".join(filter(None, words))


def _find_lowest_price(costs: Iterable[Json]) -> float | None:
    """The lowest price that anybody pays; 0 only if it is free for everybody."""
    amounts = [read_amount(cost.get("amount")) for cost in costs]
    known_amounts = [amount for amount in amounts if amount is not None]
    if paid := [amount for amount in known_amounts if amount]:
        return min(paid)
    return 0.0 if known_amounts and len(known_amounts) == len(amounts) else None


def _list(holder: Json, field: str) -> list[Json]:
    return holder.get(field) or []
