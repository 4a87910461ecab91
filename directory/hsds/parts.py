"""The nested parts of a service, made from a listing's fields.

A list is empty if nothing is known. Must never write a place of a confidential listing.
"""

from typing import Any

from directory.hsds.ids import make_id
from directory.listing import DAYS, Listing, Place, Schedule

Json = dict[str, Any]

_CODES = dict(zip(DAYS, ("MO", "TU", "WE", "TH", "FR", "SA", "SU"), strict=True))
NTH = {
    "1st of month": "1",
    "2nd of month": "2",
    "3rd of month": "3",
    "4th of month": "4",
    "last of month": "-1",
}


def write_contacts(listing: Listing, service: str) -> list[Json]:
    """One contact, if the listing has a phone number or text in place of an email address."""
    contact: Json = {"id": make_id("contact", service), "service_id": service}
    if listing.email and "@" not in listing.email:
        contact["email"] = listing.email
    if listing.phone:
        phone = make_id("phone", service, listing.phone)
        contact["phones"] = [{"id": phone, "contact_id": contact["id"], "number": listing.phone}]
    return [contact] if len(contact) > 2 else []


def write_locations(listing: Listing, service: str) -> list[Json]:
    """The service at each of its places, and at a virtual location if it is online."""
    if listing.confidential:
        return []
    locations = [
        _write_place(place, make_id("location", service, str(number)))
        for number, place in enumerate(listing.places)
    ]
    if listing.online:
        virtual = make_id("location", service, "online")
        locations.append({"id": virtual, "location_type": "virtual", "name": "Online"})
    if listing.accessibility:
        if not locations:
            unknown = make_id("location", service, "somewhere")
            locations.append({"id": unknown, "location_type": "physical"})
        location_id = locations[0]["id"]
        locations[0]["accessibility"] = [
            {
                "id": make_id("accessibility", location_id, text),
                "location_id": location_id,
                "description": text,
            }
            for text in listing.accessibility
        ]
    return [
        {
            "id": make_id("at", location["id"]),
            "service_id": service,
            "location_id": location["id"],
            "location": location,
        }
        for location in locations
    ]


def _write_place(place: Place, identity: str) -> Json:
    location: Json = {"id": identity, "location_type": "physical"}
    if place.venue:
        location["name"] = place.venue
    if place.point:
        location |= {"latitude": place.point.latitude, "longitude": place.point.longitude}
    if place.address or place.neighbourhood or place.postcode:
        location["addresses"] = [
            {
                "id": make_id("address", identity),
                "location_id": identity,
                "address_1": place.address,
                "city": place.neighbourhood,
                "state_province": "",
                "postal_code": place.postcode,
                "country": "GB",
                "address_type": "physical",
            }
        ]
    return location


def write_schedules(listing: Listing, service: str) -> list[Json]:
    """The listing's times as iCalendar rules, as far as the standard can express them."""
    return [
        _write_schedule(schedule, service, number)
        for number, schedule in enumerate(listing.schedules)
    ]


def _write_schedule(schedule: Schedule, service: str, number: int) -> Json:
    written: Json = {"id": make_id("schedule", service, str(number)), "service_id": service}
    if schedule.starts:
        written |= dict.fromkeys(("valid_from", "dtstart"), schedule.starts.isoformat())
    if schedule.ends:
        written["valid_to"] = schedule.ends.isoformat()
    if schedule.repeats == "weekly":
        written |= {"freq": "WEEKLY", "interval": 1}
    elif schedule.repeats == "fortnightly":
        written |= {"freq": "WEEKLY", "interval": 2}
    elif schedule.repeats == "once":
        written["count"] = 1
    elif schedule.repeats:
        written |= {"freq": "MONTHLY", "interval": 1}
        if schedule.repeats == "monthly" and schedule.starts:
            written["bymonthday"] = str(schedule.starts.day)
    if schedule.days:
        ordinal = NTH.get(schedule.repeats, "")
        written["byday"] = ",".join(f"{ordinal}{_CODES[day]}" for day in schedule.days)
    for name in ("opens_at", "closes_at"):
        if (moment := getattr(schedule, name)) is not None:
            written[name] = f"{moment:%H:%M}"
    if schedule.description:
        written["description"] = schedule.description
    return written


def write_costs(listing: Listing, service: str) -> list[Json]:
    """The usual price, if it is known; 0 means free."""
    if listing.cost_amount is None:
        return []
    identity = make_id("cost", service)
    return [{"id": identity, "service_id": service, "amount": listing.cost_amount}]


def write_volunteering(listing: Listing) -> Json:
    """Our extension for volunteering; empty if the listing has nothing to do with it."""
    is_role = listing.kind == "volunteering"
    if not is_role and not listing.skills_wanted and not listing.commitment:
        return {}
    return {
        "role": is_role,
        "skills_wanted": list(listing.skills_wanted),
        "commitment": listing.commitment,
        "remote": listing.online,
    }
