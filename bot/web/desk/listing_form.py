"""The form for a listing: the columns of the CSV template, in groups.

Owns labels and hints. The rules for a value are in `template`, so a form and a spreadsheet are read
alike. A field that nobody changed keeps its value, even if the form cannot show that value.
"""

import re
from dataclasses import dataclass, replace
from typing import Any

from bot.web.desk.auth import RequestContext
from directory.listing import ASSETS, DAYS, KINDS, REPEATS, STATUSES, STRANDS, Listing
from directory.publishing.csv_export import write_cells
from directory.sources.template import COLUMNS, read_cells

EMPTY_LISTING = Listing("", "", "", "")


@dataclass(frozen=True)
class Field:
    """One column. `control` is "input", "textarea", "select", "checkboxes" or "checkbox".

    `options` are those of a select or of checkboxes.
    """

    name: str
    label: str
    hint: str = ""
    control: str = "input"
    options: tuple[str, ...] = ()
    required: bool = False


FIELD_GROUPS: tuple[tuple[str, tuple[Field, ...]], ...] = (
    (
        "About",
        (
            Field("name", "Name", required=True),
            Field("kind", "Kind", "", "select", KINDS, required=True),
            Field(
                "description",
                "Description",
                "What happens there, and what a first visit is like.",
                "textarea",
                required=True,
            ),
            Field("organisation", "Organisation", "Who runs it."),
            Field("topics", "Topics", "Separate with semicolons: gardening; company"),
        ),
    ),
    (
        "Where",
        (
            Field("venue", "Building or place"),
            Field("address", "Street and town"),
            Field("neighbourhood", "Neighbourhood"),
            Field("postcode", "Postcode"),
            Field("latitude", "Latitude", "For example 53.9012"),
            Field("longitude", "Longitude", "For example 1.2979"),
            Field("covers", "Area covered", "If there is no single place."),
            Field("online", "People can join online", "", "checkbox"),
            Field(
                "confidential",
                "Keep the place private",
                "For example for a refuge. Its address and location are deleted permanently.",
                "checkbox",
            ),
        ),
    ),
    (
        "When",
        (
            Field("days", "Days", "", "checkboxes", DAYS),
            Field("repeats", "How often", "", "select", REPEATS),
            Field("start_time", "Start time", "For example 09:30"),
            Field("end_time", "End time"),
            Field("starts", "First day", "For example 2026-10-01"),
            Field("ends", "Last day"),
            Field("when", "More about the times", "For example: not in August"),
        ),
    ),
    (
        "Who can come",
        (
            Field("audience", "Who it is for", "Separate with semicolons: women; carers"),
            Field("minimum_age", "Minimum age"),
            Field("maximum_age", "Maximum age"),
            Field("eligibility", "Who can use it"),
            Field("accessibility", "Access", "Separate with semicolons: step-free; hearing loop"),
            Field("languages", "Languages"),
            Field("cost", "Cost, in words"),
            Field("cost_amount", "Cost, in pounds", "0 if it is free."),
        ),
    ),
    (
        "Contact",
        (
            Field("how_to_join", "How to join"),
            Field("phone", "Phone"),
            Field("email", "Email"),
            Field("website", "Website", "Starts with https://"),
            Field("skills_wanted", "What volunteers do"),
            Field("commitment", "Time volunteers give"),
        ),
    ),
    (
        "For the directory",
        (
            Field("status", "Status", "", "select", STATUSES),
            Field("alert", "Important notice", "Shown first, for example: no session this week"),
            Field("assured_date", "Last checked", "For example 2026-10-01"),
            Field("strands", "Community-centred approaches", "", "checkboxes", STRANDS),
            Field("assets", "Kinds of asset", "", "checkboxes", ASSETS),
        ),
    ),
)
FIELDS = {field.name: field for _, fields in FIELD_GROUPS for field in fields}
# The fields that a group's own contact can change; only navigators change the others.
CONTACT_FIELDS = frozenset(FIELDS) - {
    "kind",
    "strands",
    "assets",
    "latitude",
    "longitude",
    "confidential",
    "assured_date",
}

_PLACE_FIELDS = frozenset(
    {"venue", "address", "neighbourhood", "postcode", "latitude", "longitude"}
)
_TIME_FIELDS = frozenset({"days", "repeats", "start_time", "end_time", "starts", "ends", "when"})
_COLUMN_ERROR = re.compile(r"^column '(\w+)':?\s*")
_ERROR_SUBJECT = re.compile(r"\b(name|description|age|latitude|longitude|coordinate)\b")
_SUBJECT_COLUMNS = {"age": "minimum_age", "longitude": "latitude", "coordinate": "latitude"}


def parse_listing_form(
    context: RequestContext, before: Listing, allowed: frozenset[str] = frozenset(FIELDS)
) -> tuple[Listing, dict[str, str], dict[str, str]]:
    """The listing from the form, the form's cells, and error messages by field name.

    Only `allowed` fields are read; the others stay as in `before`. The field name "" is for errors
    that belong to no single field.
    """
    original = write_cells(before)
    cells = {
        column: _read_field(context, column) if column in allowed else original[column]
        for column in COLUMNS
        if column != "id"
    }
    # A listing without a status is shown with the first one.
    original["status"] = original["status"] or STATUSES[0]
    changed = {column for column, cell in cells.items() if cell != original[column]}
    after, messages = read_cells(cells, before.key)
    errors: dict[str, str] = {}
    for message in messages:
        column, error = _assign_error(message)
        # Errors that were already in the source must not stop a change to another field.
        if (
            column in changed
            or before == EMPTY_LISTING
            or (column in _PLACE_FIELDS and changed & _PLACE_FIELDS)
        ):
            errors.setdefault(column, error)
    return _apply_changes(before, after, changed), cells, errors


def _read_field(context: RequestContext, column: str) -> str:
    field = FIELDS[column]
    if field.control == "checkboxes":
        ticked = context.get_texts(column)
        return "; ".join(option for option in field.options if option in ticked)
    return context.get_text(column).replace("\r\n", "\n")


def _assign_error(message: str) -> tuple[str, str]:
    """The column that an error message of `template` is about, and the message for the form."""
    if match := _COLUMN_ERROR.match(message):
        column, error = match[1], message[match.end() :]
        return column, f"{FIELDS[column].label}: {error}" if column in FIELDS else message
    subject = _ERROR_SUBJECT.search(message)
    column = _SUBJECT_COLUMNS.get(subject[1], subject[1]) if subject else ""
    return column, message[:1].upper() + message[1:]


def _apply_changes(before: Listing, after: Listing, changed: set[str]) -> Listing:
    values: dict[str, Any] = {
        column: getattr(after, column)
        for column in changed - _PLACE_FIELDS - _TIME_FIELDS
        if column != "id"
    }
    # The form shows only the first place and the first time; the others stay as they are.
    if changed & _PLACE_FIELDS:
        values["places"] = (*after.places, *before.places[1:])
    if changed & _TIME_FIELDS:
        values["schedules"] = (*after.schedules, *before.schedules[1:])
    return replace(before, **values)
