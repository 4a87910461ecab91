"""Listings in the columns of the CSV template, so that they can be imported again.

See docs/reference/csv-template.md. Must never write a cell that a spreadsheet would run as a
formula: such a cell gets an apostrophe in front, which the reader of the template removes.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, time

from directory.describe import describe_when
from directory.listing import Listing, Place, Schedule, StoredListing, withhold_place
from directory.sources.template import COLUMNS
from directory.text import escape_cell


def write_csv(listings: Iterable[StoredListing]) -> str:
    """A CSV file with one row per listing.

    A row has the first place only. Times after the first are described in the column `when`.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for stored in listings:
        cells = _write_row(stored)
        writer.writerow([escape_cell(cells.get(column, "")) for column in COLUMNS])
    return file.getvalue()


def write_cells(listing: Listing) -> dict[str, str]:
    """The listing's cells by column, with only its first place and its first time."""
    first = replace(listing, schedules=listing.schedules[:1])
    cells = _write_row(StoredListing(0, "", "", first))
    return {column: cells.get(column, "") for column in COLUMNS}


def _write_row(stored: StoredListing) -> dict[str, str]:
    listing = withhold_place(stored.listing)
    place = next(iter(listing.places), Place())
    cells = {name: value for name, value in vars(listing).items() if isinstance(value, str)}
    cells |= {
        name: "; ".join(text.replace(";", ",") for text in value)
        for name, value in vars(listing).items()
        if isinstance(value, tuple) and all(isinstance(text, str) for text in value)
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
        "minimum_age": _format_number(listing.minimum_age),
        "maximum_age": _format_number(listing.maximum_age),
        "assured_date": _format_date(listing.assured_date),
        **_write_times(listing),
    }


def _write_times(listing: Listing) -> dict[str, str]:
    first = next(iter(listing.schedules), Schedule())
    others = describe_when(replace(listing, schedules=listing.schedules[1:]))
    description, end_time = first.description, _format_time(first.closes_at)
    if first.opens_at and first.closes_at and first.closes_at < first.opens_at:
        # The template rejects an end before the start, so a time past midnight goes in words.
        description = _join(f"Until {end_time} the next day.", description)
        end_time = ""
    return {
        "days": "; ".join(first.days),
        "repeats": first.repeats,
        "start_time": _format_time(first.opens_at),
        "end_time": end_time,
        "starts": _format_date(first.starts),
        "ends": _format_date(first.ends),
        "when": _join(description, others),
    }


def _join(first: str, second: str) -> str:
    """Both texts, but not one that the other holds: a re-imported alert already has the notice."""
    return second if first in second else f"{first} {second}".strip()


def _format_number(value: int | None) -> str:
    return "" if value is None else str(value)


def _format_date(value: date | None) -> str:
    return value.isoformat() if value else ""


def _format_time(value: time | None) -> str:
    return f"{value:%H:%M}" if value is not None else ""
