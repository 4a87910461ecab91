"""Published services, read page by page from the database.

Owns the lists and look-ups of the Open Referral API. Must never write, rank or log anything, and
knows no HTTP. `hsds.projection` writes what is read here.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Engine, func, or_, select
from sqlalchemy.orm import Session

from directory.duplicate_alerts import add_closure_alerts
from directory.hsds.models import PublishedPlaceRow, PublishedRow, TermRow
from directory.hsds.projection import read_stored, select_stored
from directory.hsds.serialize import publish_at_location, shorten_organisation, shorten_service
from directory.hsds.vocabulary import make_taxonomy
from directory.listing import Point, StoredListing
from directory.models import ListingRow, RevisionRow
from directory.places import normalise_postcode
from directory.publishing.filters import (
    ResultPage,
    ServiceFilter,
    count_rows,
    has_listing,
    match_postcode,
)

Json = dict[str, Any]

# The number of ids in one statement.
_BATCH = 500
MAX_NESTED_SERVICES = 500


class ServiceRepository:
    """Reads services, services at locations, organisations, taxonomies and terms.

    Pages are given by `start`, counted from 0, and `limit`. Safe to use from several threads.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def read_revision(self) -> int:
        """The directory's revision, which increases with every change."""
        with Session(self._engine) as session:
            return session.scalar(select(RevisionRow.number)) or 0

    def list_services(
        self, service_filter: ServiceFilter, start: int, limit: int, *, full: bool = False
    ) -> ResultPage:
        """Services in the order they were added, or the nearest first if `near` is set."""
        with Session(self._engine) as session:
            if service_filter.near is not None:
                places = service_filter.find_nearby_places(session)
                near_ids = list(dict.fromkeys(listing_id for listing_id, _ in places))
                total, listing_ids = len(near_ids), near_ids[start : start + limit]
            else:
                query = service_filter.apply_with_places(session, select(PublishedRow.listing_id))
                total = count_rows(session, query)
                page = query.order_by(PublishedRow.listing_id).offset(start).limit(limit)
                listing_ids = list(session.scalars(page))
            services = _load_services(session, listing_ids)
        contents = [services[listing_id] for listing_id in listing_ids if listing_id in services]
        if not full:
            contents = [shorten_service(service) for service in contents]
        return ResultPage(contents, total)

    def list_changes(self, service_filter: ServiceFilter) -> Iterator[Json]:
        """The id and the time of the last change of every service."""
        columns = select(PublishedRow.public_id, PublishedRow.modified)
        with Session(self._engine) as session:
            query = service_filter.apply_with_places(session, columns)
            rows = session.execute(query.order_by(PublishedRow.listing_id)).all()
        for row in rows:
            yield {"id": row.public_id, "modified_date": f"{row.modified:%Y-%m-%dT%H:%M:%SZ}"}

    def find_service(self, public_id: str) -> Json | None:
        """The whole service, or None if no service has this id."""
        return self._read_service(PublishedRow.public_id == public_id.lower())

    def find_service_of(self, listing_id: int) -> Json | None:
        """The whole service that a listing is published as, or None if there is no such listing."""
        return self._read_service(PublishedRow.listing_id == listing_id)

    def list_at_locations(
        self, service_filter: ServiceFilter, start: int, limit: int, *, full: bool = False
    ) -> ResultPage:
        """Services at locations, the nearest first if `near` is set."""
        with Session(self._engine) as session:
            if service_filter.near is not None:
                every = service_filter.find_nearby_places(session)
                total, places = len(every), every[start : start + limit]
            else:
                columns = (PublishedPlaceRow.listing_id, PublishedPlaceRow.number)
                query = service_filter.select_places(*columns)
                total = count_rows(session, query)
                page = query.order_by(*columns).offset(start).limit(limit)
                places = [(row.listing_id, row.number) for row in session.execute(page)]
            services = _load_services(session, [listing_id for listing_id, _ in places])
            public_ids = _load_place_ids(session, places)
        contents = [
            {
                **publish_at_location(services[listing_id], number, full=full),
                "id": public_ids[listing_id, number],
            }
            for listing_id, number in places
            if listing_id in services
        ]
        return ResultPage(contents, total)

    def find_at_location(self, public_id: str) -> Json | None:
        """The whole service at a location, or None if there is none with this id."""
        with Session(self._engine) as session:
            row = session.execute(
                select(PublishedPlaceRow.number, PublishedRow.service)
                .join(PublishedRow, PublishedRow.listing_id == PublishedPlaceRow.listing_id)
                .where(PublishedPlaceRow.public_id == public_id.lower())
            ).first()
        if row is None:
            return None
        service = json.loads(row.service)
        return {**publish_at_location(service, row.number, full=True), "id": public_id}

    def list_organisations(
        self,
        service_filter: ServiceFilter,
        start: int,
        limit: int,
        *,
        full: bool = False,
        with_services: bool = False,
    ) -> ResultPage:
        """Organisations in the order of their ids, as their first service describes them.

        `with_services` nests up to 500 services in each.
        """
        columns = select(PublishedRow.organisation_id, func.min(PublishedRow.listing_id))
        with Session(self._engine) as session:
            query = (
                service_filter.apply_with_places(session, columns)
                .where(PublishedRow.organisation_id != "")
                .group_by(PublishedRow.organisation_id)
            )
            total = count_rows(session, query)
            page = query.order_by(PublishedRow.organisation_id).offset(start).limit(limit)
            first_ids = [row[1] for row in session.execute(page)]
            services = _load_services(session, first_ids)
            organisations = [
                services[listing_id]["organization"]
                for listing_id in first_ids
                if listing_id in services
            ]
            if with_services:
                for organisation in organisations:
                    organisation["services"] = _load_nested_services(session, organisation["id"])
        if not full and not with_services:
            organisations = [shorten_organisation(item) for item in organisations]
        return ResultPage(organisations, total)

    def find_organisation(self, public_id: str) -> Json | None:
        """The organisation with up to 500 of its services, or None if none has this id."""
        service_filter = ServiceFilter(organization_id=public_id)
        page = self.list_organisations(service_filter, 0, 1, with_services=True)
        return page.contents[0] if page.contents else None

    def list_taxonomies(self, start: int, limit: int) -> ResultPage:
        """Taxonomies with a term in use, and our own."""
        query = (
            select(TermRow.taxonomy_id, func.min(TermRow.taxonomy))
            .where(has_listing())
            .group_by(TermRow.taxonomy_id)
        )
        with Session(self._engine) as session:
            total = count_rows(session, query)
            page = query.order_by(TermRow.taxonomy_id).offset(start).limit(limit)
            rows = session.execute(page).all()
        return ResultPage([{**make_taxonomy(row[1]), "id": row[0]} for row in rows], total)

    def find_taxonomy(self, public_id: str) -> Json | None:
        """The taxonomy with its terms, or None if none has this id."""
        with Session(self._engine) as session:
            rows = session.execute(
                select(TermRow.taxonomy, TermRow.document)
                .where(func.lower(TermRow.taxonomy_id) == public_id.lower(), has_listing())
                .order_by(TermRow.id)
            ).all()
        if not rows:
            return None
        terms = [json.loads(row.document) for row in rows]
        taxonomy = make_taxonomy(rows[0].taxonomy)
        return {**taxonomy, "id": terms[0]["taxonomy_id"], "taxonomy_terms": terms}

    def list_terms(self, start: int, limit: int, taxonomy_id: str = "") -> ResultPage:
        """Terms in use and our own, of one taxonomy if `taxonomy_id` is set."""
        query = select(TermRow.document).where(has_listing())
        if taxonomy_id:
            query = query.where(TermRow.taxonomy_id == taxonomy_id)
        with Session(self._engine) as session:
            total = count_rows(session, query)
            rows = session.scalars(query.order_by(TermRow.id).offset(start).limit(limit)).all()
        return ResultPage([json.loads(document) for document in rows], total)

    def find_term(self, public_id: str) -> Json | None:
        """The term, or None if none has this id."""
        matches = or_(TermRow.id == public_id, TermRow.id == public_id.lower())
        with Session(self._engine) as session:
            document = session.scalar(select(TermRow.document).where(matches, has_listing()))
        return json.loads(document) if document else None

    def find_listing(self, listing_id: int) -> StoredListing | None:
        """The listing with this id of ours, even if it is closed or gone."""
        with Session(self._engine) as session:
            row = session.execute(select_stored().where(ListingRow.id == listing_id)).first()
            if row is None:
                return None
            return add_closure_alerts(session, {listing_id: read_stored(row)})[listing_id]

    def locate(self, postcode: str) -> Point | None:
        """The mean point of the places in a postcode or its outward code; None if none is known."""
        if not normalise_postcode(postcode):
            return None
        query = select(
            func.avg(PublishedPlaceRow.latitude), func.avg(PublishedPlaceRow.longitude)
        ).where(PublishedPlaceRow.latitude.is_not(None))
        with Session(self._engine) as session:
            for condition in match_postcode(postcode):
                latitude, longitude = session.execute(query.where(condition)).one()
                if latitude is not None:
                    return Point(float(latitude), float(longitude))
        return None

    def _read_service(self, condition: Any) -> Json | None:
        with Session(self._engine) as session:
            document = session.scalar(select(PublishedRow.service).where(condition))
        return json.loads(document) if document else None


def _load_services(session: Session, listing_ids: Sequence[int]) -> dict[int, Json]:
    services: dict[int, Json] = {}
    for ids in _batch(listing_ids):
        rows = session.execute(
            select(PublishedRow.listing_id, PublishedRow.service).where(
                PublishedRow.listing_id.in_(ids)
            )
        )
        services |= {row.listing_id: json.loads(row.service) for row in rows}
    return services


def _load_nested_services(session: Session, organisation_id: str) -> list[Json]:
    rows = session.scalars(
        select(PublishedRow.service)
        .where(PublishedRow.organisation_id == organisation_id.lower())
        .order_by(PublishedRow.listing_id)
        .limit(MAX_NESTED_SERVICES)
    )
    return [json.loads(document) for document in rows]


def _load_place_ids(
    session: Session, places: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], str]:
    public_ids: dict[tuple[int, int], str] = {}
    for ids in _batch([listing_id for listing_id, _ in places]):
        rows = session.execute(
            select(
                PublishedPlaceRow.listing_id, PublishedPlaceRow.number, PublishedPlaceRow.public_id
            ).where(PublishedPlaceRow.listing_id.in_(ids))
        )
        public_ids |= {(row.listing_id, row.number): row.public_id for row in rows}
    return public_ids


def _batch(listing_ids: Sequence[int]) -> Iterator[list[int]]:
    unique = list(dict.fromkeys(listing_ids))
    for start in range(0, len(unique), _BATCH):
        yield unique[start : start + _BATCH]
