"""Writes single listings for the desk, and records who changed what.

Owns the order of the steps: encode first, then write everything in one transaction. A change to a
source's listing is stored as an override (see `importing.overrides`); listings that navigators add
belong to a source of their own.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from sqlalchemy import ColumnElement, Engine, delete, func, select
from sqlalchemy.orm import Session

from directory.clock import read_clock
from directory.database import forget_deleted, insert_if_new
from directory.encoder import Encoder, Vectors
from directory.errors import ConflictError, DailyLimitError, DirectoryError
from directory.importing.audit_log import record_listing_change, record_other_change
from directory.importing.classify import classify_listing
from directory.importing.importer import OWN_SOURCE
from directory.importing.overrides import dump_fields, find_changed_fields, save_overrides
from directory.importing.writer import PreparedListing, lock_directory, read_vectors, write_listings
from directory.indexing.entries import make_entry
from directory.indexing.topics import find_listing_topics, name_topics
from directory.indexing.words import find_words
from directory.listing import Listing, StoredListing, digest_document, load_listing, withhold_place
from directory.listing_text import build_encoder_text, build_search_text, digest_encoder_text
from directory.models import (
    AuditRow,
    ListingRow,
    OverrideRow,
    QuarantinedRow,
    SourceRow,
    load_stored_listing,
)

# Shorter words say little, and more words would fill the page.
_MIN_LETTERS, _MAX_WORDS = 4, 60
# The action stored in the audit log. Its rows are counted, so it must never change.
_LINKS_WITHDRAWN = "links withdrawn"


@dataclass(frozen=True)
class EditableListing:
    """A listing as the desk shows it.

    `version` changes with every change of the listing; `edited` names the fields with an override;
    `own` is true for a listing that was added at the desk; `withdrawn` counts how often the links
    sent to its contact were withdrawn, which makes earlier links invalid.
    """

    stored: StoredListing
    version: str
    edited: tuple[str, ...]
    own: bool
    withdrawn: int


@dataclass(frozen=True)
class Preview:
    """A listing as it would be stored, with the topics and words that searches would find it by."""

    listing: Listing
    topics: tuple[str, ...]
    words: tuple[str, ...]


class ListingEditor:
    """Reads and writes single listings. Safe to use from several threads and processes."""

    def __init__(
        self, engine: Engine, encoder: Encoder, today: Callable[[], date] = date.today
    ) -> None:
        self._engine = engine
        self._encoder = encoder
        self._today = today

    def read(self, listing_id: int) -> EditableListing | None:
        """The listing with our own `listing_id`, or None if there is none."""
        with Session(self._engine) as session:
            row = session.get(ListingRow, listing_id)
            if row is None:
                return None
            edit = session.get(OverrideRow, listing_id)
            return EditableListing(
                load_stored_listing(row),
                row.digest,
                tuple(edit.fields) if edit else (),
                row.source.name == OWN_SOURCE,
                _count(session, listing_id, AuditRow.what == _LINKS_WITHDRAWN),
            )

    def preview(self, listing: Listing) -> Preview:
        """The listing as it would be stored. Writes nothing."""
        listing = withhold_place(classify_listing(listing))
        topics, shares = find_listing_topics([listing], self._encode(listing)[np.newaxis])
        words = dict.fromkeys(find_words(build_search_text(listing)))
        return Preview(
            listing,
            name_topics(topics[0], shares[0]),
            tuple(word for word in words if len(word) >= _MIN_LETTERS)[:_MAX_WORDS],
        )

    def add(self, listing: Listing, who: str) -> int:
        """Add a listing to the navigators' own source, under a new key, and return its id."""
        listing = withhold_place(
            classify_listing(replace(listing, key=secrets.token_hex(8), record={}))
        )
        vector = self._encode(listing)
        with Session(self._engine) as session, session.begin():
            lock_directory(session)
            source = _find_own_source(session)
            [listing_id] = write_listings(
                session, source.id, [PreparedListing(listing, make_entry(listing, vector))]
            )
            record_listing_change(session, listing_id, who, "added")
        return listing_id

    def fix_quarantined(self, row_id: int, listing: Listing, who: str) -> int:
        """Store `listing` in place of a quarantined row, and return its id.

        It keeps the row's source and key, so the source's own row replaces it once that is valid.
        Raises DirectoryError if there is no such row.
        """
        listing = withhold_place(classify_listing(replace(listing, record={})))
        vector = self._encode(listing)
        with Session(self._engine) as session, session.begin():
            lock_directory(session)
            row = session.get(QuarantinedRow, row_id)
            if row is None:
                raise DirectoryError(
                    "This row was already fixed or removed, or its source was read."
                )
            listing = replace(listing, key=row.key or secrets.token_hex(8))
            known = session.scalar(
                select(ListingRow).where(
                    ListingRow.source_id == row.source_id, ListingRow.key == listing.key
                )
            )
            before = known.document if known else ""
            prepared = PreparedListing(
                listing, make_entry(listing, vector), known.id if known else None
            )
            source = row.source_id
            session.delete(row)
            [listing_id] = write_listings(session, source, [prepared])
            record_listing_change(
                session, listing_id, who, "row fixed", before="" if listing.confidential else before
            )
        return listing_id

    def remove_quarantined(self, row_id: int, who: str) -> None:
        """Remove a quarantined row. It returns if its source still has it at the next import.

        Does nothing if the row is already gone.
        """
        with Session(self._engine) as session, session.begin():
            lock_directory(session)
            row = session.get(QuarantinedRow, row_id)
            if row is None:
                return
            source = session.get_one(SourceRow, row.source_id).name
            # The audit log outlives the row, so it must not name a private one.
            name = "a private row" if row.confidential else row.name or row.key or "a row"
            session.delete(row)
            record_other_change(session, f"{name}, of {source}", who, "row removed")

    def change(
        self,
        listing_id: int,
        listing: Listing,
        who: str,
        what: str = "changed",
        *,
        version: str,
        daily_limit: int | None = None,
    ) -> tuple[str, ...]:
        """Replace the listing, and return the names of the fields that changed.

        `version` is the version that `who` was shown; `daily_limit` is how often `who` may write
        this listing in 24 hours. Raises ConflictError if the listing has another version by now,
        DailyLimitError if the limit is reached, and DirectoryError if the listing is gone.
        """
        with Session(self._engine) as session:
            row = _require(session, listing_id, version)
            _check_daily_limit(session, listing_id, who, daily_limit)
            before = load_listing(row.document)
            vector: Vectors | bytes = read_vectors(session, [listing_id])[listing_id]
        after = _prepare(before, listing)
        changed = find_changed_fields(before, after)
        if not changed and what == "changed":
            return ()
        if digest_encoder_text(after) != digest_encoder_text(before):
            vector = self._encode(after)
        with Session(self._engine) as session, session.begin():
            lock_directory(session)
            row = _require(session, listing_id, version)
            _check_daily_limit(session, listing_id, who, daily_limit)
            document = row.document
            prepared = PreparedListing(after, make_entry(after, vector), listing_id)
            if row.source.name != OWN_SOURCE:
                save_overrides(session, listing_id, dump_fields(after, changed))
            record_listing_change(session, listing_id, who, what, changed, document)
            # Last, because it erases the places of a confidential listing from the rows above.
            write_listings(session, row.source_id, [prepared])
        if after.confidential and not before.confidential:
            forget_deleted(self._engine, thorough=True)
        return changed

    def assure(
        self,
        listing_id: int,
        who: str,
        what: str = "checked",
        listing: Listing | None = None,
        *,
        version: str,
        daily_limit: int | None = None,
    ) -> None:
        """Record that the listing was checked today and is right, with the changes in `listing`.

        Without `listing`, nothing but the date changes. Raises as `change` does.
        """
        if listing is None:
            with Session(self._engine) as session:
                listing = load_listing(_require(session, listing_id, version).document)
        assured = replace(listing, assured_date=self._today())
        self.change(listing_id, assured, who, what, version=version, daily_limit=daily_limit)

    def withdraw_links(self, listing_id: int, who: str) -> None:
        """Make every link that was sent to the listing's contact so far invalid."""
        with Session(self._engine) as session, session.begin():
            if session.get(ListingRow, listing_id) is None:
                raise _make_gone_error()
            record_listing_change(session, listing_id, who, _LINKS_WITHDRAWN)

    def follow_source(self, listing_id: int, who: str) -> None:
        """Delete the overrides, so that every field follows its source from the next import."""
        with Session(self._engine) as session, session.begin():
            lock_directory(session)
            row = session.get(ListingRow, listing_id)
            if row is None:
                raise _make_gone_error()
            session.execute(delete(OverrideRow).where(OverrideRow.listing_id == listing_id))
            # Without validators, the feed is read in full the next time, even if unchanged.
            row.source.etag = row.source.last_modified = ""
            row.source.synced = None
            record_listing_change(session, listing_id, who, "set to follow its source again")

    def _encode(self, listing: Listing) -> Vectors:
        vector: Vectors = self._encoder.encode([build_encoder_text(listing)])[0]
        return vector


def _find_own_source(session: Session) -> SourceRow:
    insert_if_new(session, SourceRow, name=OWN_SOURCE)
    return session.scalars(select(SourceRow).where(SourceRow.name == OWN_SOURCE)).one()


def _prepare(before: Listing, listing: Listing) -> Listing:
    """The listing to store. Proposed fields are proposed again unless somebody changed them."""
    listing = replace(listing, key=before.key, record=before.record)
    changed = find_changed_fields(before, listing)
    proposed = tuple(name for name in before.proposed if name not in changed)
    return withhold_place(classify_listing(replace(listing, proposed=proposed)))


def _require(session: Session, listing_id: int, version: str) -> ListingRow:
    row = session.get(ListingRow, listing_id)
    if row is None or row.gone:
        raise _make_gone_error()
    if digest_document(row.document) != version:
        raise ConflictError(
            "Somebody else has changed this listing since you opened it. Nothing was saved. Open "
            "the listing again and make your change once more."
        )
    return row


def _check_daily_limit(session: Session, listing_id: int, who: str, limit: int | None) -> None:
    today = AuditRow.at > read_clock() - timedelta(days=1)
    if limit is not None and _count(session, listing_id, AuditRow.who == who, today) >= limit:
        raise DailyLimitError("This listing was changed too often today. Try again tomorrow.")


def _count(session: Session, listing_id: int, *conditions: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(AuditRow)
    return session.scalar(query.where(AuditRow.listing_id == listing_id, *conditions)) or 0


def _make_gone_error() -> DirectoryError:
    return DirectoryError("The source no longer has this listing. Add your own listing instead.")
