"""Taking a source into the directory: all of it, or none.

Owns the order of things (read everything, encode what changed, then write in one
transaction) and the counts told at the end. Knows no file format.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Engine, delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from directory.database import forget_deleted
from directory.encoder import Encoder, Vectors
from directory.errors import DatabaseError, ImportHeldError, SourceError
from directory.importing.audit_log import record_listing_changes
from directory.importing.classify import classify_listing
from directory.importing.duplicates import DuplicateCounts, link_duplicates
from directory.importing.overrides import apply_overrides, load_overrides
from directory.importing.writer import (
    Written,
    announce_change,
    close_listings,
    read_vectors,
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
from directory.models import EntryRow, ListingRow, QuarantinedRow, SourceRow
from directory.progress import Progress, no_progress
from directory.rejected import RejectedRow, withhold_text

OWN_SOURCE = "navigators"
"""Where listings are that navigators added by hand: no import may take its name."""

# A source that has fewer listings than this may lose them all; one that has more, this part.
_FEW = 10
_MOST_LOST = 0.5


@dataclass(frozen=True)
class ImportReport:
    """What an import did. `encoded` counts the listings whose vector had to be made.

    `doubtful` were taken, each without what its `doubts` say could not be read. `linked` is None
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
    listings, rejected = _sort_out(rows)
    try:
        with Session(engine) as session:
            known = _read_known(session, source)
            edits = load_overrides(session, source)
            for key in edits.keys() & listings.keys():
                listings[key] = apply_overrides(listings[key], edits[key])
            there = {*listings, *(row.key for row in rejected)}
            gone = [one for key, one in known.items() if complete and key not in there]
            lost = [one.id for one in gone if not one.gone]
            if not accept_loss:
                shut = [key for key, one in listings.items() if one.status == "closed"]
                closing = [known[key] for key in shut if key in known]
                had = sum(one.open for one in known.values())
                _refuse_loss(source, sum(one.open for one in [*gone, *closing]), had)
            written = _encode_changed(session, encoder, listings, known, progress)
            withheld = _withhold_stored(session, _find_private(rejected, listings, known))
            source_id = _upsert_source(session, source, notice)
            changed = write_listings(session, source_id, [*(one for one, _ in written), *withheld])
            close_listings(session, lost)
            if who:
                record_listing_changes(session, changed, who, "imported")
                record_listing_changes(session, lost, who, "closed: no longer in the import")
            _quarantine(session, source_id, rejected)
            session.commit()
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", error)).splitlines()[0]
        raise DatabaseError(
            f"The directory's database refused the change ({cause}). Nothing from {source} was "
            "imported."
        ) from error
    private = {one.listing.key for one in withheld}
    private |= {one.listing.key for one, _ in written if one.listing.confidential}
    # What was changed at the desk may have left several copies of a place.
    forget_deleted(engine, thorough=not private.isdisjoint(edits))
    added = sum(one.id is None for one, _ in written)
    return ImportReport(
        source=source,
        added=added,
        updated=len(written) - added,
        unchanged=len(listings) - len(written),
        closed=len(lost),
        encoded=sum(encoded for _, encoded in written),
        quarantined=tuple(rejected),
        doubtful=tuple(one for one in listings.values() if one.doubts),
    )


def _find_private(
    rejected: list[RejectedRow], listings: dict[str, Listing], known: dict[str, "_Known"]
) -> list[int]:
    """The stored listings that a refused row says, or may say, are to be kept private."""
    keys = {row.key for row in rejected if row.confidential}
    return [known[key].id for key in keys if key in known and key not in listings]


def _withhold_stored(session: Session, ids: list[int]) -> list[Written]:
    """These listings as they are, but without a place: what was refused does not undo that."""
    rows = session.scalars(select(ListingRow).where(ListingRow.id.in_(ids)))
    listings = {row.id: load_listing(row.document) for row in rows if not row.gone}
    vectors = read_vectors(session, list(listings))
    written = []
    for at, listing in listings.items():
        withheld = withhold_place(replace(listing, confidential=True))
        if withheld != listing:
            written.append(Written(withheld, make_entry(withheld, vectors[at]), at))
    return written


@dataclass(frozen=True)
class _Known:
    id: int
    digest: str
    text_digest: str
    gone: bool
    facts: bytes

    @property
    def open(self) -> bool:
        """Whether residents are shown it."""
        return not self.gone and is_open(self.facts)


def _read_known(session: Session, source: str) -> dict[str, _Known]:
    of = (
        ListingRow.id,
        ListingRow.digest,
        EntryRow.text_digest,
        ListingRow.gone,
        EntryRow.facts,
    )
    rows = session.execute(
        select(ListingRow.key, *of)
        .join(EntryRow, EntryRow.listing_id == ListingRow.id)
        .join(SourceRow, SourceRow.id == ListingRow.source_id)
        .where(SourceRow.name == source)
    )
    return {row.key: _Known(*row[1:]) for row in rows}


def _refuse_loss(source: str, lost: int, had: int) -> None:
    if had >= _FEW and lost > _MOST_LOST * had:
        raise ImportHeldError(
            f"{source} would lose {lost} of its {had} listings, so this update is on hold and "
            "nothing was changed.",
            f"If that is right, use import --accept-loss, or sync --accept {source}.",
        )


def _encode_changed(
    session: Session,
    encoder: Encoder,
    listings: dict[str, Listing],
    known: dict[str, _Known],
    progress: Progress,
) -> list[tuple[Written, bool]]:
    """What has to be written, each with whether its vector had to be made."""
    changed = [
        listing
        for key, listing in listings.items()
        if key not in known
        or known[key].gone
        or known[key].digest != digest_document(dump_listing(listing))
    ]
    unseen = [
        listing
        for listing in changed
        if listing.key not in known
        or known[listing.key].text_digest != digest_encoder_text(listing)
    ]
    keys = [listing.key for listing in unseen]
    vectors = dict(zip(keys, _encode(encoder, unseen, progress), strict=True))
    ids = {listing.key: known[listing.key].id for listing in changed if listing.key in known}
    kept = read_vectors(session, [at for key, at in ids.items() if key not in vectors])
    written: list[tuple[Written, bool]] = []
    for listing in changed:
        at = ids.get(listing.key)
        vector = vectors[listing.key] if at is None or listing.key in vectors else kept[at]
        entry = make_entry(listing, vector)
        written.append((Written(listing, entry, at), listing.key in vectors))
    return written


def _upsert_source(session: Session, name: str, notice: str | None) -> int:
    row = session.scalar(select(SourceRow).where(SourceRow.name == name))
    if row is None:
        row = SourceRow(name=name)
        session.add(row)
    if notice is not None and row.notice != notice:
        row.notice = notice
        # It is shown with every listing of the source's.
        announce_change(session)
    session.flush()
    return row.id


def _quarantine(session: Session, source_id: int, rejected: list[RejectedRow]) -> None:
    session.execute(delete(QuarantinedRow).where(QuarantinedRow.source_id == source_id))
    session.add_all(
        QuarantinedRow(
            source_id=source_id,
            key=row.key,
            name=row.name,
            reason=row.reason,
            content=_plain_json(row.content),
            confidential=row.confidential,
        )
        for row in rejected
    )


def _sort_out(
    rows: Iterable[Listing | RejectedRow],
) -> tuple[dict[str, Listing], list[RejectedRow]]:
    listings: dict[str, Listing] = {}
    rejected: list[RejectedRow] = []
    for row in rows:
        if isinstance(row, RejectedRow):
            rejected.append(row)
        elif row.key in listings:
            reason = f"the reference {row.key!r} is used twice; give each listing its own"
            content = {"name": row.name}
            rejected.append(
                RejectedRow(row.key, row.name, reason, content, confidential=row.confidential)
            )
        else:
            listings[row.key] = withhold_place(classify_listing(row))
    for refused in rejected:
        if refused.confidential and refused.key in listings:
            one = replace(listings[refused.key], confidential=True)
            listings[refused.key] = withhold_place(one)
    return listings, [withhold_text(row) for row in rejected]


def _encode(encoder: Encoder, listings: list[Listing], progress: Progress) -> Iterable[Vectors]:
    if not listings:
        return []
    done = 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        progress("Learning what they mean", done, len(listings))

    progress("Learning what they mean", 0, len(listings))
    return encoder.encode([build_encoder_text(listing) for listing in listings], progress=count)


def _plain_json(content: dict[str, Any]) -> Any:
    # Python reads and writes NaN and Infinity; JSON and PostgreSQL have neither.
    return json.loads(json.dumps(content, default=str), parse_constant=str)
