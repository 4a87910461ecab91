"""Keeping the published tables true to the listings: only what changed is made again.

Owns what `tables` hold. `ServiceRepository` calls it whenever the directory's revision has moved.
"""

import json
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import time
from typing import Any

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

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

# Grows when what is kept of a listing changes, so that all of it is made again.
VERSION = 1
_AT_ONCE = 500
_AT = "service_at_locations"

# The columns that `read_stored` reads; they want a join with the source.
STORED = (
    ListingRow.id,
    ListingRow.document,
    ListingRow.modified,
    ListingRow.gone,
    SourceRow.name.label("source"),
    SourceRow.notice,
)


def read_stored(row: Any) -> StoredListing:
    """A row of the columns `STORED`. What is confidential has no place here in any case."""
    listing = withhold_place(load_listing(row.document))
    return StoredListing(row.id, row.source, row.notice, listing, row.modified, row.gone)


def find_changed(session: Session, *, whole: bool = True) -> list[int]:
    """The listings that have to be made findable again.

    Without `whole` only revisions later than any seen are looked for, which is quick.
    """
    query = select(EntryRow.listing_id).order_by(EntryRow.listing_id)
    if whole:
        query = query.outerjoin(PublishedRow, PublishedRow.listing_id == EntryRow.listing_id).where(
            or_(
                PublishedRow.listing_id.is_(None),
                PublishedRow.version != VERSION,
                PublishedRow.revision != EntryRow.revision,
            )
        )
    else:
        newest = session.scalar(select(func.max(PublishedRow.revision)))
        query = query.where(EntryRow.revision > (newest or 0))
    return list(session.scalars(query))


def renew_published(session: Session, ids: Sequence[int]) -> None:
    """Make these listings findable as they are now, a part at a time, each part committed.

    In parts, so that nobody who wants to write waits long.
    """
    _keep_terms(session, own_terms())
    session.commit()
    for start in range(0, len(ids), _AT_ONCE):
        _renew(session, ids[start : start + _AT_ONCE])
        session.commit()


def fold(text: str) -> str:
    """The text in small letters, without accents: what searching for words compares."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def _renew(session: Session, ids: Sequence[int]) -> None:
    for table in (PublishedRow, PublishedPlaceRow, PublishedTimeRow, PublishedTermRow):
        session.execute(delete(table).where(table.listing_id.in_(ids)))
    rows = session.execute(
        select(*STORED, EntryRow.revision)
        .join(SourceRow, SourceRow.id == ListingRow.source_id)
        .join(EntryRow, EntryRow.listing_id == ListingRow.id)
        .where(ListingRow.id.in_(ids))
        .order_by(ListingRow.id)
    ).all()
    revisions = {row.id: row.revision for row in rows}
    services = [(one, publish_service(one)) for one in map(read_stored, rows)]
    found = [service["id"].lower() for _, service in services]
    taken = set(_find(session, PublishedRow.public_id, found))
    places = [place["id"].lower() for _, one in services for place in one.get(_AT, ())]
    taken_places = set(_find(session, PublishedPlaceRow.public_id, places))
    terms: dict[str, dict[str, Any]] = {}
    new: dict[Any, list[dict[str, Any]]] = {
        table: [] for table in (PublishedRow, PublishedPlaceRow, PublishedTimeRow, PublishedTermRow)
    }
    for one, service in services:
        # The same feed under two names: the second has an id of its own.
        identity = service["id"].lower()
        if identity in taken:
            identity = make_id("again", one.source, one.listing.key)
        taken.add(identity)
        row = _describe(one, service)
        versions = {"public_id": identity, "revision": revisions[one.id], "version": VERSION}
        new[PublishedRow].append({**row, **versions})
        new[PublishedPlaceRow] += _list_places(one, service, taken_places)
        new[PublishedTimeRow] += _list_times(one)
        about = {term["id"]: term for term in read_terms(service)}
        terms |= about
        new[PublishedTermRow] += [{"listing_id": one.id, "term_id": term} for term in about]
    for table, values in new.items():
        if values:
            session.execute(insert(table), values)
    _keep_terms(session, terms.values())


def _describe(one: StoredListing, service: dict[str, Any]) -> dict[str, Any]:
    listing = withhold_place(one.listing)
    if listing.confidential:
        # Not told, so not found by either.
        listing = replace(listing, covers="")
    return {
        "listing_id": one.id,
        "organisation_id": service.get("organization", {}).get("id", "").lower(),
        "modified": one.modified,
        "status": service["status"],
        "minimum_age": listing.minimum_age,
        "maximum_age": listing.maximum_age,
        "words": fold(build_search_text(listing)),
    }


def _list_places(
    one: StoredListing, service: dict[str, Any], taken: set[str]
) -> Iterator[dict[str, Any]]:
    for number, at in enumerate(service.get(_AT, ())):
        identity = at["id"].lower()
        if identity in taken:
            identity = make_id("again", one.source, one.listing.key, str(number))
        taken.add(identity)
        location = at.get("location", {})
        postcodes = (entry.get("postal_code", "") for entry in location.get("addresses", ()))
        point = _read_point(location)
        yield {
            "listing_id": one.id,
            "number": number,
            "public_id": identity,
            "postcode": normalise_postcode(next(filter(None, postcodes), "")),
            "latitude": point.latitude if point else None,
            "longitude": point.longitude if point else None,
        }


def _read_point(location: dict[str, Any]) -> Point | None:
    try:
        return read_point(location.get("latitude"), location.get("longitude"))
    except RowError:
        return None


def _list_times(one: StoredListing) -> Iterator[dict[str, Any]]:
    for number, schedule in enumerate(one.listing.schedules):
        for day in dict.fromkeys(schedule.days or ("",)):
            yield {
                "listing_id": one.id,
                "number": number,
                "day": day,
                "opens_at": _minutes(schedule.opens_at),
                "closes_at": _minutes(schedule.closes_at),
            }


def _minutes(at: time | None) -> int | None:
    return None if at is None else at.hour * 60 + at.minute


def _keep_terms(session: Session, terms: Iterable[dict[str, Any]]) -> None:
    """Know these terms, as they were last seen."""
    by_id = {term["id"]: term for term in terms}
    known = dict(
        session.execute(select(TermRow.id, TermRow.document).where(TermRow.id.in_(by_id))).all()
    )
    for identity, term in by_id.items():
        document = json.dumps(term, sort_keys=True)
        of = {"taxonomy_id": term["taxonomy_id"], "taxonomy": term["taxonomy"]}
        if identity not in known:
            session.execute(insert(TermRow).values(id=identity, document=document, **of))
        elif known[identity] != document:
            session.execute(
                update(TermRow).where(TermRow.id == identity).values(document=document, **of)
            )


def _find(session: Session, column: Any, values: Sequence[str]) -> Iterator[str]:
    for start in range(0, len(values), _AT_ONCE):
        yield from session.scalars(
            select(column).where(column.in_(values[start : start + _AT_ONCE]))
        )
