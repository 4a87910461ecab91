"""The directory's tables. Rows never leave the package: see `listings.StoredListing`."""

from datetime import date, time
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from directory.listings import Listing, Place, Point, Schedule, StoredListing


class Base(DeclarativeBase):
    type_annotation_map = {list[str]: JSON, dict[str, Any]: JSON}  # noqa: RUF012


class SourceRow(Base):
    """Where listings come from. `notice` is shown with every one of them."""

    __tablename__ = "source"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    notice: Mapped[str] = mapped_column(default="")


class PlaceRow(Base):
    __tablename__ = "place"
    id: Mapped[int] = mapped_column(primary_key=True)
    listing_id: Mapped[int] = mapped_column(
        ForeignKey("listing.id", ondelete="CASCADE"), index=True
    )
    venue: Mapped[str]
    address: Mapped[str]
    neighbourhood: Mapped[str]
    postcode: Mapped[str]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]


class ScheduleRow(Base):
    __tablename__ = "schedule"
    id: Mapped[int] = mapped_column(primary_key=True)
    listing_id: Mapped[int] = mapped_column(
        ForeignKey("listing.id", ondelete="CASCADE"), index=True
    )
    days: Mapped[list[str]]
    repeats: Mapped[str]
    opens_at: Mapped[time | None]
    closes_at: Mapped[time | None]
    description: Mapped[str]


class ListingRow(Base):
    __tablename__ = "listing"
    __table_args__ = (UniqueConstraint("source_id", "key"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"))
    digest: Mapped[str]
    key: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    description: Mapped[str]
    organisation: Mapped[str]
    strands: Mapped[list[str]]
    assets: Mapped[list[str]]
    topics: Mapped[list[str]]
    website: Mapped[str]
    email: Mapped[str]
    phone: Mapped[str]
    covers: Mapped[str]
    online: Mapped[bool]
    cost: Mapped[str]
    cost_amount: Mapped[float | None]
    accessibility: Mapped[list[str]]
    audience: Mapped[list[str]]
    minimum_age: Mapped[int | None]
    maximum_age: Mapped[int | None]
    languages: Mapped[list[str]]
    skills_wanted: Mapped[list[str]]
    commitment: Mapped[str]
    status: Mapped[str]
    alert: Mapped[str]
    confidential: Mapped[bool]
    assured_date: Mapped[date | None]
    vector: Mapped[bytes] = mapped_column(LargeBinary)
    vector_digest: Mapped[str]
    source: Mapped[SourceRow] = relationship(lazy="joined")
    places: Mapped[list[PlaceRow]] = relationship(
        cascade="all, delete-orphan", lazy="selectin", order_by=PlaceRow.id
    )
    schedules: Mapped[list[ScheduleRow]] = relationship(
        cascade="all, delete-orphan", lazy="selectin", order_by=ScheduleRow.id
    )


class QuarantinedRow(Base):
    """A row of a source that could not be shown, kept until the source mends it."""

    __tablename__ = "quarantined_row"
    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"))
    key: Mapped[str]
    name: Mapped[str]
    reason: Mapped[str]
    content: Mapped[dict[str, Any]]


class RevisionRow(Base):
    """One row whose number grows with every change, so that readers know to look again."""

    __tablename__ = "revision"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int]


# Columns that carry a listing's own value under the listing's own name.
_PLAIN = (
    "key name kind description organisation website email phone covers online cost cost_amount "
    "minimum_age maximum_age commitment status alert confidential assured_date"
).split()
_LISTS = "strands assets topics accessibility audience languages skills_wanted".split()


def write_listing(row: ListingRow, listing: Listing) -> None:
    """Make the row say what the listing says."""
    for name in _PLAIN:
        setattr(row, name, getattr(listing, name))
    for name in _LISTS:
        setattr(row, name, list(getattr(listing, name)))
    row.places = [
        PlaceRow(
            venue=place.venue,
            address=place.address,
            neighbourhood=place.neighbourhood,
            postcode=place.postcode,
            latitude=place.point.latitude if place.point else None,
            longitude=place.point.longitude if place.point else None,
        )
        for place in listing.places
    ]
    row.schedules = [
        ScheduleRow(
            days=list(schedule.days),
            repeats=schedule.repeats,
            opens_at=schedule.opens_at,
            closes_at=schedule.closes_at,
            description=schedule.description,
        )
        for schedule in listing.schedules
    ]


def read_listing(row: ListingRow) -> StoredListing:
    """The row as it may leave the package."""
    values: dict[str, Any] = {name: getattr(row, name) for name in _PLAIN}
    values |= {name: tuple(getattr(row, name)) for name in _LISTS}
    listing = Listing(
        **values,
        places=tuple(
            Place(
                venue=place.venue,
                address=place.address,
                neighbourhood=place.neighbourhood,
                postcode=place.postcode,
                point=None
                if place.latitude is None or place.longitude is None
                else Point(place.latitude, place.longitude),
            )
            for place in row.places
        ),
        schedules=tuple(
            Schedule(
                days=tuple(schedule.days),
                repeats=schedule.repeats,
                opens_at=schedule.opens_at,
                closes_at=schedule.closes_at,
                description=schedule.description,
            )
            for schedule in row.schedules
        ),
    )
    return StoredListing(row.id, row.source.name, row.source.notice, listing)


class NoteRow(Base):
    """A note that a resident sent to the team; see `notes`."""

    __tablename__ = "note"
    # SQLite's hidden row number would tell the order that notes came in.
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str]
    about: Mapped[str]
    text: Mapped[str]
    week: Mapped[str]


class FeedbackRow(Base):
    """How many found the chat useful, by week; see `notes`."""

    __tablename__ = "feedback"
    week: Mapped[str] = mapped_column(primary_key=True)
    useful: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]
