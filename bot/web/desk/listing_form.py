"""The form that a listing is filled in with: the columns of the CSV template, in groups.

Owns labels and hints. What a cell may hold is for `template` to say, so that a form and a
spreadsheet are read alike. What nobody touched stays as it was, even where a form cannot show it.
"""

import re
from dataclasses import dataclass, replace
from typing import Any

from bot.web.desk.auth import RequestContext
from directory.listing import ASSETS, DAYS, KINDS, REPEATS, STATUSES, STRANDS, Listing
from directory.publishing.csv_export import write_cells
from directory.sources.template import COLUMNS, read_cells

EMPTY = Listing("", "", "", "")


@dataclass(frozen=True)
class Field:
    """One column. `how` is "text", "long", "one" (of `options`), "some" (of them) or "yes"."""

    name: str
    label: str
    hint: str = ""
    how: str = "text"
    options: tuple[str, ...] = ()
    needed: bool = False


GROUPS: tuple[tuple[str, tuple[Field, ...]], ...] = (
    (
        "What it is",
        (
            Field("name", "Name", needed=True),
            Field("kind", "Kind", "", "one", KINDS, needed=True),
            Field(
                "description",
                "Description",
                "What happens there, and what it is like to come for the first time.",
                "long",
                needed=True,
            ),
            Field("organisation", "Who runs it"),
            Field("topics", "Topics", "Several with semicolons: gardening; company"),
        ),
    ),
    (
        "Where",
        (
            Field("venue", "Building or place"),
            Field("address", "Street and town"),
            Field("neighbourhood", "Neighbourhood"),
            Field("postcode", "Postcode"),
            Field("latitude", "Latitude", "Such as 53.9012"),
            Field("longitude", "Longitude", "Such as 1.2979"),
            Field("covers", "Area covered", "If it has no single place."),
            Field("online", "It can be joined online", "", "yes"),
            Field(
                "confidential",
                "Its place is kept private",
                "As for a refuge. Every place of it is deleted here for good.",
                "yes",
            ),
        ),
    ),
    (
        "When",
        (
            Field("days", "Days", "", "some", DAYS),
            Field("repeats", "How often", "", "one", REPEATS),
            Field("start_time", "Starts at", "Such as 09:30"),
            Field("end_time", "Ends at"),
            Field("starts", "First day", "Such as 2026-10-01"),
            Field("ends", "Last day"),
            Field("when", "More about the times", "Such as: not in August"),
        ),
    ),
    (
        "Who can come",
        (
            Field("audience", "Who it is for", "Several with semicolons: women; carers"),
            Field("minimum_age", "Lowest age"),
            Field("maximum_age", "Highest age"),
            Field("eligibility", "Who may use it"),
            Field("accessibility", "Access", "Such as step-free; hearing loop"),
            Field("languages", "Languages"),
            Field("cost", "What it costs, in words"),
            Field("cost_amount", "What it costs, in pounds", "0 if it is free"),
        ),
    ),
    (
        "Getting in touch",
        (
            Field("how_to_join", "How to join"),
            Field("phone", "Phone"),
            Field("email", "E-mail"),
            Field("website", "Website", "Beginning with https://"),
            Field("skills_wanted", "What volunteers are asked for"),
            Field("commitment", "How much time that takes"),
        ),
    ),
    (
        "For the directory",
        (
            Field("status", "State", "", "one", STATUSES),
            Field("alert", "News to be seen first"),
            Field("assured_date", "Last checked", "Such as 2026-10-01"),
            Field("strands", "Families of community-centred approaches", "", "some", STRANDS),
            Field("assets", "Kinds of asset", "", "some", ASSETS),
        ),
    ),
)
FIELDS = {field.name: field for _, fields in GROUPS for field in fields}
# What a group's own contact may say: the rest is the navigators'.
CONTACTS_OWN = frozenset(FIELDS) - {
    "kind",
    "strands",
    "assets",
    "latitude",
    "longitude",
    "confidential",
    "assured_date",
}

_PLACE = frozenset({"venue", "address", "neighbourhood", "postcode", "latitude", "longitude"})
_TIME = frozenset({"days", "repeats", "start_time", "end_time", "starts", "ends", "when"})
_COLUMN = re.compile(r"^column '(\w+)':?\s*")
_OTHERS = {"its name": "name", "its description": "description", "its lowest": "minimum_age"}


def read_form(
    visit: RequestContext, before: Listing, allowed: frozenset[str] = frozenset(FIELDS)
) -> tuple[Listing, dict[str, str], dict[str, str]]:
    """What was filled in: the listing, the form's cells, and what is wrong by field.

    Only `allowed` fields are read; the others stay as they were `before`. The name "" stands for
    what is wrong with no single field.
    """
    shown = write_cells(before)
    cells = {
        column: _read_field(visit, column) if column in allowed else shown[column]
        for column in COLUMNS
        if column != "id"
    }
    # An empty choice is that there was no choice.
    shown["status"] = shown["status"] or STATUSES[0]
    touched = {column for column, cell in cells.items() if cell != shown[column]}
    after, complaints = read_cells(cells, before.key)
    wrong: dict[str, str] = {}
    for complaint in complaints:
        column, said = _place_complaint(complaint)
        # What a source wrote long ago is no mistake of whoever mends something else.
        if column in touched or before == EMPTY or (column in _PLACE and touched & _PLACE):
            wrong.setdefault(column, said)
    return _take(before, after, touched), cells, wrong


def _read_field(visit: RequestContext, column: str) -> str:
    field = FIELDS[column]
    if field.how == "some":
        return "; ".join(one for one in field.options if one in visit.texts(column))
    return visit.text(column).replace("\r\n", "\n")


def _place_complaint(complaint: str) -> tuple[str, str]:
    if found := _COLUMN.match(complaint):
        said = complaint[found.end() :]
        return found[1], f"{FIELDS[found[1]].label}: {said}" if found[1] in FIELDS else complaint
    column = next((name for start, name in _OTHERS.items() if complaint.startswith(start)), "")
    if not column and complaint.startswith(("latitude", "longitude", "a coordinate")):
        column = "latitude"
    return column, complaint[:1].upper() + complaint[1:]


def _take(before: Listing, after: Listing, touched: set[str]) -> Listing:
    values: dict[str, Any] = {
        column: getattr(after, column) for column in touched - _PLACE - _TIME if column != "id"
    }
    # The form shows the first place and the first time: the others stay.
    if touched & _PLACE:
        values["places"] = (*after.places, *before.places[1:])
    if touched & _TIME:
        values["schedules"] = (*after.schedules, *before.schedules[1:])
    return replace(before, **values)
