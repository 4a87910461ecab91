"""TeamKinetic's volunteering activities as listings.

They follow the volunteering vocabulary of volunteeringdata.io: activities, and organisations
where the file has them, in a list or a graph. Nothing is said of an organisation that is only
a number.
"""

import re
from functools import partial
from typing import Any

from directory.listing import Listing, Place, Point
from directory.places import normalise_postcode
from directory.rejected import RejectedRow
from directory.sources.fields import (
    MAX_FIELD_LENGTH,
    Faults,
    find_postcode,
    first_text,
    read_email,
    read_known_text,
    read_point,
    read_row,
    read_string,
    read_text,
    read_website,
    unique_texts,
)
from directory.sources.volunteering import (
    TimeSpan,
    find_minimum_age,
    is_age_requirement,
    read_moment,
    summarise_sessions,
)

Json = dict[str, Any]

_REMOTE = re.compile("remote|online|virtual|home", re.I)
_FEWEST_DIGITS = 6


def can_read(content: Any) -> bool:
    """Whether JSON holds activities of the volunteering vocabulary."""
    return any(_is_activity(one) for one in _open(content))


def read_rows(content: Any) -> list[Listing | RejectedRow]:
    """Every activity in `content`, with its organisation's name where that is there as well."""
    nodes = _open(content)
    organisations = {
        read_string(one.get("id")).casefold(): one
        for one in nodes
        if isinstance(one, dict) and one.get("type") == "Organisation"
        if isinstance(one.get("id"), str | int) and len(str(one["id"])) <= MAX_FIELD_LENGTH
    }
    return [
        _read_activity(one, organisations)
        for one in nodes
        if not (isinstance(one, dict) and one.get("type") == "Organisation")
    ]


def _open(content: Any) -> list[Any]:
    if isinstance(content, dict):
        graph = content.get("@graph")
        return graph if isinstance(graph, list) else [content]
    return content if isinstance(content, list) else []


def _is_activity(one: Any) -> bool:
    return isinstance(one, dict) and (
        one.get("type") == "Activity" or {"label", "session", "applyLink"} <= one.keys()
    )


def _read_activity(activity: Any, organisations: dict[str, Json]) -> Listing | RejectedRow:
    if not isinstance(activity, dict):
        return RejectedRow(
            "",
            "",
            "it is no activity; see docs/reference/import-formats.md",
            {"content": str(activity)},
        )
    return read_row(
        partial(_read, activity, organisations), activity, form="docs/reference/import-formats.md"
    )


def _read(activity: Json, organisations: dict[str, Json], faults: Faults) -> Listing:
    faults.key = key = read_string(activity.get("id"))
    faults.name = name = " ".join(read_known_text(activity.get("label")).split())
    if not key:
        faults.refuse("it has no id; give it one that never changes")
    if not name:
        faults.refuse("it has no label; give it the name people call it by")
    description = read_known_text(activity.get("description"))
    if not description:
        faults.refuse("it has no description; write a sentence or two about it")
    sessions = [one for one in activity.get("session") or [] if one]
    holders = (activity, *sessions)
    requirements = _labels(activity, "requirement")
    organisation = _find_organisation(activity.get("organisation"), organisations)
    locations = [one for session in sessions for one in session.get("location") or []]
    ways = [read_string(one.get("locationType")) for one in locations]
    return Listing(
        key=key,
        name=name,
        kind="volunteering",
        description=description,
        organisation=read_text(organisation.get("label")),
        topics=_labels(activity, "cause"),
        website=first_text(
            read_website(read_string(value))
            for value in (
                *(one.get("applyLink") or one.get("applylink") for one in holders),
                organisation.get("website"),
            )
        ),
        email=first_text(
            faults.read(read_email, one.get("email"), otherwise="", hides=False) for one in holders
        ),
        phone=first_text(_read_phone(one.get("phone")) for one in holders),
        places=_read_places(locations, faults),
        online=activity.get("allowsRemoteParticipation") is True or any(map(_REMOTE.search, ways)),
        schedules=summarise_sessions(_read_sessions(sessions, faults)),
        accessibility=_labels(activity, "accessibility"),
        audience=_labels(activity, "demography"),
        minimum_age=find_minimum_age(requirements),
        eligibility="; ".join(one for one in requirements if not is_age_requirement(one)),
        languages=_labels(activity, "language"),
        skills_wanted=_labels(activity, "skill"),
        commitment="On call for emergencies"
        if activity.get("requiresEmergencyParticipation") is True
        else "",
    )


def _find_organisation(value: Any, organisations: dict[str, Json]) -> Json:
    if isinstance(value, dict):
        return value
    return organisations.get(read_string(value).casefold(), {})


def _labels(activity: Json, field: str) -> tuple[str, ...]:
    concepts = activity.get(field) or []
    return unique_texts(
        read_known_text(one.get("label") if isinstance(one, dict) else one) for one in concepts
    )


def _read_phone(value: Any) -> str:
    # What the form leaves behind when only a dialling code was typed cannot be rung.
    text = read_string(value)
    return text if sum(letter.isdigit() for letter in text) >= _FEWEST_DIGITS else ""


def _read_places(locations: list[Json], faults: Faults) -> tuple[Place, ...]:
    return tuple(
        dict.fromkeys(
            place
            for one in locations
            if not _REMOTE.search(read_string(one.get("locationType")))
            if (place := _read_place(one, faults)) != Place()
        )
    )


def _read_place(location: Json, faults: Faults) -> Place:
    point: Point | None = faults.read(
        read_point,
        location.get("latitude"),
        location.get("longitude"),
        otherwise=None,
        hides=False,
    )
    address = read_known_text(location.get("address"))
    return Place(
        venue=read_known_text(location.get("locationLabel")),
        address=address,
        postcode=normalise_postcode(find_postcode(address)),
        point=point,
    )


def _read_sessions(sessions: list[Json], faults: Faults) -> list[TimeSpan]:
    found: list[TimeSpan] = []
    for one in (each for session in sessions for each in session.get("time") or []):
        # TeamKinetic leaves an n out of `beginning`.
        value = one.get("beginning") or one.get("begining")
        begins = faults.read(read_moment, value, otherwise=None, hides=False)
        ends = faults.read(read_moment, one.get("end"), otherwise=None, hides=False)
        if begins:
            found.append((begins, ends or begins))
    return found
