"""Reading listings out of the database as published services, many at a time."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.hsds.ids import service_id
from directory.hsds.models import PublishedPlaceRow, PublishedRow
from directory.hsds.projection import STORED, read_stored
from directory.hsds.serialize import publish_service, shorten_organisation
from directory.models import ListingRow, SourceRow
from directory.publishing.filters import Query

Json = dict[str, Any]

_AT_ONCE = 500
MOST_NESTED = 500


def select_stored() -> Query:
    return select(*STORED).join(SourceRow, SourceRow.id == ListingRow.source_id)


def publish_listings(session: Session, ids: list[int]) -> dict[int, Json]:
    """The whole service of each listing, under the id it is found by."""
    found = {}
    unique = list(dict.fromkeys(ids))
    for start in range(0, len(unique), _AT_ONCE):
        some = unique[start : start + _AT_ONCE]
        rows = session.execute(
            select_stored()
            .add_columns(PublishedRow.public_id)
            .join(PublishedRow, PublishedRow.listing_id == ListingRow.id)
            .where(ListingRow.id.in_(some))
        )
        for row in rows:
            stored = read_stored(row)
            own = service_id(stored.source, stored.listing.key)
            found[row.id] = publish_service(
                stored, own if own.lower() == row.public_id else row.public_id
            )
    return found


def publish_by_id(session: Session, public_id: str) -> Json | None:
    of = PublishedRow.public_id == public_id.lower()
    listing = session.scalar(select(PublishedRow.listing_id).where(of))
    return None if listing is None else publish_listings(session, [listing]).get(listing)


def place_ids(session: Session, chosen: list[tuple[int, int]]) -> dict[tuple[int, int], str]:
    ids: dict[tuple[int, int], str] = {}
    for start in range(0, len(chosen), _AT_ONCE):
        some = {listing for listing, _ in chosen[start : start + _AT_ONCE]}
        rows = session.execute(
            select(
                PublishedPlaceRow.listing_id, PublishedPlaceRow.number, PublishedPlaceRow.public_id
            ).where(PublishedPlaceRow.listing_id.in_(some))
        )
        ids |= {(row[0], row[1]): row[2] for row in rows}
    return ids


def services_of(session: Session, organisation: str) -> list[Json]:
    """The organisation's services in their order, the first `MOST_NESTED` of them."""
    of = PublishedRow.organisation_id == organisation.lower()
    wanted = select(PublishedRow.listing_id).where(of).order_by(PublishedRow.listing_id)
    services = publish_listings(session, list(session.scalars(wanted.limit(MOST_NESTED))))
    return [services[one] for one in sorted(services)]


def show_organisation(service: Json, *, full: bool) -> Json:
    organisation = service["organization"]
    return dict(organisation) if full else shorten_organisation(organisation)
