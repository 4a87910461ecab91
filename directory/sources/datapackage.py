"""Open Referral's tabular data packages: one CSV a table, joined into whole services.

Knows how the tables hang together, in version 3 and in the names of older ones; what a service
means is left to `openreferral`.
"""

import csv
import io
from typing import Any

from directory.errors import SourceError
from directory.listing import Listing
from directory.rejected import RejectedRow
from directory.sources.archives import Files
from directory.sources.openreferral import read_service

Json = dict[str, Any]
Table = list[Json]

# Each table's name in the standard's JSON, and the other names that packages give it.
_NAMES = {
    "organizations": "organization",
    "services": "service",
    "attributes": "attribute",
    "service_at_locations": "service_at_location services_at_location",
    "locations": "location",
    "phones": "phone",
    "contacts": "contact",
    "addresses": "address physical_address physical_addresses",
    "schedules": "schedule regular_schedule regular_schedules",
    "service_areas": "service_area",
    "languages": "language",
    "accessibility": "accessibility_for_disabilities",
    "taxonomy_terms": "taxonomy_term",
    "taxonomies": "taxonomy",
    "cost_options": "cost_option",
    "organization_identifiers": "organization_identifier",
    "funding": "fundings",
    "service_taxonomys": "service_taxonomy service_taxonomies services_taxonomy",
    "eligibilitys": "eligibility eligibilities",
}
# What hangs on what, the nearest to the service first: the parent, and the children's tables.
_CHILDREN = {
    "service": (
        "contacts phones schedules service_areas languages funding cost_options "
        "service_taxonomys eligibilitys"
    ).split(),
    "contact": ("phones",),
    "service_at_location": ("phones", "contacts", "schedules"),
    "location": ("addresses", "accessibility", "phones", "contacts", "languages", "schedules"),
    "organization": ("contacts", "phones", "organization_identifiers", "funding"),
}
_LINKS = (
    "service_id contact_id service_at_location_id location_id organization_id link_id"
).split()
_NUMBERS = "minimum_age maximum_age latitude longitude amount interval count".split()


def read_rows(files: Files, source: str) -> list[Listing | RejectedRow]:
    """Every service of a package. Raises SourceError for a table that is cut short or no table."""
    known = {other: name for name, others in _NAMES.items() for other in (name, *others.split())}
    tables: dict[str, Table] = {name: [] for name in _NAMES}
    for name, text in files.items():
        if at := known.get(name):
            tables[at] = tables[at] or _read_table(text, f"{source}: the table {name}")
    return [read_service(service) for service in _join(tables)]


def _read_table(text: str, name: str) -> Table:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [column.strip().lower() for column in next(reader, [])]
        rows = [cells for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error as error:
        raise SourceError(
            f"{name} is cut short or no CSV in line {reader.line_num} ({error})."
        ) from None
    if header and "id" not in header:
        raise SourceError(f"{name} has no column `id` in its first line.")
    if wrong := [cells for cells in rows if len(cells) != len(header)]:
        raise SourceError(
            f"{name} has a row of {len(wrong[0])} cells under {len(header)} columns "
            f"({wrong[0][0][:40]!r}): it is cut short, or a comma is not quoted."
        )
    return [_read_cells(header, cells) for cells in rows]


def _read_cells(header: list[str], cells: list[str]) -> Json:
    said = {column: cell.strip() for column, cell in zip(header, cells, strict=True)}
    return {
        column: _number(cell) if column in _NUMBERS else cell
        for column, cell in said.items()
        if cell and column
    }


def _number(cell: str) -> Any:
    # What is no number stays as it is, for the reading of the service to complain of.
    try:
        return int(cell) if cell.lstrip("-").isdecimal() else float(cell)
    except ValueError:
        return cell


def _join(tables: dict[str, Table]) -> Table:
    terms = _by_id(tables["taxonomy_terms"])
    taxonomies = _by_id(tables["taxonomies"])
    for term in tables["taxonomy_terms"]:
        taxonomy = taxonomies.get(str(term.get("taxonomy_id")), {})
        if name := taxonomy.get("name"):
            term.setdefault("taxonomy", name)
    for table in ("attributes", "service_taxonomys"):
        for one in tables[table]:
            if at := terms.get(str(one.pop("taxonomy_term_id", ""))):
                one["taxonomy_term"] = at
    left = {name: list(table) for name, table in tables.items()}
    for parent, children in _CHILDREN.items():
        for child in children:
            left[child] = _hang(tables[f"{parent}s"], left[child], f"{parent}_id", child)
    _hang(tables["services"], tables["attributes"], "link_id", "attributes")
    locations = _by_id(tables["locations"])
    for one in tables["service_at_locations"]:
        if location := locations.get(str(one.pop("location_id", ""))):
            one["location"] = location
    _hang(tables["services"], tables["service_at_locations"], "service_id", "service_at_locations")
    organisations = _by_id(tables["organizations"])
    for name in set(tables) - {"services"}:
        for row in tables[name]:
            # What hung on them hangs now.
            for link in _LINKS:
                row.pop(link, None)
    for service in tables["services"]:
        if organisation := organisations.get(str(service.get("organization_id"))):
            service["organization"] = organisation
    return tables["services"]


def _hang(parents: Table, children: Table, column: str, field: str) -> Table:
    """Put each child into the `field` of the parent that its `column` names; those left over."""
    ids = _by_id(parents)
    left: Table = []
    for child in children:
        if parent := ids.get(str(child.get(column))):
            parent.setdefault(field, []).append(child)
        else:
            left.append(child)
    return left


def _by_id(table: Table) -> dict[str, Json]:
    return {str(one["id"]): one for one in table if "id" in one}
