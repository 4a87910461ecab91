"""Importing a source into the directory: all of it, or none.

Owns the order of the steps (read everything, encode what changed, write in one transaction, link
duplicates) and the counts of the report. Must know no file format.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from directory.database import forget_deleted, name_cause
from directory.encoder import Encoder, Vectors
from directory.errors import DatabaseError, ImportHeldError, SourceError
from directory.importing.audit_log import record_listing_changes
from directory.importing.duplicates import DuplicateCounts, link_duplicates
from directory.importing.overrides import apply_overrides, load_overrides
from directory.importing.quarantine import sort_rows, store_quarantined
from directory.importing.writer import (
    Written,
    close_listings,
    read_vectors,
    set_notice,
    write_listings,
)
from directory.indexing.entries import is_open, make_entry
from directory.listing import (
    Listing,
    digest_document,
    dump_listing,
    load_listing,
    withhold_place,
)
from directory.listing_text import build_encoder_text, digest_encoder_text
from directory.models import EntryRow, ListingRow, SourceRow
from directory.progress import Progress, no_progress
from directory.rejected import RejectedRow

OWN_SOURCE = "navigators"
"""The source of the listings that navigators add by hand: no import may use its name."""

# A source with fewer listings may lose all of them; one with more, at most this share.
_MIN_LISTINGS_TO_HOLD = 10
_MAX_LOSS = 0.5


@dataclass(frozen=True)
class ImportReport:
    """The outcome of an import. `encoded` counts the listings that needed a new vector.

    `doubtful` listings were imported without the values that their `doubts` name. `linked` is None
    if the caller links duplicates itself, once for many sources.
    """

    source: str
    added: int
    updated: int
    unchanged: int
    closed: int
    encoded: int
    quarantined: tuple[RejectedRow, ...]
    doubtful: tuple[Listing, ...] = ()
    linked: DuplicateCounts | None = None


def import_listings(
    engine: Engine,
    encoder: Encoder,
    source: str,
    rows: Iterable[Listing | RejectedRow],
    *,
    notice: str | None = None,
    progress: Progress = no_progress,
    complete: bool = True,
    accept_loss: bool = False,
    who: str = "",
) -> ImportReport:
    """Make the directory hold what `rows` say under the name `source`, and link duplicates.

    With `complete`, a listing that the source no longer has is closed. Fields that were changed at
    the desk keep their values. `who` is the desk account that imports, if any; it is recorded with
    every listing that changes. A row with the key of an earlier row is quarantined.

    Raises whatever reading `rows` raises, ImportHeldError if most of the source's listings would be
    closed (unless `accept_loss`), and DatabaseError if the database refuses; then nothing was
    written.
    """
    report = write_source(
        engine,
        encoder,
        source,
        rows,
        notice=notice,
        progress=progress,
        complete=complete,
        accept_loss=accept_loss,
        who=who,
    )
    return replace(report, linked=link_duplicates(engine))


def write_source(
    engine: Engine,
    encoder: Encoder,
    source: str,
    rows: Iterable[Listing | RejectedRow],
    *,
    notice: str | None = None,
    progress: Progress = no_progress,
    complete: bool = True,
    accept_loss: bool = False,
    who: str = "",
) -> ImportReport:
    """As `import_listings`, for callers that import many sources and link duplicates once.

    Linking reads the whole directory, which takes 3 s for 20,000 listings.
    """
    if source == OWN_SOURCE:
        raise SourceError(
            f"The name {OWN_SOURCE!r} is for listings added at the desk. Choose another name.",
            "Name it with --source.",
        )
    listings, rejected = sort_rows(rows)
    try:
        with Session(engine) as session:
            stored = _load_stored(session, source)
            overrides = load_overrides(session, source)
            for key in overrides.keys() & listings.keys():
                listings[key] = apply_overrides(listings[key], overrides[key])
            keys_in_source = {*listings, *(row.key for row in rejected)}
            dropped = [
                facts for key, facts in stored.items() if complete and key not in keys_in_source
            ]
            dropped_ids = [facts.id for facts in dropped if not facts.gone]
            if not accept_loss:
                closed_keys = [key for key, row in listings.items() if row.status == "closed"]
                closing = [stored[key] for key in closed_keys if key in stored]
                _check_loss(
                    source,
                    lost=sum(facts.is_open for facts in [*dropped, *closing]),
                    total=sum(facts.is_open for facts in stored.values()),
                )
            changed = _encode_changed(session, encoder, listings, stored, progress)
            withheld = _withhold_stored(session, _find_private(rejected, listings, stored))
            source_id = _upsert_source(session, source, notice)
            changed_ids = write_listings(
                session, source_id, [*(written for written, _ in changed), *withheld]
            )
            close_listings(session, dropped_ids)
            if who:
                record_listing_changes(session, changed_ids, who, "imported")
                record_listing_changes(session, dropped_ids, who, "closed: no longer in the import")
            store_quarantined(session, source_id, rejected)
            session.commit()
    except SQLAlchemyError as error:
        raise DatabaseError(
            f"The directory's database refused the change ({name_cause(error)}). Nothing from "
            f"{source} was imported."
        ) from error
    private_keys = {written.listing.key for written in withheld}
    private_keys |= {written.listing.key for written, _ in changed if written.listing.confidential}
    # Changes at the desk may have left several copies of a place.
    forget_deleted(engine, thorough=not private_keys.isdisjoint(overrides))
    added = sum(written.id is None for written, _ in changed)
    return ImportReport(
        source=source,
        added=added,
        updated=len(changed) - added,
        unchanged=len(listings) - len(changed),
        closed=len(dropped_ids),
        encoded=sum(is_encoded for _, is_encoded in changed),
        quarantined=tuple(rejected),
        doubtful=tuple(listing for listing in listings.values() if listing.doubts),
    )


def _find_private(
    rejected: list[RejectedRow], listings: dict[str, Listing], stored: dict[str, "_StoredFacts"]
) -> list[int]:
    """The ids of stored listings that a rejected row marks, or may mark, as confidential."""
    keys = {row.key for row in rejected if row.confidential}
    return [stored[key].id for key in keys if key in stored and key not in listings]


def _withhold_stored(session: Session, ids: list[int]) -> list[Written]:
    """These listings made confidential, because a rejected row says, or may say, that they are."""
    rows = session.scalars(select(ListingRow).where(ListingRow.id.in_(ids)))
    listings = {row.id: load_listing(row.document) for row in rows if not row.gone}
    vectors = read_vectors(session, list(listings))
    written = []
    for listing_id, listing in listings.items():
        withheld = withhold_place(replace(listing, confidential=True))
        if withheld != listing:
            entry = make_entry(withheld, vectors[listing_id])
            written.append(Written(withheld, entry, listing_id))
    return written


@dataclass(frozen=True)
class _StoredFacts:
    """The facts of a stored listing that an import compares."""

    id: int
    digest: str
    text_digest: str
    gone: bool
    facts: bytes

    @property
    def is_open(self) -> bool:
        """Whether residents see the listing."""
        return not self.gone and is_open(self.facts)


def _load_stored(session: Session, source: str) -> dict[str, _StoredFacts]:
    rows = session.execute(
        select(ListingRow.key, ListingRow.id, ListingRow.digest)
        .add_columns(EntryRow.text_digest, ListingRow.gone, EntryRow.facts)
        .join(EntryRow, EntryRow.listing_id == ListingRow.id)
        .join(SourceRow, SourceRow.id == ListingRow.source_id)
        .where(SourceRow.name == source)
    )
    return {row.key: _StoredFacts(*row[1:]) for row in rows}


def _check_loss(source: str, *, lost: int, total: int) -> None:
    if total >= _MIN_LISTINGS_TO_HOLD and lost > _MAX_LOSS * total:
        raise ImportHeldError(
            f"{source} would lose {lost} of its {total} listings, so this update is on hold and "
            "nothing was changed.",
            f"If that is right, use import --accept-loss, or sync --accept {source}.",
        )


def _encode_changed(
    session: Session,
    encoder: Encoder,
    listings: dict[str, Listing],
    stored: dict[str, _StoredFacts],
    progress: Progress,
) -> list[tuple[Written, bool]]:
    """The listings that changed, each with whether it needed a new vector."""
    changed = [
        listing
        for key, listing in listings.items()
        if key not in stored
        or stored[key].gone
        or stored[key].digest != digest_document(dump_listing(listing))
    ]
    to_encode = [
        listing
        for listing in changed
        if listing.key not in stored
        or stored[listing.key].text_digest != digest_encoder_text(listing)
    ]
    keys = [listing.key for listing in to_encode]
    vectors = dict(zip(keys, _encode(encoder, to_encode, progress), strict=True))
    ids = {listing.key: stored[listing.key].id for listing in changed if listing.key in stored}
    stored_vectors = read_vectors(session, [ids[key] for key in ids if key not in vectors])
    written: list[tuple[Written, bool]] = []
    for listing in changed:
        listing_id = ids.get(listing.key)
        is_encoded = listing_id is None or listing.key in vectors
        vector = vectors[listing.key] if is_encoded else stored_vectors[ids[listing.key]]
        written.append((Written(listing, make_entry(listing, vector), listing_id), is_encoded))
    return written


def _upsert_source(session: Session, name: str, notice: str | None) -> int:
    row = session.scalar(select(SourceRow).where(SourceRow.name == name))
    if row is None:
        row = SourceRow(name=name)
        session.add(row)
    session.flush()
    if notice is not None:
        set_notice(session, row, notice)
    return row.id


def _encode(encoder: Encoder, listings: list[Listing], progress: Progress) -> Iterable[Vectors]:
    if not listings:
        return []
    done = 0

    def count(encoded: int) -> None:
        nonlocal done
        done += encoded
        progress("Learning what they mean", done, len(listings))

    progress("Learning what they mean", 0, len(listings))
    return encoder.encode([build_encoder_text(listing) for listing in listings], progress=count)
