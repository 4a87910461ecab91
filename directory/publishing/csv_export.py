"""Listings as the CSV template, so that they can be imported again: see
docs/reference/csv-template.md.

A spreadsheet takes a cell that begins like a formula for one: such a cell gets an apostrophe
in front, which reading the template takes off again.
"""

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, time

from directory.describe import describe_when
from directory.listing import Listing, Place, Schedule, StoredListing, withhold_place
from directory.sources.template import COLUMNS
from directory.text import FORMULA_START

_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def write_sheet(found: Iterable[StoredListing]) -> str:
    """The sheet, a row a listing. Of several places the first; other times go in words."""
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for stored in found:
        cells = _write_row(stored)
        writer.writerow([_guard(cells.get(column, "")) for column in COLUMNS])
    return sheet.getvalue()


def write_cells(listing: Listing) -> dict[str, str]:
    """The listing's cells by column, of its first place and its first time alone."""
    first = replace(listing, schedules=listing.schedules[:1])
    cells = _write_row(StoredListing(0, "", "", first))
    return {column: cells.get(column, "") for column in COLUMNS}


def _guard(cell: str) -> str:
    return f"'{cell}" if FORMULA_START.match(cell) and not _NUMBER.fullmatch(cell) else cell


def _write_row(stored: StoredListing) -> dict[str, str]:
    listing = withhold_place(stored.listing)
    place = next(iter(listing.places), Place())
    cells = {name: value for name, value in vars(listing).items() if isinstance(value, str)}
    cells |= {
        name: "; ".join(one.replace(";", ",") for one in value)
        for name, value in vars(listing).items()
        if isinstance(value, tuple) and all(isinstance(one, str) for one in value)
    }
    return {
        **cells,
        "id": listing.key,
        "status": "closed" if stored.gone else listing.status,
        "alert": _join(stored.notice, listing.alert),
        "covers": "" if listing.confidential else listing.covers,
        "venue": place.venue,
        "address": place.address,
        "neighbourhood": place.neighbourhood,
        "postcode": place.postcode,
        "latitude": str(place.point.latitude) if place.point else "",
        "longitude": str(place.point.longitude) if place.point else "",
        "online": "yes" if listing.online else "",
        "confidential": "yes" if listing.confidential else "",
        "cost_amount": "" if listing.cost_amount is None else f"{listing.cost_amount:.15g}",
        "minimum_age": _number(listing.minimum_age),
        "maximum_age": _number(listing.maximum_age),
        "assured_date": _day(listing.assured_date),
        **_write_times(listing),
    }


def _write_times(listing: Listing) -> dict[str, str]:
    first = next(iter(listing.schedules), Schedule())
    others = describe_when(replace(listing, schedules=listing.schedules[1:]))
    said, until = first.description, _clock(first.closes_at)
    if first.opens_at and first.closes_at and first.closes_at < first.opens_at:
        # Past midnight, which the template takes for a slip of the pen.
        said, until = _join(f"Until {until} the next day.", said), ""
    return {
        "days": "; ".join(first.days),
        "repeats": first.repeats,
        "start_time": _clock(first.opens_at),
        "end_time": until,
        "starts": _day(first.starts),
        "ends": _day(first.ends),
        "when": _join(said, others),
    }


def _join(first: str, second: str) -> str:
    """Both, but nothing twice: what was imported from here has the notice already."""
    return second if first in second else f"{first} {second}".strip()


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _day(value: date | None) -> str:
    return value.isoformat() if value else ""


def _clock(value: time | None) -> str:
    return f"{value:%H:%M}" if value is not None else ""
