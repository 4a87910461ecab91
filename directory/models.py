"""The directory's tables. Rows never leave the package: see `listing.StoredListing`.

A listing is stored as one JSON document, because it is always read and written as a whole. The data
that searches need is stored separately, in an `EntryRow`.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from directory.listing import StoredListing, load_listing


class Base(DeclarativeBase):
    type_annotation_map = {dict[str, Any]: JSON}  # noqa: RUF012


class SourceRow(Base):
    """A source of listings. Its `notice` is shown with each of them.

    A source with an `address` is a registered feed: `etag` and `last_modified` are the validators
    of its last response, and `held` says why that was not applied, empty if it was.
    """

    __tablename__ = "source"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    notice: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")
    etag: Mapped[str] = mapped_column(default="")
    last_modified: Mapped[str] = mapped_column(default="")
    synced: Mapped[datetime | None]
    held: Mapped[str] = mapped_column(default="")


class ListingRow(Base):
    """A listing's document. `gone` means that its source no longer has it.

    `revision` is the directory's revision that last changed the row, and `modified` when, in UTC.
    `same_as` is the listing that is shown instead of a duplicate.
    """

    __tablename__ = "listing"
    __table_args__ = (UniqueConstraint("source_id", "key"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"))
    key: Mapped[str]
    document: Mapped[str]
    digest: Mapped[str]
    modified: Mapped[datetime]
    revision: Mapped[int] = mapped_column(index=True)
    gone: Mapped[bool] = mapped_column(default=False)
    same_as: Mapped[int | None] = mapped_column(ForeignKey("listing.id", ondelete="SET NULL"))
    source: Mapped[SourceRow] = relationship(lazy="joined")


class EntryRow(Base):
    """The data of a listing that searches read, as compact bytes: see `indexing.entries`.

    `version` is that of the code that built it. Older entries are rebuilt, except the vector.
    """

    __tablename__ = "entry"
    listing_id: Mapped[int] = mapped_column(
        ForeignKey("listing.id", ondelete="CASCADE"), primary_key=True
    )
    revision: Mapped[int] = mapped_column(index=True)
    version: Mapped[int]
    text_digest: Mapped[str]
    vector: Mapped[bytes] = mapped_column(LargeBinary)
    facts: Mapped[bytes] = mapped_column(LargeBinary)
    terms: Mapped[bytes] = mapped_column(LargeBinary)
    points: Mapped[bytes] = mapped_column(LargeBinary)
    sessions: Mapped[bytes] = mapped_column(LargeBinary)
    labels: Mapped[bytes] = mapped_column(LargeBinary)


class WordRow(Base):
    """A word that some listing uses: a possible correction of a misspelt word."""

    __tablename__ = "word"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(unique=True)


class LabelRow(Base):
    """The number by which entries refer to a topic, language or audience."""

    __tablename__ = "label"
    __table_args__ = (UniqueConstraint("field", "text"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    field: Mapped[str]
    text: Mapped[str]


class PlaceRow(Base):
    """A place of a listing, for looking up names and postcodes. Never a confidential listing's."""

    __tablename__ = "place"
    id: Mapped[int] = mapped_column(primary_key=True)
    listing_id: Mapped[int] = mapped_column(
        ForeignKey("listing.id", ondelete="CASCADE"), index=True
    )
    neighbourhood: Mapped[str] = mapped_column(index=True)
    postcode: Mapped[str] = mapped_column(index=True)
    latitude: Mapped[float]
    longitude: Mapped[float]


class NamedPlaceRow(Base):
    """A postcode, an outward code or a place name from an imported gazetteer."""

    __tablename__ = "named_place"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    latitude: Mapped[float]
    longitude: Mapped[float]


class DuplicateRow(Base):
    """A possible duplicate. `verdict` is a navigator's: "same", "different" or empty."""

    __tablename__ = "possible_duplicate"
    first_id: Mapped[int] = mapped_column(
        ForeignKey("listing.id", ondelete="CASCADE"), primary_key=True
    )
    second_id: Mapped[int] = mapped_column(
        ForeignKey("listing.id", ondelete="CASCADE"), primary_key=True
    )
    likeness: Mapped[float]
    reason: Mapped[str]
    verdict: Mapped[str] = mapped_column(default="")


class UnmetNeedRow(Base):
    """How often searches for a category found nothing good near an area, by week. No words."""

    __tablename__ = "unmet_need"
    week: Mapped[str] = mapped_column(primary_key=True)
    category: Mapped[str] = mapped_column(primary_key=True)
    area: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]


class QuarantinedRow(Base):
    """A row of a source that could not be shown, stored until the source corrects it.

    No free text of a row that is or may be `confidential` is stored: it may reveal the place.
    """

    __tablename__ = "quarantined_row"
    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"))
    key: Mapped[str]
    name: Mapped[str]
    reason: Mapped[str]
    content: Mapped[dict[str, Any]]
    confidential: Mapped[bool] = mapped_column(default=False)


class RevisionRow(Base):
    """A single row whose number grows with every change, so that readers know when to reload."""

    __tablename__ = "revision"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int]


class NoteRow(Base):
    """A note that a resident sent to the team; see `notes`."""

    __tablename__ = "note"
    # SQLite's hidden row number would reveal the order in which notes arrived.
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str]
    about: Mapped[str]
    text: Mapped[str]
    week: Mapped[str]


class FeedbackRow(Base):
    """How many people gave each answer on whether the chat was useful, by week; see `notes`."""

    __tablename__ = "feedback"
    week: Mapped[str] = mapped_column(primary_key=True)
    useful: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]


class AuditRow(Base):
    """One change at the desk: who changed which listing, how, and when (in UTC).

    A change of anything else has no `listing_id`: `about` names the feed, or the row of a source.
    `who` is a name, which outlives its account. `fields` are the names of those that changed.
    `before` is the listing's document before the change: empty for a new listing, and emptied once
    the listing is confidential, since it may hold an address.
    """

    __tablename__ = "desk_change"
    id: Mapped[int] = mapped_column(primary_key=True)
    listing_id: Mapped[int | None] = mapped_column(
        ForeignKey("listing.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime] = mapped_column(index=True)
    who: Mapped[str]
    what: Mapped[str]
    fields: Mapped[str] = mapped_column(default="")
    before: Mapped[str] = mapped_column(default="")
    about: Mapped[str] = mapped_column(default="")


class OverrideRow(Base):
    """The fields that navigators changed in a source's listing, with their values.

    They replace the source's own values at each import; see `importing.overrides`.
    """

    __tablename__ = "desk_edit"
    listing_id: Mapped[int] = mapped_column(
        ForeignKey("listing.id", ondelete="CASCADE"), primary_key=True
    )
    fields: Mapped[dict[str, Any]]


def load_stored_listing(row: ListingRow) -> StoredListing:
    """The row as a dataclass that may leave the package."""
    listing = load_listing(row.document)
    return StoredListing(
        id=row.id,
        source=row.source.name,
        notice=row.source.notice,
        listing=replace(listing, status="closed") if row.gone else listing,
        modified=row.modified,
        gone=row.gone,
    )
