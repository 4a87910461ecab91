"""The tables that make published listings findable by id, term, age, day and place.

Made of the listings and nothing else, by `renewing`; could be thrown away and made again.
Must never hold a place of a confidential listing.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, delete
from sqlalchemy.orm import Mapped, Session, mapped_column

from directory.models import Base


class PublishedRow(Base):
    """A listing by the ids it is published under and what lists of services are asked by.

    `revision` is its entry's when this was made, and `version` the code's that made it.
    `modified` is when the listing last changed, in UTC, and `words` its text in small letters
    without accents.
    """

    __tablename__ = "published"
    listing_id: Mapped[int] = mapped_column(
        ForeignKey("listing.id", ondelete="CASCADE"), primary_key=True
    )
    revision: Mapped[int] = mapped_column(index=True)
    version: Mapped[int]
    public_id: Mapped[str] = mapped_column(unique=True)
    organisation_id: Mapped[str] = mapped_column(index=True)
    modified: Mapped[datetime] = mapped_column(index=True)
    status: Mapped[str]
    minimum_age: Mapped[int | None]
    maximum_age: Mapped[int | None]
    words: Mapped[str]


class PublishedPlaceRow(Base):
    """A service at a location: `number` counts its locations from 0; virtual ones have no point."""

    __tablename__ = "published_place"
    listing_id: Mapped[int] = mapped_column(
        ForeignKey("listing.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    postcode: Mapped[str]
    latitude: Mapped[float | None] = mapped_column(index=True)
    longitude: Mapped[float | None]


class PublishedTimeRow(Base):
    """A day that a listing has a session on, with its times in minutes since midnight."""

    __tablename__ = "published_time"
    listing_id: Mapped[int] = mapped_column(
        ForeignKey("listing.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[str] = mapped_column(primary_key=True)
    opens_at: Mapped[int | None]
    closes_at: Mapped[int | None]


class PublishedTermRow(Base):
    """That a listing has a term."""

    __tablename__ = "published_term"
    listing_id: Mapped[int] = mapped_column(
        ForeignKey("listing.id", ondelete="CASCADE"), primary_key=True
    )
    term_id: Mapped[str] = mapped_column(primary_key=True, index=True)


class TermRow(Base):
    """A term that is or was used, as JSON."""

    __tablename__ = "term"
    id: Mapped[str] = mapped_column(primary_key=True)
    taxonomy_id: Mapped[str] = mapped_column(index=True)
    taxonomy: Mapped[str]
    document: Mapped[str]


def forget_published(session: Session, listing_ids: Sequence[int]) -> None:
    """Drop what these listings were published as; `renewing` makes it again from what they are."""
    for table in (PublishedRow, PublishedPlaceRow, PublishedTimeRow, PublishedTermRow):
        session.execute(delete(table).where(table.listing_id.in_(listing_ids)))
