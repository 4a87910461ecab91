"""Open Referral's tabular data packages: one CSV file per table, joined into whole services.

Owns the relations between the tables, in version 3 and under the names of older versions.
`openreferral` reads the joined services.
"""

from collections.abc import Iterator
from typing import Any

from directory.errors import SourceError
from directory.listing import Listing
from directory.rejected import RejectedRow
from directory.sources.archives import Files
from directory.sources.csv_rows import read_csv_rows
from directory.sources.limits import Limits, ValueCounter
from directory.sources.openreferral import read_services

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
# The child tables of each parent, the parents nearest to the service first.
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


def read_rows(files: Files, source: str, limits: Limits) -> Iterator[Listing | RejectedRow]:
    """Read the services of a package, one at a time.

    Raises SourceError for a table that cannot be read or a package that holds too much.
    """
    names = {other: name for name, others in _NAMES.items() for other in (name, *others.split())}
    tables: dict[str, Table] = {name: [] for name in _NAMES}
    counter = ValueCounter(limits, source)
    for file_name, text in files.items():
        table = names.get(file_name)
        if not table or tables[table]:
            continue
        for row in _read_table(text, f"{source}: the table {file_name}"):
            tables[table].append(row)
            counter.add(row)
    return read_services(_join_tables(tables), source, limits)


def _read_table(text: str, name: str) -> Iterator[Json]:
    rows = read_csv_rows(text, name)
    _, header = next(rows, (0, []))
    header = [column.strip().lower() for column in header]
    if header and "id" not in header:
        raise SourceError(f"{name} has no column `id` in its first line.")
    for line, cells in rows:
        if len(cells) != len(header):
            raise SourceError(
                f"{name}, line {line}: a row of {len(cells)} cells under {len(header)} columns "
                f"({cells[0][:40]!r}): it is cut short, or a comma is not quoted."
            )
        yield _read_cells(header, cells)


def _read_cells(header: list[str], cells: list[str]) -> Json:
    row = {column: cell.strip() for column, cell in zip(header, cells, strict=True)}
    return {
        column: _parse_number(cell) if column in _NUMBERS else cell
        for column, cell in row.items()
        if cell and column
    }


def _parse_number(cell: str) -> Any:
    # Anything else stays as it is: the reading of the service reports it.
    try:
        return int(cell) if cell.lstrip("-").isdecimal() else float(cell)
    except ValueError:
        return cell


def _join_tables(tables: dict[str, Table]) -> Table:
    terms = _index_by_id(tables["taxonomy_terms"])
    taxonomies = _index_by_id(tables["taxonomies"])
    for term in tables["taxonomy_terms"]:
        taxonomy = taxonomies.get(str(term.get("taxonomy_id")), {})
        if name := taxonomy.get("name"):
            term.setdefault("taxonomy", name)
    for table in ("attributes", "service_taxonomys"):
        for row in tables[table]:
            if row_term := terms.get(str(row.pop("taxonomy_term_id", ""))):
                row["taxonomy_term"] = row_term
    unattached = {name: list(table) for name, table in tables.items()}
    for parent, children in _CHILDREN.items():
        for child in children:
            unattached[child] = _attach_children(
                tables[f"{parent}s"], unattached[child], f"{parent}_id", child
            )
    _attach_children(tables["services"], tables["attributes"], "link_id", "attributes")
    locations = _index_by_id(tables["locations"])
    for row in tables["service_at_locations"]:
        if location := locations.get(str(row.pop("location_id", ""))):
            row["location"] = location
    _attach_children(
        tables["services"], tables["service_at_locations"], "service_id", "service_at_locations"
    )
    organisations = _index_by_id(tables["organizations"])
    for name in set(tables) - {"services"}:
        for row in tables[name]:
            # The joined rows no longer need their links.
            for link in _LINKS:
                row.pop(link, None)
    for service in tables["services"]:
        if organisation := organisations.get(str(service.get("organization_id"))):
            service["organization"] = organisation
    return tables["services"]


def _attach_children(parents: Table, children: Table, column: str, field: str) -> Table:
    """Put each child into `field` of the parent that its `column` names; return the others."""
    parents_by_id = _index_by_id(parents)
    unattached: Table = []
    for child in children:
        if parent := parents_by_id.get(str(child.get(column))):
            parent.setdefault(field, []).append(child)
        else:
            unattached.append(child)
    return unattached


def _index_by_id(table: Table) -> dict[str, Json]:
    return {str(row["id"]): row for row in table if "id" in row}
