"""Importing a source into the directory: all of it, or none.

Owns the order of the steps and the counts of the report: read everything, encode what changed, lock
the directory, read again what navigators may have changed meanwhile, write in one transaction, link
duplicates. Must know no file format, and must never encode in a transaction if it can avoid it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from directory.database import forget_deleted, name_cause
from directory.encoder import Encoder
from directory.errors import DatabaseError, ImportHeldError, SourceError
from directory.importing.audit_log import record_listing_changes
from directory.importing.duplicates import DuplicateCounts, link_duplicates
from directory.importing.entry_maker import EntryMaker
from directory.importing.import_plan import ImportPlan, ImportPlanner
from directory.importing.quarantine import sort_rows, store_quarantined
from directory.importing.writer import (
    PreparedListing,
    close_listings,
    lock_directory,
    read_vectors,
    set_notice,
    write_listings,
)
from directory.indexing.entries import make_entry
from directory.listing import Listing, load_listing, withhold_place
from directory.models import ListingRow, SourceRow
from directory.progress import Progress, no_progress
from directory.rejected import RejectedRow

OWN_SOURCE = "navigators"
"""The source of the listings that navigators add by hand: no import may use its name."""

# A source with fewer listings may lose all of them; one with more, at most this share.
_MIN_LISTINGS_TO_HOLD = 10
_MAX_LOSS = 0.5

# Encoding is repeated if a listing got another text meanwhile. The last time, others wait for it.
_MAX_ATTEMPTS = 3


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
    before_commit: Callable[[Session], None] | None = None,
    link: bool = True,
) -> ImportReport:
    """Make the directory hold what `rows` say under the name `source`, and link duplicates.

    With `complete`, a listing that the source no longer has is closed. Fields that were changed at
    the desk keep their values. `who` is the desk account that imports, if any; it is recorded with
    every listing that changes. A row with the key of an earlier row is quarantined. `before_commit`
    writes in the same transaction; if it raises, nothing is written. Callers that import many
    sources set `link` to false and call `link_duplicates` once, as it reads the whole directory
    (3 s for 20,000 listings).

    Raises whatever reading `rows` raises, ImportHeldError if most of the source's listings would be
    closed (unless `accept_loss`), and DatabaseError if the database refuses; then nothing was
    written.
    """
    if source == OWN_SOURCE:
        raise SourceError(
            f"The name {OWN_SOURCE!r} is for listings added at the desk. Choose another name.",
            "Name it with --source.",
        )
    listings, rejected = sort_rows(rows)
    planner = ImportPlanner(source, listings, rejected, complete=complete)
    entries = EntryMaker(encoder, progress)

    def make_plan(session: Session) -> ImportPlan:
        plan = planner.make_plan(session)
        if not accept_loss:
            _check_loss(source, plan)
        return plan

    def write(session: Session, plan: ImportPlan) -> list[PreparedListing]:
        changed = [entries.prepare(plan, candidate) for candidate in plan.changed]
        withheld = _withhold_stored(session, _find_private(rejected, plan))
        source_id = _upsert_source(session, source, notice)
        changed_ids = write_listings(session, source_id, [*changed, *withheld])
        dropped_ids = [stored.id for stored in plan.dropped if not stored.gone]
        close_listings(session, dropped_ids)
        if who:
            record_listing_changes(session, changed_ids, who, "imported")
            record_listing_changes(session, dropped_ids, who, "closed: no longer in the import")
        store_quarantined(session, source_id, rejected)
        if before_commit:
            before_commit(session)
        session.commit()
        return [*changed, *withheld]

    try:
        for attempt in range(_MAX_ATTEMPTS):
            with Session(engine) as session:
                plan = make_plan(session)
                entries.read_vectors(session, plan)
            # No transaction is open while this encodes: others may write.
            entries.encode(plan)
            with Session(engine) as session:
                lock_directory(session)
                plan = make_plan(session)
                if entries.find_missing(plan):
                    if attempt + 1 < _MAX_ATTEMPTS:
                        continue
                    entries.read_vectors(session, plan)
                    entries.encode(plan)
                written = write(session, plan)
                break
    except SQLAlchemyError as error:
        raise DatabaseError(
            f"The directory's database refused the change ({name_cause(error)}). Nothing from "
            f"{source} was imported."
        ) from error
    # Changes at the desk may have left several copies of a place.
    private_keys = {row.listing.key for row in written if row.listing.confidential}
    forget_deleted(engine, thorough=not private_keys.isdisjoint(plan.overridden_keys))
    added = sum(candidate.listing.key not in plan.known for candidate in plan.changed)
    return ImportReport(
        source=source,
        added=added,
        updated=len(plan.changed) - added,
        unchanged=len(plan.candidates) - len(plan.changed),
        closed=sum(not stored.gone for stored in plan.dropped),
        encoded=sum(map(plan.needs_vector, plan.changed)),
        quarantined=tuple(rejected),
        doubtful=tuple(
            candidate.listing for candidate in plan.candidates.values() if candidate.listing.doubts
        ),
        linked=link_duplicates(engine) if link else None,
    )


def _find_private(rejected: list[RejectedRow], plan: ImportPlan) -> list[int]:
    """The ids of stored listings that a rejected row marks, or may mark, as confidential."""
    keys = {row.key for row in rejected if row.confidential}
    return [plan.known[key].id for key in keys if key in plan.known and key not in plan.candidates]


def _withhold_stored(session: Session, ids: list[int]) -> list[PreparedListing]:
    """These listings made confidential, because a rejected row says, or may say, that they are."""
    rows = session.scalars(select(ListingRow).where(ListingRow.id.in_(ids)))
    listings = {row.id: load_listing(row.document) for row in rows if not row.gone}
    vectors = read_vectors(session, list(listings))
    prepared = []
    for listing_id, listing in listings.items():
        withheld = withhold_place(replace(listing, confidential=True))
        if withheld != listing:
            entry = make_entry(withheld, vectors[listing_id])
            prepared.append(PreparedListing(withheld, entry, listing_id))
    return prepared


def _check_loss(source: str, plan: ImportPlan) -> None:
    lost = sum(stored.is_open for stored in plan.list_lost())
    total = sum(stored.is_open for stored in plan.known.values())
    if total >= _MIN_LISTINGS_TO_HOLD and lost > _MAX_LOSS * total:
        raise ImportHeldError(
            f"{source} would lose {lost} of its {total} listings, so this update is on hold and "
            "nothing was changed.",
            f"If that is right, use import --accept-loss, or sync --accept {source}.",
        )


def _upsert_source(session: Session, name: str, notice: str | None) -> int:
    row = session.scalar(select(SourceRow).where(SourceRow.name == name))
    if row is None:
        row = SourceRow(name=name)
        session.add(row)
    session.flush()
    if notice is not None:
        set_notice(session, row, notice)
    return row.id
