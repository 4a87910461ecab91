"""The tables of published services, and of the ids, terms, ages, days and places that find them.

`projection` writes them from the listings alone, so they can always be written again. Must never
hold a place of a confidential listing.
"""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from directory.models import Base


class PublishedRow(Base):
    """A listing as it is published. `service` is the finished Open Referral service, as JSON.

    The other columns are what lists of services are filtered by. `version` is the version of the
    code that wrote the row, `modified` the time of the listing's last change, in UTC, and `words`
    its text in lower case without accents. `public_id` is in lower case.
    """

    __tablename__ = "published"
    listing_id: Mapped[int] = mapped_column(
        ForeignKey("listing.id", ondelete="CASCADE"), primary_key=True
    )
    version: Mapped[int]
    public_id: Mapped[str] = mapped_column(unique=True)
    organisation_id: Mapped[str] = mapped_column(index=True)
    modified: Mapped[datetime] = mapped_column(index=True)
    status: Mapped[str]
    minimum_age: Mapped[int | None]
    maximum_age: Mapped[int | None]
    words: Mapped[str]
    service: Mapped[str]


class PublishedPlaceRow(Base):
    """A service at a location; `number` counts its locations from 0. Virtual ones have no point."""

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
    """A day with a session of the listing. Times are in minutes since midnight."""

    __tablename__ = "published_time"
    listing_id: Mapped[int] = mapped_column(
        ForeignKey("listing.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[str] = mapped_column(primary_key=True)
    opens_at: Mapped[int | None]
    closes_at: Mapped[int | None]


class PublishedTermRow(Base):
    """A term of a listing."""

    __tablename__ = "published_term"
    listing_id: Mapped[int] = mapped_column(
        ForeignKey("listing.id", ondelete="CASCADE"), primary_key=True
    )
    term_id: Mapped[str] = mapped_column(primary_key=True, index=True)


class TermRow(Base):
    """A taxonomy term that a listing has or had; `document` is the term as JSON."""

    __tablename__ = "term"
    id: Mapped[str] = mapped_column(primary_key=True)
    taxonomy_id: Mapped[str] = mapped_column(index=True)
    taxonomy: Mapped[str]
    document: Mapped[str]
