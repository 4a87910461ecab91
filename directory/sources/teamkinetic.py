"""TeamKinetic's volunteering activities as listings.

They follow the vocabulary of volunteeringdata.io: activities, and perhaps organisations, in a list
or a graph. The name of an organisation that is only given as a number stays unknown.
"""

import re
from collections.abc import Iterator
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
_MIN_PHONE_DIGITS = 6


def can_read(content: Any) -> bool:
    """Whether JSON holds activities of the volunteering vocabulary."""
    return any(_is_activity(node) for node in _list_nodes(content))


def read_rows(content: Any) -> Iterator[Listing | RejectedRow]:
    """Read every activity in `content`, one at a time.

    Each gets its organisation's name if that is there too.
    """
    nodes = _list_nodes(content)
    organisations = {
        read_string(node.get("id")).casefold(): node
        for node in nodes
        if isinstance(node, dict) and node.get("type") == "Organisation"
        if isinstance(node.get("id"), str | int) and not isinstance(node["id"], bool)
        if len(str(node["id"])) <= MAX_FIELD_LENGTH
    }
    return (
        _read_activity(node, organisations)
        for node in nodes
        if not (isinstance(node, dict) and node.get("type") == "Organisation")
    )


def _list_nodes(content: Any) -> list[Any]:
    if isinstance(content, dict):
        graph = content.get("@graph")
        return graph if isinstance(graph, list) else [content]
    return content if isinstance(content, list) else []


def _is_activity(node: Any) -> bool:
    return isinstance(node, dict) and (
        node.get("type") == "Activity" or {"label", "session", "applyLink"} <= node.keys()
    )


def _read_activity(activity: Any, organisations: dict[str, Json]) -> Listing | RejectedRow:
    if not isinstance(activity, dict):
        return RejectedRow(
            "",
            "",
            "it is not an activity; see docs/reference/import-formats.md",
            {"content": str(activity)},
        )
    return read_row(
        partial(_read, activity, organisations),
        activity,
        format_docs="docs/reference/import-formats.md",
    )


def _read(activity: Json, organisations: dict[str, Json], faults: Faults) -> Listing:
    faults.key = key = read_string(activity.get("id"))
    faults.name = name = " ".join(read_known_text(activity.get("label")).split())
    if not key:
        faults.reject("it has no id; add one that never changes")
    if not name:
        faults.reject("it has no label; add the name that people know it by")
    description = read_known_text(activity.get("description"))
    if not description:
        faults.reject("it has no description; add a sentence or two")
    sessions = [session for session in activity.get("session") or [] if session]
    holders = (activity, *sessions)
    requirements = _read_labels(activity, "requirement")
    organisation = _find_organisation(activity.get("organisation"), organisations)
    locations = [place for session in sessions for place in session.get("location") or []]
    location_types = [read_string(location.get("locationType")) for location in locations]
    return Listing(
        key=key,
        name=name,
        kind="volunteering",
        description=description,
        organisation=read_text(organisation.get("label")),
        topics=_read_labels(activity, "cause"),
        website=first_text(
            read_website(read_string(value))
            for value in (
                *(holder.get("applyLink") or holder.get("applylink") for holder in holders),
                organisation.get("website"),
            )
        ),
        email=first_text(
            faults.read(read_email, holder.get("email"), default="", rejects=False)
            for holder in holders
        ),
        phone=first_text(_read_phone(holder.get("phone")) for holder in holders),
        places=_read_places(locations, faults),
        online=activity.get("allowsRemoteParticipation") is True
        or any(map(_REMOTE.search, location_types)),
        schedules=summarise_sessions(_read_sessions(sessions, faults)),
        accessibility=_read_labels(activity, "accessibility"),
        audience=_read_labels(activity, "demography"),
        minimum_age=find_minimum_age(requirements),
        eligibility="; ".join(text for text in requirements if not is_age_requirement(text)),
        languages=_read_labels(activity, "language"),
        skills_wanted=_read_labels(activity, "skill"),
        commitment="On call for emergencies"
        if activity.get("requiresEmergencyParticipation") is True
        else "",
    )


def _find_organisation(value: Any, organisations: dict[str, Json]) -> Json:
    if isinstance(value, dict):
        return value
    return organisations.get(read_string(value).casefold(), {})


def _read_labels(activity: Json, field: str) -> tuple[str, ...]:
    concepts = activity.get(field) or []
    return unique_texts(
        read_known_text(concept.get("label") if isinstance(concept, dict) else concept)
        for concept in concepts
    )


def _read_phone(value: Any) -> str:
    # TeamKinetic's form stores a dialling code alone when nothing else was typed.
    text = read_string(value)
    return text if sum(character.isdigit() for character in text) >= _MIN_PHONE_DIGITS else ""


def _read_places(locations: list[Json], faults: Faults) -> tuple[Place, ...]:
    return tuple(
        dict.fromkeys(
            place
            for location in locations
            if not _REMOTE.search(read_string(location.get("locationType")))
            if (place := _read_place(location, faults)) != Place()
        )
    )


def _read_place(location: Json, faults: Faults) -> Place:
    point: Point | None = faults.read(
        read_point,
        location.get("latitude"),
        location.get("longitude"),
        default=None,
        rejects=False,
    )
    address = read_known_text(location.get("address"))
    return Place(
        venue=read_known_text(location.get("locationLabel")),
        address=address,
        postcode=normalise_postcode(find_postcode(address)),
        point=point,
    )


def _read_sessions(sessions: list[Json], faults: Faults) -> list[TimeSpan]:
    spans: list[TimeSpan] = []
    for span in (span for session in sessions for span in session.get("time") or []):
        # TeamKinetic misspells `beginning`.
        value = span.get("beginning") or span.get("begining")
        begins = faults.read(read_moment, value, default=None, rejects=False)
        ends = faults.read(read_moment, span.get("end"), default=None, rejects=False)
        if begins:
            spans.append((begins, ends or begins))
    return spans
