"""Open Referral UK services as listings.

Reads version 3, and the older field names that councils' real feeds still use
(`regular_schedules`, `eligibilitys`, `physical_addresses`, `pc_targetAudience`).
"""

import re
from datetime import date, time
from typing import Any

from directory.errors import RowError
from directory.importing import Rejected
from directory.kinds import propose_kind
from directory.listings import DAYS, Listing, Place, Point, Schedule
from directory.wording import clean_text

Json = dict[str, Any]

_CODES = dict(zip(("MO", "TU", "WE", "TH", "FR", "SA", "SU"), DAYS, strict=True))
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
    key, name = _text(service.get("id")), clean_text(_text(service.get("name")))
    try:
        return _read(service, key, name)
    except RowError as error:
        return Rejected(key, name, str(error), service)
    except (TypeError, AttributeError):
        reason = "a field holds the wrong kind of value; check it against Open Referral UK 3.0"
        return Rejected(key, name, reason, service)


def _read(service: Json, key: str, name: str) -> Listing:
    if not key:
        raise RowError("it has no id; give it one that never changes")
    if not name:
        raise RowError("it has no name; give it the name people call it by")
    description = clean_text(_text(service.get("description")))
    if not description:
        raise RowError("it has no description; write a sentence or two about it")
    organisation = service.get("organization") or {}
    locations = [entry.get("location") or {} for entry in _list(service, "service_at_locations")]
    schedules = _list(service, "schedules") or _list(service, "regular_schedules")
    costs = _list(service, "cost_options")
    amounts = [float(cost["amount"]) for cost in costs if cost.get("amount") is not None]
    status = _text(service.get("status")).lower()
    # Councils' own spelling of the three ways to attend.
    attending = _text(service.get("attending_type")) + str(
        [location.get("location_type") for location in locations]
    )
    return Listing(
        key=key,
        name=name,
        kind=propose_kind(name, description),
        description=description,
        organisation=clean_text(_text(organisation.get("name"))),
        topics=_read_topics(service),
        website=_text(service.get("url")) or _text(organisation.get("website")),
        email=_text(service.get("email")) or _text(organisation.get("email")),
        phone=_read_phone(service, locations),
        places=tuple(_read_place(location) for location in locations if _is_physical(location)),
        covers="; ".join(
            _text(area.get("name")) or _text(area.get("service_area"))
            for area in _list(service, "service_areas")
        ),
        online=bool(re.search("online|virtual", attending, re.I)),
        schedules=tuple(_read_schedule(schedule) for schedule in schedules),
        cost=clean_text(_text(service.get("fees"))) or "; ".join(map(_describe_cost, costs)),
        cost_amount=min(amounts) if amounts else None,
        accessibility=tuple(
            clean_text(_text(entry.get("description")))
            for location in locations
            for entry in _list(location, "accessibility")
            + _list(location, "accessibility_for_disabilities")
            if _text(entry.get("description"))
        ),
        audience=_read_audience(service),
        minimum_age=_read_age(service, "minimum_age"),
        maximum_age=_read_age(service, "maximum_age"),
        languages=tuple(
            filter(None, (_text(one.get("name")) for one in _list(service, "languages")))
        ),
        status=_STATUSES.get(status, "open"),
        alert=clean_text(_text(service.get("alert"))),
        assured_date=_read_date(service.get("assured_date")),
    )


def _read_topics(service: Json) -> tuple[str, ...]:
    terms = [attribute.get("taxonomy_term") or {} for attribute in _list(service, "attributes")] + [
        entry.get("taxonomy_term") or entry for entry in _list(service, "service_taxonomys")
    ]
    names = (clean_text(_text(term.get("name"))) for term in terms)
    return tuple(dict.fromkeys(filter(None, names)))


def _read_audience(service: Json) -> tuple[str, ...]:
    # "Parents>Grandparents": the last step says it best.
    councils = (
        _text(entry.get("audienceType")).rpartition(">")[2]
        for entry in _list(service, "pc_targetAudience")
    )
    eligible = (_text(entry.get("eligibility")) for entry in _list(service, "eligibilitys"))
    return tuple(dict.fromkeys(text.strip() for text in (*councils, *eligible) if text.strip()))


def _read_phone(service: Json, locations: list[Json]) -> str:
    holders = [service, *_list(service, "contacts"), *locations]
    numbers = (
        _text(phone.get("number")) for holder in holders for phone in _list(holder, "phones")
    )
    return next(filter(None, numbers), "")


def _is_physical(location: Json) -> bool:
    return bool(location) and _text(location.get("location_type")) in ("", "physical")


def _read_place(location: Json) -> Place:
    addresses = _list(location, "addresses") or _list(location, "physical_addresses")
    address = addresses[0] if addresses else {}
    return Place(
        venue=clean_text(_text(location.get("name"))),
        address=clean_text(_text(address.get("address_1"))),
        neighbourhood=clean_text(_text(address.get("city"))),
        postcode=_text(address.get("postal_code")).upper(),
        point=read_point(location.get("latitude"), location.get("longitude")),
    )


def read_point(latitude: Any, longitude: Any) -> Point | None:
    """The point, or None if it is not given. Raises RowError for degrees that cannot be."""
    if latitude in (None, "") or longitude in (None, ""):
        return None
    try:
        point = Point(float(latitude), float(longitude))
    except (TypeError, ValueError):
        raise RowError("latitude and longitude must be numbers of degrees") from None
    if not -90 <= point.latitude <= 90:
        raise RowError(f"latitude {point.latitude:g} is not between -90 and 90")
    if not -180 <= point.longitude <= 180:
        raise RowError(f"longitude {point.longitude:g} is not between -180 and 180")
    return point


def _read_schedule(schedule: Json) -> Schedule:
    codes = re.findall(r"MO|TU|WE|TH|FR|SA|SU", _text(schedule.get("byday")).upper())
    return Schedule(
        days=tuple(_CODES[code] for code in dict.fromkeys(codes)),
        repeats="weekly" if _text(schedule.get("freq")).upper() == "WEEKLY" else "",
        opens_at=_read_time(schedule.get("opens_at")),
        closes_at=_read_time(schedule.get("closes_at")),
        description=clean_text(_text(schedule.get("description"))),
    )


def _describe_cost(cost: Json) -> str:
    words = [_text(cost.get("option")), _text(cost.get("amount_description"))]
    if cost.get("amount") is not None:
        amount = float(cost["amount"])
        words.insert(1, f"£{amount:.2f}" if amount else "free")
    return " ".join(filter(None, words))


def _read_age(service: Json, field: str) -> int | None:
    age = service.get(field)
    if age in (None, ""):
        return None
    try:
        return int(float(str(age)))
    except ValueError:
        raise RowError(f"{field} must be a whole number of years") from None


def _read_date(value: Any) -> date | None:
    if not _text(value):
        return None
    try:
        return date.fromisoformat(_text(value)[:10])
    except ValueError:
        raise RowError(f"assured_date {_text(value)!r} is not a date like 2026-10-01") from None


def _read_time(value: Any) -> time | None:
    match = re.match(r"(\d{1,2}):(\d{2})", _text(value))
    if not match or int(match[1]) > 23 or int(match[2]) > 59:
        return None
    return time(int(match[1]), int(match[2]))


def _list(holder: Json, field: str) -> list[Json]:
    return holder.get(field) or []


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()
