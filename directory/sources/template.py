"""The CSV template for spreadsheets: see docs/reference/csv-template.md.

Every fault names the row, as the spreadsheet numbers it, and the column.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Any

from directory.errors import RowError, SourceError
from directory.listing import (
    ASSETS,
    KINDS,
    REPEATS,
    STATUSES,
    STRANDS,
    Listing,
    Place,
    Schedule,
)
from directory.places import normalise_postcode
from directory.rejected import RejectedRow
from directory.sources.csv_cells import (
    read_cost_cell,
    read_date_cell,
    read_days_cell,
    read_email_cell,
    read_website_cell,
)
from directory.sources.fields import (
    Faults,
    may_be_confidential,
    read_age,
    read_point,
    read_string,
    read_text,
    read_time,
    validate_listing,
)
from directory.text import FORMULA_START

REQUIRED = ("name", "kind", "description")
COLUMNS = (
    "id name kind description organisation strands assets topics website email phone venue "
    "address neighbourhood postcode latitude longitude covers online days repeats start_time "
    "end_time starts ends when cost cost_amount accessibility audience minimum_age "
    "maximum_age eligibility how_to_join languages skills_wanted commitment status alert "
    "confidential assured_date"
).split()
# Read without removing markup: an `&` in these is meant.
_VERBATIM = ("id", "website", "email")
_PLACE_COLUMNS = ("venue", "address", "neighbourhood", "postcode", "latitude", "longitude")
_YES_OR_NO = {"yes": True, "y": True, "true": True, "no": False, "n": False, "false": False}
_ESCAPED_FORMULA = re.compile(f"'{FORMULA_START.pattern}")
# An unclosed quotation mark takes in the rest of the sheet. The csv module has such a limit too,
# but any library may lift it for the whole process.
_MAX_CELL_LENGTH = 100_000
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


def read_rows(text: str, source: str) -> list[Listing | RejectedRow]:
    """Read every row of the sheet.

    Raises SourceError if the sheet is cut short, or has a column that is not in the template or
    occurs twice.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header = [_normalise_column(name) for name in next(reader)]
    if unknown := [name for name in header if name and name not in COLUMNS]:
        raise SourceError(
            f"{source}: no column is called {', '.join(map(repr, unknown))}. "
            "Rename it as docs/reference/csv-template.md does, or delete it."
        )
    if twice := [name for name, times in Counter(filter(None, header)).items() if times > 1]:
        raise SourceError(f"{source}: the column {twice[0]!r} is there twice. Delete one.")
    rows: list[Listing | RejectedRow] = []
    short = False
    try:
        for cells in reader:
            if any(len(cell) > _MAX_CELL_LENGTH for cell in cells):
                raise SourceError(
                    f"{source}, line {reader.line_num}: a cell is longer than "
                    f"{_MAX_CELL_LENGTH:,} characters. Is a quotation mark missing?"
                )
            if any(cell.strip() for cell in cells):
                rows.append(_read_row(header, cells, reader.line_num))
                short = len(cells) < len(header)
    except csv.Error as error:
        raise SourceError(f"{source}, line {reader.line_num}: {error}. Is it cut short?") from None
    if short and not text.endswith(("\n", "\r")):
        raise SourceError(
            f"{source} is cut short in line {reader.line_num}. Fetch or save it again."
        )
    return rows


def read_cells(cells: Mapping[str, str], key: str) -> tuple[Listing, list[str]]:
    """A listing from cells by column, as a form sends them, and every fault in them.

    If there are faults, the listing holds what could be read.
    """
    faults = Faults()
    row = {
        column: faults.read(_read_cell, column, cell, default="") for column, cell in cells.items()
    }
    listing = _Row(row, faults).read(key)
    faults.read(validate_listing, listing, default=listing)
    return listing, faults.reasons


def _normalise_column(name: str) -> str:
    return name.strip().lower().replace(" ", "_")


def _read_row(header: list[str], cells: list[str], line: int) -> Listing | RejectedRow:
    faults = Faults()
    row = {
        column: faults.read(_read_cell, column, cell, default="")
        for column, cell in zip(header, map(_remove_escape, cells), strict=False)
    }
    name = row.get("name", "")
    key = row.get("id") or f"{name} / {row.get('organisation', '')}"
    confidential = _may_be_confidential(header, cells)
    if faults.is_rejected:
        # A cell that was not read would count as empty: further faults would be wrong.
        pass
    elif len(cells) > len(header):
        # Nobody knows which cell holds an address: none is stored.
        row = {"name": name}
        faults.reject("it has more cells than there are columns")
    else:
        listing = _Row(row, faults).read(key)
        fit = faults.read(validate_listing, listing, default=listing)
        if not faults.is_rejected:
            return fit
    # Until the row is corrected, nobody knows whether its place may be stored.
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
    # Unquoted commas move it to the right, by as many cells as there are too many.
    extra = max(0, len(cells) - len(header))
    return any(map(may_be_confidential, cells[column : column + 1 + extra]))


def _remove_escape(cell: str) -> str:
    """The cell without the apostrophe that keeps a spreadsheet from taking it for a formula."""
    return cell[1:] if _ESCAPED_FORMULA.match(cell) else cell


class _Row:
    """The cells of one row by column, with all faults, each naming its column."""

    def __init__(self, cells: dict[str, str], faults: Faults) -> None:
        self._cells = cells
        self._faults = faults

    def read(self, key: str) -> Listing:
        for column in REQUIRED:
            if not self.text(column):
                self._faults.reject(f"column {column!r} is empty")
        confidential = self.flag("confidential") or may_be_confidential(self.text("confidential"))
        return Listing(
            key=key,
            name=self.text("name"),
            kind=self.one_of("kind", KINDS).replace(" ", "_"),
            description=self.text("description"),
            organisation=self.text("organisation"),
            strands=self.some_of("strands", STRANDS),
            assets=self.some_of("assets", ASSETS),
            topics=self.texts("topics"),
            website=self.website(),
            email=self.value("email", read_email_cell, "an address such as tea@example.org") or "",
            phone=self.text("phone"),
            # Not even read: a fault in a coordinate would quote it.
            places=() if confidential else self.places(),
            covers=self.text("covers"),
            online=self.flag("online"),
            schedules=self.schedules(),
            cost=self.text("cost"),
            cost_amount=self.value(
                "cost_amount", read_cost_cell, "an amount in pounds such as 2.50"
            ),
            accessibility=self.texts("accessibility"),
            audience=self.texts("audience"),
            minimum_age=self.age("minimum_age"),
            maximum_age=self.age("maximum_age"),
            eligibility=self.text("eligibility"),
            how_to_join=self.text("how_to_join"),
            languages=self.texts("languages"),
            skills_wanted=self.texts("skills_wanted"),
            commitment=self.text("commitment"),
            status=self.one_of("status", STATUSES) or "open",
            alert=self.text("alert"),
            confidential=confidential,
            assured_date=self.value("assured_date", read_date_cell, "a date such as 2026-10-01"),
        )

    def text(self, column: str) -> str:
        return self._cells.get(column, "")

    def texts(self, column: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in self.text(column).split(";") if part.strip())

    def one_of(self, column: str, allowed: Collection[str]) -> str:
        value = self.text(column).lower()
        if value and value not in allowed and value.replace(" ", "_") not in allowed:
            self._faults.reject(
                f"column {column!r} says {value[:40]!r}; use one of {', '.join(allowed)}"
            )
            return ""
        return value

    def some_of(self, column: str, allowed: Collection[str]) -> tuple[str, ...]:
        values = tuple(text.lower().replace(" ", "_") for text in self.texts(column))
        if wrong := [value for value in values if value not in allowed]:
            self._faults.reject(
                f"column {column!r} says {wrong[0][:40]!r}; use {', '.join(allowed)}"
            )
            return ()
        return values

    def age(self, column: str) -> int | None:
        text = self.text(column)
        return self._faults.read(read_age, text, f"column {column!r}", default=None)

    def flag(self, column: str) -> bool:
        text = self.text(column).lower()
        if text and text not in _YES_OR_NO:
            self._faults.reject(f"column {column!r} says {text[:40]!r}; write yes or no")
        return _YES_OR_NO.get(text, False)

    def value(self, column: str, read: Callable[[str], Any], expected: str) -> Any:
        text = self.text(column)
        value = read(text) if text else None
        if text and value is None:
            self._faults.reject(f"column {column!r} says {text[:40]!r}; write {expected}")
        return value

    def website(self) -> str:
        return str(
            self.value("website", read_website_cell, "an address such as https://example.org") or ""
        )

    def places(self) -> tuple[Place, ...]:
        place = Place(
            venue=self.text("venue"),
            address=self.text("address"),
            neighbourhood=self.text("neighbourhood"),
            postcode=normalise_postcode(self.text("postcode")),
            point=self._faults.read(
                read_point, self.text("latitude"), self.text("longitude"), default=None
            ),
        )
        return () if place == Place() else (place,)

    def schedules(self) -> tuple[Schedule, ...]:
        days = self.value("days", read_days_cell, "days such as Tuesday; Thursday") or ()
        starts = self.value("starts", read_date_cell, "a date such as 2026-10-01")
        ends = self.value("ends", read_date_cell, "a date such as 2026-10-01")
        if starts and ends and ends < starts:
            self._faults.reject("column 'ends' is before column 'starts'")
        opens, closes = (
            self.value(column, read_time, "a time such as 09:30")
            for column in ("start_time", "end_time")
        )
        if opens and closes and closes < opens:
            self._faults.reject("column 'end_time' is before column 'start_time'")
        schedule = Schedule(
            days=days,
            repeats=self.one_of("repeats", REPEATS),
            opens_at=opens,
            closes_at=closes,
            description=self.text("when"),
            starts=starts,
            ends=ends,
        )
        if schedule.repeats in ("once", "monthly") and not starts:
            self._faults.reject(
                f"column 'starts' is empty; what is on {schedule.repeats} needs one"
            )
        return () if schedule == Schedule() else (schedule,)
