"""The CSV template that a person can fill in a spreadsheet: see docs/import.md.

Every complaint names the row as the spreadsheet numbers it, and the column.
"""

import csv
import io
import re
from collections.abc import Callable, Collection
from datetime import date, time
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
from directory.sources.openreferral import read_point

REQUIRED = ("name", "kind", "description")
COLUMNS = (
    "id name kind description organisation strands assets topics website email phone venue "
    "address neighbourhood postcode latitude longitude covers online days repeats start_time "
    "end_time when cost cost_amount accessibility audience minimum_age maximum_age languages "
    "skills_wanted commitment status alert confidential assured_date"
).split()


def recognise(text: str) -> bool:
    """Whether the first line names the columns that every row must have."""
    header = next(csv.reader(io.StringIO(text)), [])
    return set(REQUIRED) <= {_column(name) for name in header}


def read_rows(text: str, source: str) -> list[Listing | Rejected]:
    """Every row of the sheet. Raises SourceError for a column that is not in the template."""
    reader = csv.reader(io.StringIO(text), strict=True)
    header = [_column(name) for name in next(reader)]
    if unknown := [name for name in header if name and name not in COLUMNS]:
        raise SourceError(
            f"{source}: no column is called {', '.join(map(repr, unknown))}. "
            "Rename it as docs/import.md does, or delete it."
        )
    rows: list[Listing | Rejected] = []
    try:
        rows.extend(
            _read_row(header, cells, reader.line_num)
            for cells in reader
            if any(cell.strip() for cell in cells)
        )
    except csv.Error as error:
        raise SourceError(f"{source}, line {reader.line_num}: {error}. Is it cut short?") from None
    return rows


def _column(name: str) -> str:
    return name.strip().lower().replace(" ", "_")


def _read_row(header: list[str], cells: list[str], line: int) -> Listing | Rejected:
    row = dict(zip(header, (cell.strip() for cell in cells), strict=False))
    name = row.get("name", "")
    key = row.get("id") or f"{name} / {row.get('organisation', '')}"
    try:
        if len(cells) > len(header):
            raise RowError("it has more cells than there are columns")
        return _Row(row).read(key)
    except RowError as error:
        return Rejected(key, name, f"row ending on line {line}: {error}", row)


class _Row:
    """One row's cells by column, read with complaints that name the column."""

    def __init__(self, cells: dict[str, str]) -> None:
        self._cells = cells

    def read(self, key: str) -> Listing:
        for column in REQUIRED:
            if not self.text(column):
                raise RowError(f"column {column!r} is empty")
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
            places=self.places(),
            covers=self.text("covers"),
            online=self.flag("online"),
            schedules=self.schedules(),
            cost=self.text("cost"),
            cost_amount=self.value("cost_amount", _money, "an amount in pounds such as 2.50"),
            accessibility=self.texts("accessibility"),
            audience=self.texts("audience"),
            minimum_age=self.value("minimum_age", int, "a whole number of years"),
            maximum_age=self.value("maximum_age", int, "a whole number of years"),
            languages=self.texts("languages"),
            skills_wanted=self.texts("skills_wanted"),
            commitment=self.text("commitment"),
            status=self.one_of("status", STATUSES) or "open",
            alert=self.text("alert"),
            confidential=self.flag("confidential"),
            assured_date=self.value(
                "assured_date", date.fromisoformat, "a date such as 2026-10-01"
            ),
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
        return self.one_of(column, ("yes", "no")) == "yes"

    def value(self, column: str, read: Callable[[str], Any], what: str) -> Any:
        text = self.text(column)
        if not text:
            return None
        try:
            return read(text)
        except ValueError:
            raise RowError(f"column {column!r} says {text!r}; write {what}") from None

    def website(self) -> str:
        address = self.text("website")
        if address and not re.match(r"https?://", address):
            raise RowError(f"column 'website' says {address!r}; start it with https://")
        return address

    def places(self) -> tuple[Place, ...]:
        place = Place(
            venue=self.text("venue"),
            address=self.text("address"),
            neighbourhood=self.text("neighbourhood"),
            postcode=self.text("postcode").upper(),
            point=read_point(self.text("latitude"), self.text("longitude")),
        )
        return () if place == Place() else (place,)

    def schedules(self) -> tuple[Schedule, ...]:
        days = tuple(self._day(text) for text in self.texts("days"))
        schedule = Schedule(
            days=days,
            repeats=self.one_of("repeats", REPEATS),
            opens_at=self.value("start_time", time.fromisoformat, "a time such as 09:30"),
            closes_at=self.value("end_time", time.fromisoformat, "a time such as 09:30"),
            description=self.text("when"),
        )
        return () if schedule == Schedule() else (schedule,)

    def _day(self, text: str) -> str:
        for day in DAYS:
            if len(text) >= 3 and day.lower().startswith(text.lower().rstrip("s")):
                return day
        raise RowError(f"column 'days' says {text!r}; write days such as Tuesday; Thursday")


def _money(text: str) -> float:
    amount = float(text.removeprefix("£"))
    if not 0 <= amount < 100_000:
        raise ValueError(text)
    return amount
