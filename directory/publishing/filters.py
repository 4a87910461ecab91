"""The parameters of the Open Referral API, as conditions on the published tables.

Must never see a place of a confidential listing, and cannot: the published tables hold none.
"""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.orm import Session

from directory.hsds.ids import taxonomy_id
from directory.hsds.models import (
    PublishedPlaceRow,
    PublishedRow,
    PublishedTermRow,
    PublishedTimeRow,
    TermRow,
)
from directory.hsds.vocabulary import ASSET, KIND, STRAND
from directory.listing import Point
from directory.places import measure_miles_from, normalise_postcode
from directory.text import fold

Json = dict[str, Any]
Query = Select[*tuple[Any, ...]]

_METRES_PER_MILE = 1609.344
_METRES_PER_DEGREE = 111_000
# A statement can name no more ids than this on every database. The nearest are kept.
_MAX_IDS = 30_000


@dataclass(frozen=True)
class ResultPage:
    """One page of results, and the number of results on all pages."""

    contents: list[Json]
    total: int


@dataclass(frozen=True)
class ServiceFilter:
    """The conditions of a list; None and empty text set none.

    Ages are in years, `metres` is the distance from `near`, `modified_after` is in UTC.
    """

    search: str = ""
    taxonomy_term_id: str = ""
    taxonomy_id: str = ""
    organization_id: str = ""
    minimum_age: float | None = None
    maximum_age: float | None = None
    start_time: time | None = None
    end_time: time | None = None
    day: str = ""
    status: str = ""
    modified_after: datetime | None = None
    postcode: str = ""
    near: Point | None = None
    metres: float = 0

    def apply(self, query: Query) -> Query:
        """The query with every condition except those on places."""
        row = PublishedRow
        for word in fold(self.search).split():
            query = query.where(row.words.contains(word, autoescape=True))
        if self.taxonomy_term_id:
            term_ids = (self.taxonomy_term_id, self.taxonomy_term_id.lower())
            with_term = select(PublishedTermRow.listing_id).where(
                PublishedTermRow.term_id.in_(term_ids)
            )
            query = query.where(row.listing_id.in_(with_term))
        if self.taxonomy_id:
            in_taxonomy = (
                select(PublishedTermRow.listing_id)
                .join(TermRow, TermRow.id == PublishedTermRow.term_id)
                .where(TermRow.taxonomy_id == self.taxonomy_id)
            )
            query = query.where(row.listing_id.in_(in_taxonomy))
        if self.organization_id:
            query = query.where(row.organisation_id == self.organization_id.lower())
        if self.minimum_age is not None:
            query = query.where(row.minimum_age >= self.minimum_age)
        if self.maximum_age is not None:
            query = query.where(row.maximum_age <= self.maximum_age)
        if self.status:
            query = query.where(row.status == self.status)
        if times := self._match_times():
            query = query.where(
                row.listing_id.in_(select(PublishedTimeRow.listing_id).where(*times))
            )
        if self.modified_after is not None:
            query = query.where(row.modified >= self.modified_after)
        return query

    def apply_with_places(self, session: Session, query: Query) -> Query:
        """The query with every condition."""
        query = self.apply(query)
        if self.near is not None:
            ids = dict.fromkeys(listing_id for listing_id, _ in self.find_nearby_places(session))
            return query.where(PublishedRow.listing_id.in_(list(ids)[:_MAX_IDS]))
        if self.postcode:
            places = select(PublishedPlaceRow.listing_id).where(or_(*match_postcode(self.postcode)))
            query = query.where(PublishedRow.listing_id.in_(places))
        return query

    def select_places(self, *columns: Any) -> Query:
        """The columns of every place in the postcode, if one is set, of listings that match."""
        query = self._select_all_places(*columns)
        return query.where(or_(*match_postcode(self.postcode))) if self.postcode else query

    def find_nearby_places(self, session: Session) -> list[tuple[int, int]]:
        """Listing id and number of every place within `metres` of `near`, the nearest first."""
        near = self.near or Point(0, 0)
        # The index narrows latitudes; the distance does the rest and handles the date line.
        span = self.metres / _METRES_PER_DEGREE
        latitude = PublishedPlaceRow.latitude
        query = self._select_all_places(
            PublishedPlaceRow.listing_id,
            PublishedPlaceRow.number,
            latitude,
            PublishedPlaceRow.longitude,
        ).where(latitude.between(near.latitude - span, near.latitude + span))
        rows = session.execute(query).all()
        degrees = np.array([row[2:] for row in rows], dtype=np.float64).reshape(-1, 2)
        metres = measure_miles_from(near, degrees) * _METRES_PER_MILE
        order = np.argsort(metres, kind="stable")
        return [(rows[row][0], rows[row][1]) for row in order if metres[row] <= self.metres]

    def _select_all_places(self, *columns: Any) -> Query:
        return self.apply(
            select(*columns).join(
                PublishedRow, PublishedRow.listing_id == PublishedPlaceRow.listing_id
            )
        )

    def _match_times(self) -> list[ColumnElement[bool]]:
        """Conditions on a single session."""
        conditions: list[ColumnElement[bool]] = []
        if self.day:
            conditions.append(PublishedTimeRow.day == self.day)
        if self.start_time is not None:
            conditions.append(PublishedTimeRow.opens_at >= _count_minutes(self.start_time))
        if self.end_time is not None:
            conditions.append(PublishedTimeRow.closes_at <= _count_minutes(self.end_time))
        return conditions


def match_postcode(postcode: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Places with exactly this postcode, and places with this outward code."""
    code, column = normalise_postcode(postcode), PublishedPlaceRow.postcode
    return column == code, column.startswith(f"{code} ", autoescape=True)


def count_rows(session: Session, query: Query) -> int:
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0


def has_listing() -> ColumnElement[bool]:
    """Terms of at least one listing, and all of ours, which are part of the API."""
    own_taxonomies = [taxonomy_id(name) for name in (KIND, STRAND, ASSET)]
    return or_(
        TermRow.taxonomy_id.in_(own_taxonomies),
        exists().where(PublishedTermRow.term_id == TermRow.id),
    )


def _count_minutes(moment: time) -> float:
    return moment.hour * 60 + moment.minute + moment.second / 60
