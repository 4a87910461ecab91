"""The published form of listings: the finished service JSON, and the rows that find it.

Owns the tables in `directory.hsds.models`. `importing.writer` calls it in the transaction that
writes the listings, so readers never have to. Must never store a place of a confidential listing.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import time
from typing import Any

from sqlalchemy import Select, delete, insert, or_, select, update
from sqlalchemy.orm import Session

from directory.database import insert_if_new
from directory.errors import RowError
from directory.hsds.ids import make_id
from directory.hsds.models import (
    PublishedPlaceRow,
    PublishedRow,
    PublishedTermRow,
    PublishedTimeRow,
    TermRow,
)
from directory.hsds.serialize import publish_service
from directory.hsds.vocabulary import own_terms, read_terms
from directory.listing import Point, StoredListing, load_listing, withhold_place
from directory.listing_text import build_search_text
from directory.models import EntryRow, ListingRow, SourceRow
from directory.places import normalise_postcode
from directory.sources.fields import read_point
from directory.text import fold

# Increase it when the published form of a listing changes: older rows are then written again when
# the directory is opened.
VERSION = 2
BATCH = 500
_TABLES = (PublishedRow, PublishedPlaceRow, PublishedTimeRow, PublishedTermRow)
_COLUMNS = (
    ListingRow.id,
    ListingRow.document,
    ListingRow.modified,
    ListingRow.gone,
    SourceRow.name.label("source"),
    SourceRow.notice,
)

Json = dict[str, Any]


def select_stored() -> Select[*tuple[Any, ...]]:
    """The query whose rows `read_stored` reads."""
    return select(*_COLUMNS).join(SourceRow, SourceRow.id == ListingRow.source_id)


def read_stored(row: Any) -> StoredListing:
    """A row of `select_stored` as a listing, without the place of a confidential one."""
    listing = withhold_place(load_listing(row.document))
    return StoredListing(row.id, row.source, row.notice, listing, row.modified, row.gone)


def find_outdated_services(session: Session) -> list[int]:
    """The ids of listings whose published form is missing or was written by an older program."""
    return list(
        session.scalars(
            select(EntryRow.listing_id)
            .outerjoin(PublishedRow, PublishedRow.listing_id == EntryRow.listing_id)
            .where(or_(PublishedRow.listing_id.is_(None), PublishedRow.version != VERSION))
            .order_by(EntryRow.listing_id)
        )
    )


def write_services(session: Session, listing_ids: Iterable[int]) -> None:
    """Write the published form of these listings as they are now. The caller commits."""
    ids = sorted(listing_ids)
    for start in range(0, len(ids), BATCH):
        _write_batch(session, ids[start : start + BATCH])


def store_own_terms(session: Session) -> None:
    """Store every kind, strand and asset, whether or not a listing has it."""
    _store_terms(session, own_terms())


def _write_batch(session: Session, ids: Sequence[int]) -> None:
    for table in _TABLES:
        session.execute(delete(table).where(table.listing_id.in_(ids)))
    rows = session.execute(
        select_stored().where(ListingRow.id.in_(ids)).order_by(ListingRow.id)
    ).all()
    services = [(stored, publish_service(stored)) for stored in map(read_stored, rows)]
    used_ids = _find_used(
        session, PublishedRow.public_id, (service["id"] for _, service in services)
    )
    used_place_ids = _find_used(
        session,
        PublishedPlaceRow.public_id,
        (place["id"] for _, service in services for place in _list_locations(service)),
    )
    terms = {term["id"]: term for term in own_terms()}
    rows_by_table: dict[Any, list[Json]] = {table: [] for table in _TABLES}
    for stored, service in services:
        if service["id"].lower() in used_ids:
            # Two sources hold the same feed. The second gets an id of its own.
            service = publish_service(stored, make_id("again", stored.source, stored.listing.key))
        used_ids.add(service["id"].lower())
        rows_by_table[PublishedRow].append(_make_row(stored, service))
        rows_by_table[PublishedPlaceRow] += _make_place_rows(stored, service, used_place_ids)
        rows_by_table[PublishedTimeRow] += _make_time_rows(stored)
        service_terms = {term["id"]: term for term in read_terms(service)}
        terms |= service_terms
        rows_by_table[PublishedTermRow] += [
            {"listing_id": stored.id, "term_id": term_id} for term_id in service_terms
        ]
    for table, values in rows_by_table.items():
        if values:
            session.execute(insert(table), values)
    _store_terms(session, terms.values())


def _make_row(stored: StoredListing, service: Json) -> Json:
    listing = withhold_place(stored.listing)
    if listing.confidential:
        # The area is not published, so no search may find the listing by it.
        listing = replace(listing, covers="")
    return {
        "listing_id": stored.id,
        "version": VERSION,
        "public_id": service["id"].lower(),
        "organisation_id": service.get("organization", {}).get("id", "").lower(),
        "modified": stored.modified,
        "status": service["status"],
        "minimum_age": listing.minimum_age,
        "maximum_age": listing.maximum_age,
        "words": fold(build_search_text(listing)),
        "service": json.dumps(service, separators=(",", ":")),
    }


def _list_locations(service: Json) -> list[Json]:
    locations: list[Json] = service.get("service_at_locations", [])
    return locations


def _make_place_rows(stored: StoredListing, service: Json, used_ids: set[str]) -> Iterator[Json]:
    for number, at_location in enumerate(_list_locations(service)):
        public_id = at_location["id"].lower()
        if public_id in used_ids:
            public_id = make_id("again", stored.source, stored.listing.key, str(number))
        used_ids.add(public_id)
        location = at_location.get("location", {})
        postcodes = (address.get("postal_code", "") for address in location.get("addresses", ()))
        point = _read_point(location)
        yield {
            "listing_id": stored.id,
            "number": number,
            "public_id": public_id,
            "postcode": normalise_postcode(next(filter(None, postcodes), "")),
            "latitude": point.latitude if point else None,
            "longitude": point.longitude if point else None,
        }


def _read_point(location: Json) -> Point | None:
    try:
        return read_point(location.get("latitude"), location.get("longitude"))
    except RowError:
        return None


def _make_time_rows(stored: StoredListing) -> Iterator[Json]:
    for number, schedule in enumerate(stored.listing.schedules):
        for day in dict.fromkeys(schedule.days or ("",)):
            yield {
                "listing_id": stored.id,
                "number": number,
                "day": day,
                "opens_at": _count_minutes(schedule.opens_at),
                "closes_at": _count_minutes(schedule.closes_at),
            }


def _count_minutes(moment: time | None) -> int | None:
    return None if moment is None else moment.hour * 60 + moment.minute


def _store_terms(session: Session, terms: Iterable[Json]) -> None:
    """Store these terms, and update those whose wording has changed."""
    by_id = {term["id"]: term for term in terms}
    stored = dict(
        session.execute(select(TermRow.id, TermRow.document).where(TermRow.id.in_(by_id))).all()
    )
    for term_id, term in by_id.items():
        values = {
            "taxonomy_id": term["taxonomy_id"],
            "taxonomy": term["taxonomy"],
            "document": json.dumps(term, sort_keys=True),
        }
        if term_id not in stored:
            insert_if_new(session, TermRow, id=term_id, **values)
        elif stored[term_id] != values["document"]:
            session.execute(update(TermRow).where(TermRow.id == term_id).values(values))


def _find_used(session: Session, column: Any, public_ids: Iterable[str]) -> set[str]:
    """Those of the ids that other listings are published under."""
    ids = [public_id.lower() for public_id in public_ids]
    used: set[str] = set()
    for start in range(0, len(ids), BATCH):
        used |= set(session.scalars(select(column).where(column.in_(ids[start : start + BATCH]))))
    return used
