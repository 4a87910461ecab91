"""Do-it's volunteering activities as listings.

Each activity contains its definition. One that was deleted there is closed here.
"""

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

from directory.listing import Listing, Place, Schedule
from directory.places import normalise_postcode
from directory.rejected import RejectedRow
from directory.sources.fields import (
    Faults,
    find_postcode,
    first_text,
    read_amount,
    read_day,
    read_email,
    read_known_text,
    read_point,
    read_row,
    read_string,
    read_text,
    read_website,
    unique_texts,
)
from directory.sources.volunteering import find_minimum_age, is_age_requirement, is_skill_name

Json = dict[str, Any]

_DEFINITION = "activityDefinitionSubDocument"
_ORGANISATION = "organizationSubDocument"
_COUNTRY = re.compile(r"(?:,\s*)?(?:UK|United Kingdom|England|Scotland|Wales)\s*$", re.I)


def can_read(content: Any) -> bool:
    """Whether JSON holds activities of Do-it."""
    return any(isinstance(item, dict) and _DEFINITION in item for item in _list_items(content))


def read_rows(content: Any) -> Iterator[Listing | RejectedRow]:
    """Read, one at a time, every activity in `content`, a list of them or a single one."""
    return map(_read_activity, _list_items(content))


def _list_items(content: Any) -> list[Any]:
    return content if isinstance(content, list) else [content]


def _read_activity(activity: Any) -> Listing | RejectedRow:
    if not isinstance(activity, dict):
        return RejectedRow(
            "",
            "",
            "it is not an activity; see docs/reference/import-formats.md",
            {"content": str(activity)},
        )
    return read_row(
        partial(_read, activity),
        _remove_organisation(activity),
        format_docs="docs/reference/import-formats.md",
    )


def _remove_organisation(activity: Json) -> Json:
    """The activity without its organisation, whose data include keys to its account."""
    definition = activity.get(_DEFINITION)
    if not isinstance(definition, dict):
        return activity
    remaining = {name: value for name, value in definition.items() if name != _ORGANISATION}
    return activity | {_DEFINITION: remaining}


def _read(activity: Json, faults: Faults) -> Listing:
    definition = activity.get(_DEFINITION) or {}
    faults.key = key = _read_id(activity.get("_id"))
    faults.name = name = " ".join(read_known_text(definition.get("title")).split())
    if not key:
        faults.reject("it has no _id; add one that never changes")
    if not name:
        faults.reject("it has no title; add the name that people know it by")
    description = read_known_text(definition.get("description"))
    if not description:
        faults.reject("it has no description; add a sentence or two")
    organisation = definition.get(_ORGANISATION) or {}
    volunteer_requirements = unique_texts(
        map(read_known_text, definition.get("volunteerRequirements") or [])
    )
    requirements = _read_names(definition, "requirementOptions")
    is_from_home = (
        "home"
        in (
            f"{read_string(definition.get('locationOption'))} "
            f"{read_string(definition.get('attendanceType'))}"
        ).casefold()
    )
    places = () if is_from_home else _read_places(activity.get("address") or {}, faults)
    eligibility = [text for text in requirements if not is_age_requirement(text)]
    eligibility += [text for text in volunteer_requirements if not is_skill_name(text)]
    return Listing(
        key=key,
        name=name,
        kind="volunteering",
        description=description,
        organisation=read_text(organisation.get("name")),
        topics=_read_names(definition, "causeOptions"),
        website=first_text(
            read_website(read_string(value))
            for value in (
                activity.get("externalApplyLink"),
                activity.get("meetingLink"),
                organisation.get("websiteLink"),
            )
        ),
        email=faults.read(read_email, organisation.get("contactEmail"), default="", rejects=False),
        phone=read_string(organisation.get("contactPhoneNumber")),
        places=places,
        covers="" if places else _read_covers(activity),
        # `isOnline` is also set for work on a nature reserve, so it does not mean "from home".
        online=is_from_home or (activity.get("isOnline") is True and not places),
        schedules=_read_schedules(activity, faults),
        minimum_age=find_minimum_age(requirements),
        eligibility="; ".join(eligibility),
        skills_wanted=tuple(text for text in volunteer_requirements if is_skill_name(text)),
        commitment=_read_commitment(definition),
        status="closed" if _is_deleted(activity, definition) else "open",
    )


def _read_id(value: Any) -> str:
    return read_string(value.get("$oid") if isinstance(value, dict) else value)


def _is_deleted(activity: Json, definition: Json) -> bool:
    return activity.get("deleted") is True or definition.get("deleted") is True


def _read_names(definition: Json, field: str) -> tuple[str, ...]:
    return unique_texts(
        read_known_text(option.get("displayName")) for option in definition.get(field) or []
    )


def _read_covers(activity: Json) -> str:
    regions = activity.get("regions") or []
    nations = unique_texts(
        read_known_text(region.get("displayName"))
        for region in regions
        if region.get("type") == "Nation"
    )
    return "; ".join(
        nations or unique_texts(read_known_text(region.get("displayName")) for region in regions)
    )


def _read_places(address: Json, faults: Faults) -> tuple[Place, ...]:
    street = read_known_text(address.get("street"))
    # GeoJSON puts longitude first.
    longitude, latitude = ((address.get("location") or {}).get("coordinates") or [None, None])[:2]
    point = faults.read(read_point, latitude, longitude, default=None, rejects=False)
    postcode = find_postcode(street)
    line = _COUNTRY.sub("", street).replace(postcode, "").strip(" ,") if postcode else street
    place = Place(
        address=re.sub(r"(?:\s*,\s*)+", ", ", line),
        postcode=normalise_postcode(postcode),
        point=point,
    )
    return () if place == Place() else (place,)


def _read_schedules(activity: Json, faults: Faults) -> tuple[Schedule, ...]:
    starts, ends = (
        faults.read(read_day, _read_date(activity.get(name)), name, default=None, rejects=False)
        for name in ("startDate", "endDate")
    )
    if starts and ends and ends < starts:
        ends = None
    if not starts and not ends:
        return ()
    repeats = "once" if starts and starts == ends else ""
    return (Schedule(repeats=repeats, starts=starts, ends=ends),)


def _read_date(value: Any) -> Any:
    return value.get("$date") if isinstance(value, dict) else value


def _read_commitment(definition: Json) -> str:
    duration = read_known_text(definition.get("durationInHours"))
    hours = read_amount(duration)
    if hours:
        if hours < 1:
            duration = f"{round(hours * 60)} minutes"
        else:
            duration = "1 hour" if hours == 1 else f"{hours:g} hours"
    is_ongoing = read_string(definition.get("type")) == "OngoingOpportunity"
    return ", ".join(filter(None, [duration, "ongoing" if is_ongoing else ""]))
