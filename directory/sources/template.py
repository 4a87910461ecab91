"""The CSV template that a person can fill in a spreadsheet: see docs/import.md.

Every complaint names the row as the spreadsheet numbers it, and the column.
"""

import csv
import io
from collections import Counter
from collections.abc import Callable, Collection
from datetime import date
from typing import Any

from directory.errors import RowError, SourceError
from directory.importing import Rejected
from directory.listings import (
    ASSETS,
    DAYS,
    KINDS,
    REPEATS,
    STATUSES,
    STRANDS,
    Listing,
    Place,
    Schedule,
)
from directory.places import tidy_postcode
from directory.sources.values import (
    read_age,
    read_amount,
    read_plain,
    read_point,
    read_text,
    read_time,
    read_website,
    require_fit,
)

REQUIRED = ("name", "kind", "description")
COLUMNS = (
    "id name kind description organisation strands assets topics website email phone venue "
    "address neighbourhood postcode latitude longitude covers online days repeats start_time "
    "end_time when cost cost_amount accessibility audience minimum_age maximum_age languages "
    "skills_wanted commitment status alert confidential assured_date"
).split()
# Kept as they are: markup has no business in them, and `&` has.
_VERBATIM = ("id", "website", "email")
_PLACE = ("venue", "address", "neighbourhood", "postcode", "latitude", "longitude")
_YES_OR_NO = {"yes": True, "y": True, "true": True, "no": False, "n": False, "false": False}
_SEPARATORS = {";": "semicolons", "\t": "tabs"}


def recognise(text: str) -> bool:
    """Whether the first line names the columns that every row must have."""
    return set(REQUIRED) <= set(_read_header(text, ","))


def find_separator(text: str) -> str:
    """What parts the cells, in words, if it is not the comma; empty if it is no such sheet."""
    for separator, words in _SEPARATORS.items():
        if set(REQUIRED) <= set(_read_header(text, separator)):
            return words
    return ""


def _read_header(text: str, separator: str) -> list[str]:
    # Only the beginning: the whole may be anything, and very long.
    try:
        cells = next(csv.reader(io.StringIO(text[:10_000], newline=""), delimiter=separator), [])
    except csv.Error:
        return []
    return [_column(name) for name in cells]


def read_rows(text: str, source: str) -> list[Listing | Rejected]:
    """Every row of the sheet.

    Raises SourceError for a sheet that is cut short, and for a column that is not in
    the template or is there twice.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header = [_column(name) for name in next(reader)]
    if unknown := [name for name in header if name and name not in COLUMNS]:
        raise SourceError(
            f"{source}: no column is called {', '.join(map(repr, unknown))}. "
            "Rename it as docs/import.md does, or delete it."
        )
    if twice := [name for name, times in Counter(filter(None, header)).items() if times > 1]:
        raise SourceError(f"{source}: the column {twice[0]!r} is there twice. Delete one.")
    rows: list[Listing | Rejected] = []
    short = False
    try:
        for cells in reader:
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


def _column(name: str) -> str:
    return name.strip().lower().replace(" ", "_")


def _read_row(header: list[str], cells: list[str], line: int) -> Listing | Rejected:
    row = {
        column: read_plain(cell) if column in _VERBATIM else read_text(cell)
        for column, cell in zip(header, cells, strict=False)
    }
    name = row.get("name", "")
    key = row.get("id") or f"{name} / {row.get('organisation', '')}"
    try:
        if len(cells) > len(header):
            # Which cell holds an address is anybody's guess: none is kept.
            row = {"name": name}
            raise RowError("it has more cells than there are columns")
        return require_fit(_Row(row).read(key))
    except RowError as error:
        # Until the row is mended nobody knows whether its place may be kept.
        content = {column: text for column, text in row.items() if column not in _PLACE}
        return Rejected(key[:200], name[:200], f"row ending on line {line}: {error}", content)


class _Row:
    """One row's cells by column, read with complaints that name the column."""

    def __init__(self, cells: dict[str, str]) -> None:
        self._cells = cells

    def read(self, key: str) -> Listing:
        for column in REQUIRED:
            if not self.text(column):
                raise RowError(f"column {column!r} is empty")
        confidential = self.flag("confidential")
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
            email=self.text("email"),
            phone=self.text("phone"),
            # Not even read: a complaint about a coordinate would quote it.
            places=() if confidential else self.places(),
            covers=self.text("covers"),
            online=self.flag("online"),
            schedules=self.schedules(),
            cost=self.text("cost"),
            cost_amount=self.value("cost_amount", read_amount, "an amount in pounds such as 2.50"),
            accessibility=self.texts("accessibility"),
            audience=self.texts("audience"),
            minimum_age=read_age(self.text("minimum_age"), "column 'minimum_age'"),
            maximum_age=read_age(self.text("maximum_age"), "column 'maximum_age'"),
            languages=self.texts("languages"),
            skills_wanted=self.texts("skills_wanted"),
            commitment=self.text("commitment"),
            status=self.one_of("status", STATUSES) or "open",
            alert=self.text("alert"),
            confidential=confidential,
            assured_date=self.value("assured_date", _read_day, "a date such as 2026-10-01"),
        )

    def text(self, column: str) -> str:
        return self._cells.get(column, "")

    def texts(self, column: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in self.text(column).split(";") if part.strip())

    def one_of(self, column: str, allowed: Collection[str]) -> str:
        value = self.text(column).lower()
        if value and value not in allowed and value.replace(" ", "_") not in allowed:
            raise RowError(f"column {column!r} says {value!r}; use one of {', '.join(allowed)}")
        return value

    def some_of(self, column: str, allowed: Collection[str]) -> tuple[str, ...]:
        values = tuple(text.lower().replace(" ", "_") for text in self.texts(column))
        if wrong := [value for value in values if value not in allowed]:
            raise RowError(f"column {column!r} says {wrong[0]!r}; use {', '.join(allowed)}")
        return values

    def flag(self, column: str) -> bool:
        text = self.text(column).lower()
        if text and text not in _YES_OR_NO:
            raise RowError(f"column {column!r} says {text[:40]!r}; write yes or no")
        return _YES_OR_NO.get(text, False)

    def value(self, column: str, read: Callable[[str], Any], what: str) -> Any:
        text = self.text(column)
        value = read(text) if text else None
        if text and value is None:
            raise RowError(f"column {column!r} says {text[:40]!r}; write {what}")
        return value

    def website(self) -> str:
        return str(
            self.value("website", _read_link, "an address such as https://example.org") or ""
        )

    def places(self) -> tuple[Place, ...]:
        place = Place(
            venue=self.text("venue"),
            address=self.text("address"),
            neighbourhood=self.text("neighbourhood"),
            postcode=tidy_postcode(self.text("postcode")),
            point=read_point(self.text("latitude"), self.text("longitude")),
        )
        return () if place == Place() else (place,)

    def schedules(self) -> tuple[Schedule, ...]:
        days = tuple(self._day(text) for text in self.texts("days"))
        schedule = Schedule(
            days=days,
            repeats=self.one_of("repeats", REPEATS),
            opens_at=self.value("start_time", read_time, "a time such as 09:30"),
            closes_at=self.value("end_time", read_time, "a time such as 09:30"),
            description=self.text("when"),
        )
        return () if schedule == Schedule() else (schedule,)

    def _day(self, text: str) -> str:
        for day in DAYS:
            if len(text) >= 3 and day.lower().startswith(text.lower().rstrip("s")):
                return day
        raise RowError(f"column 'days' says {text!r}; write days such as Tuesday; Thursday")


def _read_link(text: str) -> str | None:
    return read_website(text) or None


def _read_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
