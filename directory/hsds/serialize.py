"""Turns a listing into an Open Referral UK 3.0 service.

Parts of the source's own record are published as they came if the listing still agrees with them;
the rest is generated from the listing. Must never publish what residents may not see.
"""

from datetime import UTC
from typing import Any
from urllib.parse import quote

from directory.hsds.ids import make_id, organisation_id, service_id
from directory.hsds.parts import (
    write_contacts,
    write_costs,
    write_locations,
    write_schedules,
    write_volunteering,
)
from directory.hsds.repair import repair
from directory.hsds.schema import Service, is_uri
from directory.hsds.vocabulary import TOPIC, classify, is_ours, make_attribute, make_term
from directory.listing import Listing, StoredListing, withhold_place
from directory.sources.openreferral import read_service

Json = dict[str, Any]

STATUSES = {"open": "active", "temporarily closed": "temporarily closed", "closed": "inactive"}

# The fields of a listing, and the members of a record that hold them, with older feeds' names.
_GROUPS = (
    (("name",), ("name",)),
    (("description",), ("description",)),
    (("website",), ("url",)),
    (("email", "phone"), ("email", "contacts", "phones")),
    (("organisation",), ("organization", "organization_id")),
    (
        ("places", "online", "accessibility"),
        ("service_at_locations", "attending_type", "attending_access", "locations"),
    ),
    (("covers",), ("service_areas",)),
    (("schedules",), ("schedules", "regular_schedules", "holiday_schedules")),
    (("cost", "cost_amount"), ("fees", "cost_options")),
    (("audience",), ("pc_targetAudience", "eligibilitys")),
    (("minimum_age",), ("minimum_age",)),
    (("maximum_age",), ("maximum_age",)),
    (("languages",), ("languages",)),
    (("status",), ("status",)),
    (("alert",), ("alert",)),
    (("assured_date",), ("assured_date",)),
    (("eligibility",), ("eligibility_description",)),
    (("how_to_join",), ("application_process",)),
)
_IN_LIST = (
    "id organization_id name description url email status fees accreditations minimum_age "
    "maximum_age assured_date assurer_email alert last_modified volunteering confidential"
).split()
_ORGANISATION_IN_LIST = (
    "id name description email website logo uri parent_organization_id"
).split()
_LOCATION_IN_LIST = (
    "id location_type name description latitude longitude external_identifier "
    "external_identifier_type"
).split()


def publish_service(stored: StoredListing, public_id: str = "") -> Json:
    """The whole service with its nested parts, valid against the standard's schema.

    `public_id` replaces the id that would be generated from the source and the listing's key.
    """
    listing = withhold_place(stored.listing)
    identity = public_id or service_id(stored.source, listing.key)
    service = _write_service(listing, stored, identity)
    if listing.record and not listing.confidential:
        service = _merge_record(listing, stored.source, service)
    if stored.gone:
        service["status"] = "inactive"
    if stored.notice:
        alert = service.get("alert", "")
        if stored.notice not in alert:
            service["alert"] = f"{stored.notice} {alert}".strip()
    return service


def shorten_service(service: Json) -> Json:
    """The service as lists show it: the members with a single value."""
    short = {name: service[name] for name in _IN_LIST if name in service}
    if "organization" in service:
        short["organization"] = shorten_organisation(service["organization"])
    return short


def shorten_organisation(organisation: Json) -> Json:
    return {name: organisation[name] for name in _ORGANISATION_IN_LIST if name in organisation}


def publish_at_location(service: Json, number: int, *, full: bool) -> Json:
    """The service at its location `number`, counted from 0. Raises IndexError if there is none."""
    at_location = service["service_at_locations"][number]
    ids = {"service_id": service["id"]}
    if "location" in at_location:
        ids["location_id"] = at_location["location"]["id"]
    if not full:
        location = at_location.get("location", {})
        short = {name: location[name] for name in _LOCATION_IN_LIST if name in location}
        own_ids = {
            name: at_location[name]
            for name in ("id", "service_id", "location_id")
            if name in at_location
        }
        nested = {"location": short} if short else {}
        return {**ids, **own_ids, **nested, "service": shorten_service(service)}
    rest = {name: part for name, part in service.items() if name != "service_at_locations"}
    return {**ids, **at_location, "service": rest}


def _write_service(listing: Listing, stored: StoredListing, identity: str) -> Json:
    """The service generated from the listing's fields, without unknown members."""
    service: Json = {
        "id": identity,
        "name": listing.name,
        "description": listing.description,
        "url": _to_uri(listing.website),
        "email": listing.email if "@" in listing.email else "",
        "status": STATUSES[listing.status],
        "fees": listing.cost,
        "minimum_age": listing.minimum_age,
        "maximum_age": listing.maximum_age,
        "assured_date": listing.assured_date.isoformat() if listing.assured_date else "",
        "alert": listing.alert,
        "eligibility_description": listing.eligibility,
        "application_process": listing.how_to_join,
        "organization": _write_organisation(stored.source, listing.organisation),
        "contacts": write_contacts(listing, identity),
        "schedules": write_schedules(listing, identity),
        "service_at_locations": write_locations(listing, identity),
        "service_areas": _name_areas(listing, identity),
        "cost_options": write_costs(listing, identity),
        "languages": [
            {"id": make_id("language", identity, name), "service_id": identity, "name": name}
            for name in listing.languages
        ],
        "pc_targetAudience": [{"audienceType": audience} for audience in listing.audience],
        "attributes": [
            *(make_attribute(identity, make_term(TOPIC, topic)) for topic in listing.topics),
            *classify(listing, identity),
        ],
        "volunteering": write_volunteering(listing),
        "confidential": listing.confidential or None,
    }
    if stored.modified:
        moment = stored.modified.replace(tzinfo=UTC).isoformat(timespec="seconds")
        service["last_modified"] = moment.replace("+00:00", "Z")
    if service["organization"]:
        service["organization_id"] = service["organization"]["id"]
    return {name: part for name, part in service.items() if part not in ("", None, [], {})}


def _write_organisation(source: str, name: str) -> Json:
    if not name:
        return {}
    # The standard requires a description, and only the name is known.
    return {"id": organisation_id(source, name), "name": name, "description": name}


def _name_areas(listing: Listing, identity: str) -> list[Json]:
    # A confidential listing does not show the area that it covers.
    if listing.confidential or not listing.covers:
        return []
    area_id = make_id("area", identity, listing.covers)
    return [{"id": area_id, "service_id": identity, "name": listing.covers}]


def _merge_record(listing: Listing, source: str, generated: Json) -> Json:
    """`generated`, with every part of the record that still agrees with the listing."""
    record = {"status": generated["status"], **listing.record, "id": generated["id"]}
    merged = repair(Service, record, source, listing.key)
    reread = read_service(merged) if merged else None
    if merged is None or not isinstance(reread, Listing):
        return generated
    replaced = False
    for fields, members in _GROUPS:
        same = _agree(listing, reread, fields)
        for member in members:
            if not same:
                replaced = True
                merged.pop(member, None)
            # An older feed may use another name, which readers of this version do not know.
            if member in generated:
                merged.setdefault(member, generated[member])
    merged["attributes"] = _merge_terms(listing, reread, merged, generated)
    for member in ("volunteering", "confidential"):
        merged.pop(member, None)
        if member in generated:
            merged[member] = generated[member]
    if "last_modified" in generated:
        merged.setdefault("last_modified", generated["last_modified"])
    if replaced:
        # A reader may fall back on another part (the organisation's website for the service's),
        # which could bring back a value that the listing no longer has.
        reread = read_service(merged)
        all_fields = tuple(field for fields, _ in _GROUPS for field in fields)
        if not isinstance(reread, Listing) or not _agree(listing, reread, all_fields):
            return generated
    return merged


def _agree(listing: Listing, reread: Listing, fields: tuple[str, ...]) -> bool:
    return all(getattr(listing, field) == getattr(reread, field) for field in fields)


def _merge_terms(listing: Listing, reread: Listing, merged: Json, generated: Json) -> list[Json]:
    attributes = merged.get("attributes", [])
    if not _agree(listing, reread, ("topics",)):
        merged.pop("service_taxonomys", None)
        attributes = [attribute for attribute in attributes if is_ours(attribute)]
    own_by_key = {_term_key(attribute): attribute for attribute in generated.get("attributes", ())}
    attributes = [
        attribute
        for attribute in attributes
        if not is_ours(attribute) or _term_key(attribute) in own_by_key
    ]
    merged_keys = {_term_key(attribute) for attribute in attributes}
    merged_names = {(attribute.get("taxonomy_term") or {}).get("name") for attribute in attributes}
    missing = [
        attribute
        for key, attribute in own_by_key.items()
        if key not in merged_keys
        and (is_ours(attribute) or attribute["taxonomy_term"]["name"] not in merged_names)
    ]
    return [*attributes, *missing]


def _term_key(attribute: Json) -> tuple[Any, ...]:
    term = attribute.get("taxonomy_term") or {}
    return term.get("taxonomy"), term.get("name"), attribute.get("proposed", False)


def _to_uri(address: str) -> str:
    """The address with non-ASCII letters escaped; empty if it is still no valid URI."""
    escaped = quote(address, safe="%/:?#[]@!$&'()*+,;=~")
    return escaped if is_uri(escaped) else ""
