"""The directory as it is published: page by page, straight from the database.

Owns what the standard's parameters ask for. Knows no HTTP, ranks nothing, and logs nothing.
"""

import json
import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Engine, func, or_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from directory.duplicate_alerts import add_closure_alerts
from directory.hsds.models import (
    PublishedPlaceRow,
    PublishedRow,
    TermRow,
)
from directory.hsds.projection import find_changed, read_stored, renew_published
from directory.hsds.serialize import (
    publish_at_location,
    publish_service,
    shorten_service,
)
from directory.hsds.vocabulary import make_taxonomy
from directory.listing import Point, StoredListing
from directory.models import ListingRow, RevisionRow
from directory.places import normalise_postcode
from directory.publishing.filters import (
    ResultPage,
    ServiceFilter,
    at_places,
    count,
    find_near,
    in_postcode,
    suit,
    used,
    within,
)
from directory.publishing.service_queries import (
    place_ids,
    publish_by_id,
    publish_listings,
    select_stored,
    services_of,
    show_organisation,
)

log = logging.getLogger(__name__)

Json = dict[str, Any]

_LOOK_AGAIN_AFTER = 1.0


class ServiceRepository:
    """Published services, services at locations, organisations, taxonomies and terms.

    What changed is looked for at most once in `look_again_after` seconds.
    """

    def __init__(self, engine: Engine, look_again_after: float = _LOOK_AGAIN_AFTER) -> None:
        self._engine = engine
        self._look_again_after = look_again_after
        self._lock = threading.Lock()
        self._revision = -1
        self._looked_at = -look_again_after

    @property
    def revision(self) -> int:
        """Grows with every change of the directory.

        Asking makes what changed findable: worth doing after a large import, or the next reader
        waits for it.
        """
        self._renew()
        return self._revision

    def list_services(
        self, asked: ServiceFilter, start: int, most: int, *, full: bool = False
    ) -> ResultPage:
        """Services from number `start`, `most` of them, by the order they came in."""
        with self._open() as session:
            if asked.near is not None:
                ids = list(dict.fromkeys(listing for listing, _ in find_near(session, asked)))
                total, chosen = len(ids), ids[start : start + most]
            else:
                wanted = within(session, suit(select(PublishedRow.listing_id), asked), asked)
                total = count(session, wanted)
                page = wanted.order_by(PublishedRow.listing_id).offset(start).limit(most)
                chosen = list(session.scalars(page))
            services = publish_listings(session, chosen)
        found = [services[one] for one in chosen if one in services]
        return ResultPage(found if full else [shorten_service(one) for one in found], total)

    def list_changes(self, asked: ServiceFilter) -> Iterator[Json]:
        """Every service's id and when it last changed here, and nothing more."""
        with self._open() as session:
            columns = select(PublishedRow.public_id, PublishedRow.modified)
            wanted = within(session, suit(columns, asked), asked)
            rows = session.execute(wanted.order_by(PublishedRow.listing_id)).all()
        for row in rows:
            yield {"id": row.public_id, "modified_date": f"{row.modified:%Y-%m-%dT%H:%M:%SZ}"}

    def find_service(self, public_id: str) -> Json | None:
        """The whole service, or None if there is none of that id."""
        with self._open() as session:
            return publish_by_id(session, public_id)

    def list_at_locations(
        self, asked: ServiceFilter, start: int, most: int, *, full: bool = False
    ) -> ResultPage:
        """Services at locations; the nearest first where a distance is asked for."""
        with self._open() as session:
            if asked.near is not None:
                every = find_near(session, asked)
                total, chosen = len(every), every[start : start + most]
            else:
                number = (PublishedPlaceRow.listing_id, PublishedPlaceRow.number)
                wanted = suit(at_places(number), asked)
                wanted = wanted.where(*in_postcode(asked))
                total = count(session, wanted)
                page = wanted.order_by(*number).offset(start).limit(most)
                chosen = [(row[0], row[1]) for row in session.execute(page)]
            services = publish_listings(session, [listing for listing, _ in chosen])
            ids = place_ids(session, chosen)
        contents = [
            {**publish_at_location(services[one], number, full=full), "id": ids[one, number]}
            for one, number in chosen
            if one in services and number < len(services[one].get("service_at_locations", ()))
        ]
        return ResultPage(contents, total)

    def find_at_location(self, public_id: str) -> Json | None:
        """The whole service at a location, or None if there is none of that id."""
        with self._open() as session:
            row = session.execute(
                select(PublishedPlaceRow.listing_id, PublishedPlaceRow.number).where(
                    PublishedPlaceRow.public_id == public_id.lower()
                )
            ).first()
            services = publish_listings(session, [row[0]]) if row else {}
        if row is None or row[0] not in services:
            return None
        try:
            return {**publish_at_location(services[row[0]], row[1], full=True), "id": public_id}
        except (KeyError, IndexError):
            return None

    def list_organisations(
        self,
        asked: ServiceFilter,
        start: int,
        most: int,
        *,
        full: bool = False,
        services: bool = False,
    ) -> ResultPage:
        """Organisations by their ids; `services` tells to put theirs within, 500 at the most."""
        with self._open() as session:
            wanted = within(
                session,
                suit(
                    select(PublishedRow.organisation_id, func.min(PublishedRow.listing_id)), asked
                ),
                asked,
            )
            wanted = wanted.where(PublishedRow.organisation_id != "")
            wanted = wanted.group_by(PublishedRow.organisation_id)
            total = count(session, wanted)
            page = wanted.order_by(PublishedRow.organisation_id).offset(start).limit(most)
            chosen = session.execute(page).all()
            firsts = publish_listings(session, [row[1] for row in chosen])
            found = [firsts[row[1]] for row in chosen if row[1] in firsts]
            organisations = [show_organisation(one, full=full or services) for one in found]
            if services:
                for one in organisations:
                    one["services"] = services_of(session, one["id"])
        return ResultPage(organisations, total)

    def find_organisation(self, public_id: str) -> Json | None:
        """The organisation with its services, 500 at the most; None if there is none of that id."""
        page = self.list_organisations(
            ServiceFilter(organization_id=public_id), 0, 1, services=True
        )
        return page.contents[0] if page.contents else None

    def list_taxonomies(self, start: int, most: int) -> ResultPage:
        with self._open() as session:
            wanted = (
                select(TermRow.taxonomy_id, func.min(TermRow.taxonomy))
                .where(used())
                .group_by(TermRow.taxonomy_id)
            )
            total = count(session, wanted)
            page = wanted.order_by(TermRow.taxonomy_id).offset(start).limit(most)
            rows = session.execute(page).all()
        return ResultPage([{**make_taxonomy(row[1]), "id": row[0]} for row in rows], total)

    def find_taxonomy(self, public_id: str) -> Json | None:
        """The taxonomy with its terms, or None if there is none of that id."""
        with self._open() as session:
            rows = session.execute(
                select(TermRow.taxonomy, TermRow.document)
                .where(func.lower(TermRow.taxonomy_id) == public_id.lower(), used())
                .order_by(TermRow.id)
            ).all()
        if not rows:
            return None
        terms = [json.loads(row.document) for row in rows]
        about = make_taxonomy(rows[0].taxonomy)
        return {**about, "id": terms[0]["taxonomy_id"], "taxonomy_terms": terms}

    def list_terms(self, start: int, most: int, taxonomy: str = "") -> ResultPage:
        with self._open() as session:
            wanted = select(TermRow.document).where(used())
            if taxonomy:
                wanted = wanted.where(TermRow.taxonomy_id == taxonomy)
            total = count(session, wanted)
            rows = session.scalars(wanted.order_by(TermRow.id).offset(start).limit(most)).all()
        return ResultPage([json.loads(document) for document in rows], total)

    def find_term(self, public_id: str) -> Json | None:
        with self._open() as session:
            either = (TermRow.id == public_id, TermRow.id == public_id.lower())
            document = session.scalar(select(TermRow.document).where(or_(*either), used()))
        return json.loads(document) if document else None

    def get(self, listing_id: int) -> StoredListing | None:
        """The listing with our own `listing_id`, closed and gone ones included."""
        with Session(self._engine) as session:
            row = session.execute(select_stored().where(ListingRow.id == listing_id)).first()
            if row is None:
                return None
            return add_closure_alerts(session, {listing_id: read_stored(row)})[listing_id]

    def name_publicly(self, stored: StoredListing) -> Json:
        """The listing as a service, under the id that it has in the API."""
        with self._open() as session:
            found = publish_listings(session, [stored.id]).get(stored.id)
        return found or publish_service(stored)

    def locate(self, postcode: str) -> Point | None:
        """The middle of the places known in a postcode or its first half; None if there is none."""
        code = normalise_postcode(postcode)
        column = PublishedPlaceRow.postcode
        with self._open() as session:
            for match in (column == code, column.startswith(f"{code} ", autoescape=True)):
                middle = session.execute(
                    select(
                        func.avg(PublishedPlaceRow.latitude), func.avg(PublishedPlaceRow.longitude)
                    ).where(match, PublishedPlaceRow.latitude.is_not(None))
                ).one()
                if code and middle[0] is not None:
                    return Point(float(middle[0]), float(middle[1]))
        return None

    def _open(self) -> Session:
        self._renew()
        return Session(self._engine)

    def _renew(self) -> None:
        """See to it that what changed is findable, unless that was just done."""
        with self._lock:
            now = time.monotonic()
            if now - self._looked_at < self._look_again_after:
                return
            try:
                self._catch_up()
            except SQLAlchemyError as error:
                # Another process may be doing the same; the next look finds what it left.
                log.error("What is published could not be renewed: %s", type(error).__name__)
                self._revision = -1
            self._looked_at = time.monotonic()

    def _catch_up(self) -> None:
        with Session(self._engine) as session:
            revision = session.scalar(select(RevisionRow.number)) or 0
            if revision != self._revision:
                changed = find_changed(session, whole=self._revision < 0)
                renew_published(session, changed)
                self._revision = revision
