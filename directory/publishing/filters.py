"""What the standard's parameters ask for, as questions to the database.

Owns which listings suit; reads no document. Must never see a place of a confidential listing,
and does not: the published tables hold none.
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
from directory.hsds.projection import fold
from directory.hsds.vocabulary import ASSET, KIND, STRAND
from directory.listing import Point
from directory.places import measure_miles_from, normalise_postcode

Json = dict[str, Any]
Query = Select[*tuple[Any, ...]]

_METRES_A_MILE = 1609.344
_METRES_A_DEGREE = 111_000
# One statement can name no more on every database: the nearest, where more are near.
_MOST_NAMED = 30_000


@dataclass(frozen=True)
class ServiceFilter:
    """What a list is asked for; None and empty text ask for nothing.

    Ages in years, distance in metres from `near`. `modified_after` is in UTC.
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


@dataclass(frozen=True)
class ResultPage:
    """Some of what was asked for, and how many there are in all."""

    contents: list[Json]
    total: int


def suit(query: Query, asked: ServiceFilter) -> Query:
    """The query, only for what was asked for, places apart."""
    for word in fold(asked.search).split():
        query = query.where(PublishedRow.words.contains(word, autoescape=True))
    if asked.taxonomy_term_id:
        has = PublishedTermRow.term_id.in_((asked.taxonomy_term_id, asked.taxonomy_term_id.lower()))
        query = query.where(
            PublishedRow.listing_id.in_(select(PublishedTermRow.listing_id).where(has))
        )
    if asked.taxonomy_id:
        of = select(PublishedTermRow.listing_id).join(
            TermRow, TermRow.id == PublishedTermRow.term_id
        )
        query = query.where(
            PublishedRow.listing_id.in_(of.where(TermRow.taxonomy_id == asked.taxonomy_id))
        )
    if asked.organization_id:
        query = query.where(PublishedRow.organisation_id == asked.organization_id.lower())
    if asked.minimum_age is not None:
        query = query.where(PublishedRow.minimum_age >= asked.minimum_age)
    if asked.maximum_age is not None:
        query = query.where(PublishedRow.maximum_age <= asked.maximum_age)
    if asked.status:
        query = query.where(PublishedRow.status == asked.status)
    if times := _times(asked):
        at = select(PublishedTimeRow.listing_id).where(*times)
        query = query.where(PublishedRow.listing_id.in_(at))
    if asked.modified_after is not None:
        query = query.where(PublishedRow.modified >= asked.modified_after)
    return query


def _times(asked: ServiceFilter) -> list[ColumnElement[bool]]:
    """On one and the same day, within one and the same session."""
    found: list[ColumnElement[bool]] = []
    if asked.day:
        found.append(PublishedTimeRow.day == asked.day)
    if asked.start_time is not None:
        found.append(PublishedTimeRow.opens_at >= _minutes(asked.start_time))
    if asked.end_time is not None:
        found.append(PublishedTimeRow.closes_at <= _minutes(asked.end_time))
    return found


def _minutes(at: time) -> float:
    return at.hour * 60 + at.minute + at.second / 60


def within(session: Session, query: Query, asked: ServiceFilter) -> Query:
    """The query, only for what has a place in the postcode, or near it."""
    if asked.near is not None:
        ids = dict.fromkeys(listing for listing, _ in find_near(session, asked))
        return query.where(PublishedRow.listing_id.in_(list(ids)[:_MOST_NAMED]))
    if asked.postcode:
        places = select(PublishedPlaceRow.listing_id).where(*in_postcode(asked))
        query = query.where(PublishedRow.listing_id.in_(places))
    return query


def in_postcode(asked: ServiceFilter) -> list[ColumnElement[bool]]:
    if not asked.postcode:
        return []
    code, column = normalise_postcode(asked.postcode), PublishedPlaceRow.postcode
    return [or_(column == code, column.startswith(f"{code} ", autoescape=True))]


def at_places(columns: Any) -> Query:
    return select(*columns).join(
        PublishedRow, PublishedRow.listing_id == PublishedPlaceRow.listing_id
    )


def find_near(session: Session, asked: ServiceFilter) -> list[tuple[int, int]]:
    """Listing and number of every place within reach, the nearest first."""
    near = asked.near or Point(0, 0)
    # A box first, for the index; east and west are left to the sum, which knows of the date line.
    span = asked.metres / _METRES_A_DEGREE
    columns = (
        PublishedPlaceRow.listing_id,
        PublishedPlaceRow.number,
        PublishedPlaceRow.latitude,
        PublishedPlaceRow.longitude,
    )
    box = PublishedPlaceRow.latitude.between(near.latitude - span, near.latitude + span)
    rows = session.execute(suit(at_places(columns), asked).where(box)).all()
    degrees = np.array([(row[2], row[3]) for row in rows], dtype=np.float64).reshape(-1, 2)
    metres = measure_miles_from(near, degrees) * _METRES_A_MILE
    order = np.argsort(metres, kind="stable")
    return [(rows[row][0], rows[row][1]) for row in order if metres[row] <= asked.metres]


def count(session: Session, query: Query) -> int:
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0


def used() -> ColumnElement[bool]:
    """Terms that some listing has; ours are shown in any case, as they are what can be asked."""
    ours = [taxonomy_id(name) for name in (KIND, STRAND, ASSET)]
    return or_(
        TermRow.taxonomy_id.in_(ours),
        exists().where(PublishedTermRow.term_id == TermRow.id),
    )
