"""The CSV template for spreadsheets: header, cells and rows. See docs/reference/csv-template.md.

Every fault names the row, as the spreadsheet numbers it, and the column.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping

from directory.errors import RowError, SourceError
from directory.listing import Listing
from directory.rejected import RejectedRow
from directory.sources.csv_rows import read_csv_rows
from directory.sources.fields import (
    Faults,
    may_be_confidential,
    read_string,
    read_text,
    validate_listing,
)
from directory.sources.template_row import REQUIRED, TemplateRow
from directory.text import unescape_cell

COLUMNS = (
    "id name kind description organisation strands assets topics website email phone venue "
    "address neighbourhood postcode latitude longitude covers online days repeats start_time "
    "end_time starts ends when cost cost_amount accessibility audience minimum_age "
    "maximum_age eligibility how_to_join languages skills_wanted commitment status alert "
    "confidential assured_date"
).split()
# Read without removing markup: an `&` in these is part of the value.
_VERBATIM = ("id", "website", "email")
_PLACE_COLUMNS = ("venue", "address", "neighbourhood", "postcode", "latitude", "longitude")
# An unclosed quotation mark makes one cell of the rest of the sheet. The csv module has a limit
# too, but any library may lift it for the whole process.
_MAX_CELL_LENGTH = 100_000
_MAX_NAMED_COLUMNS = 10
_SEPARATORS = {";": "semicolons", "\t": "tabs"}


def can_read(text: str) -> bool:
    """Whether the first line names all required columns."""
    return set(REQUIRED) <= set(_read_header(text, ","))


def find_separator(text: str) -> str:
    """The cells' separator, in words, if it is not the comma; empty if this is no template."""
    for separator, words in _SEPARATORS.items():
        if set(REQUIRED) <= set(_read_header(text, separator)):
            return words
    return ""


def _read_header(text: str, separator: str) -> list[str]:
    # Only the beginning: the text may be anything, and very long.
    try:
        cells = next(csv.reader(io.StringIO(text[:10_000], newline=""), delimiter=separator), [])
    except csv.Error:
        return []
    return [_normalise_column(name) for name in cells]


def read_rows(text: str, source: str) -> Iterator[Listing | RejectedRow]:
    """Read the rows of the sheet, one at a time.

    Raises SourceError, while iterating, if the sheet is cut short, or has a column that is not in
    the template or occurs twice.
    """
    rows = read_csv_rows(text, source)
    line, first_cells = next(rows)
    header = [_normalise_column(name) for name in first_cells]
    if unknown := [name for name in header if name and name not in COLUMNS]:
        raise SourceError(
            f"{source} has a column that the template lacks: {_quote_first(unknown)}. "
            "Rename it as in docs/reference/csv-template.md, or delete it."
        )
    if repeated := [name for name, count in Counter(filter(None, header)).items() if count > 1]:
        raise SourceError(f"{source} has the column {repeated[0]!r} twice. Delete one.")
    is_short = False
    for line, cells in rows:
        if any(len(cell) > _MAX_CELL_LENGTH for cell in cells):
            raise SourceError(
                f"{source}, line {line}: a cell is longer than {_MAX_CELL_LENGTH:,} characters. "
                "Is a quotation mark missing?"
            )
        is_short = len(cells) < len(header)
        yield _read_row(header, cells, line)
    if is_short and not text.endswith(("\n", "\r")):
        raise SourceError(f"{source} is cut short in line {line}. Fetch or save it again.")


def _quote_first(names: list[str]) -> str:
    quoted = [repr(name[:40]) for name in names[:_MAX_NAMED_COLUMNS]]
    return ", ".join(quoted) + (" and more" if len(names) > _MAX_NAMED_COLUMNS else "")


def read_cells(cells: Mapping[str, str], key: str) -> tuple[Listing, list[str]]:
    """A listing from cells by column, as a form sends them, and every fault in them.

    If there are faults, the listing holds what could be read.
    """
    faults = Faults()
    row = {
        column: faults.read(_read_cell, column, cell, default="") for column, cell in cells.items()
    }
    listing = TemplateRow(row, faults).read(key)
    faults.read(validate_listing, listing, default=listing)
    return listing, faults.reasons


def _normalise_column(name: str) -> str:
    return name.strip().lower().replace(" ", "_")


def _read_row(header: list[str], cells: list[str], line: int) -> Listing | RejectedRow:
    faults = Faults()
    row = {
        column: faults.read(_read_cell, column, cell, default="")
        for column, cell in zip(header, map(unescape_cell, cells), strict=False)
    }
    name = row.get("name", "")
    key = row.get("id") or f"{name} / {row.get('organisation', '')}"
    confidential = _may_be_confidential(header, cells)
    if faults.is_rejected:
        # A cell that was not read would count as empty: further faults would be wrong.
        pass
    elif len(cells) > len(header):
        # Any cell may hold an address, so only the name is stored.
        row = {"name": name}
        faults.reject(
            "it has more cells than columns; put quotation marks around cells with commas"
        )
    else:
        listing = TemplateRow(row, faults).read(key)
        listing = faults.read(validate_listing, listing, default=listing)
        if not faults.is_rejected:
            return listing
    # The row may be confidential: its place is not stored until the row is corrected.
    content = {column: text for column, text in row.items() if column not in _PLACE_COLUMNS}
    reason = f"row ending on line {line}: {faults}"
    return RejectedRow(key[:200], name[:200], reason, content, confidential=confidential)


def _read_cell(column: str, cell: str) -> str:
    try:
        return read_string(cell) if column in _VERBATIM else read_text(cell)
    except RowError as error:
        raise RowError(f"column {column!r}: {error}") from None


def _may_be_confidential(header: list[str], cells: list[str]) -> bool:
    if "confidential" not in header:
        return False
    column = header.index("confidential")
    # Unquoted commas move the cell to the right, at most by the number of surplus cells.
    extra = max(0, len(cells) - len(header))
    return any(map(may_be_confidential, cells[column : column + 1 + extra]))
