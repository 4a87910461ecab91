"""Taking a source into the directory: all of it, or none.

Owns the order of things (read everything, encode what changed, then write in one
transaction) and the counts told at the end. Knows no file format.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Engine, delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from directory.embeddings import Encoder
from directory.errors import DatabaseError
from directory.listings import Listing, digest, withhold_place
from directory.models import ListingRow, QuarantinedRow, RevisionRow, SourceRow, write_listing
from directory.store import forget_deleted
from directory.wording import text_digest, text_to_encode


@dataclass(frozen=True)
class Rejected:
    """A row that is not fit to show. `reason` says what a navigator must mend."""

    key: str
    name: str
    reason: str
    content: dict[str, Any]


@dataclass(frozen=True)
class ImportReport:
    """What an import did. `encoded` counts the listings whose vector had to be made."""

    source: str
    added: int
    updated: int
    unchanged: int
    encoded: int
    quarantined: tuple[Rejected, ...]


Progress = Callable[[str, int, int | None], None]
"""Told the name of the step, how much of it is done, and of how much (None: not known)."""


def no_progress(_step: str, _done: int, _total: int | None) -> None:
    """For callers with nobody watching."""


def import_listings(
    engine: Engine,
    encoder: Encoder,
    source: str,
    rows: Iterable[Listing | Rejected],
    *,
    notice: str | None = None,
    progress: Progress = no_progress,
) -> ImportReport:
    """Make the directory hold what `rows` say under the name `source`.

    Raises whatever reading `rows` raises, before anything is written, and DatabaseError
    if the database refuses; then nothing was written either. A row whose key was already
    taken by an earlier row of the same source is quarantined.
    """
    listings, rejected = _sort_out(rows)
    try:
        report = _write(engine, encoder, source, listings, rejected, notice, progress)
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", error)).splitlines()[0]
        raise DatabaseError(
            f"The directory's database refused the change ({cause}). Nothing of {source} was taken."
        ) from error
    forget_deleted(engine)
    return report


def _write(
    engine: Engine,
    encoder: Encoder,
    source: str,
    listings: dict[str, Listing],
    rejected: list[Rejected],
    notice: str | None,
    progress: Progress,
) -> ImportReport:
    with Session(engine) as session:
        known = {
            row.key: row
            for row in session.scalars(
                select(ListingRow).join(SourceRow).where(SourceRow.name == source)
            )
        }
        digests = {key: digest(listing) for key, listing in listings.items()}
        changed = [
            listing
            for key, listing in listings.items()
            if key not in known or known[key].digest != digests[key]
        ]
        unseen = [
            listing
            for listing in changed
            if listing.key not in known or known[listing.key].vector_digest != text_digest(listing)
        ]
        vectors = _encode(encoder, unseen, progress)

        source_row = session.scalar(select(SourceRow).where(SourceRow.name == source))
        if source_row is None:
            source_row = SourceRow(name=source, notice="")
            session.add(source_row)
        if notice is not None:
            source_row.notice = notice
        for listing in changed:
            row = known.get(listing.key) or ListingRow(source=source_row)
            write_listing(row, listing)
            row.digest = digests[listing.key]
            if listing.key in vectors:
                row.vector = vectors[listing.key]
                row.vector_digest = text_digest(listing)
            session.add(row)
        session.flush()
        session.execute(delete(QuarantinedRow).where(QuarantinedRow.source_id == source_row.id))
        session.add_all(
            QuarantinedRow(
                source_id=source_row.id,
                key=row.key,
                name=row.name,
                reason=row.reason,
                content=_plain_json(row.content),
            )
            for row in rejected
        )
        _announce_change(session)
        session.commit()
    added = sum(listing.key not in known for listing in changed)
    return ImportReport(
        source=source,
        added=added,
        updated=len(changed) - added,
        unchanged=len(listings) - len(changed),
        encoded=len(unseen),
        quarantined=tuple(rejected),
    )


def _sort_out(rows: Iterable[Listing | Rejected]) -> tuple[dict[str, Listing], list[Rejected]]:
    listings: dict[str, Listing] = {}
    rejected: list[Rejected] = []
    for row in rows:
        if isinstance(row, Rejected):
            rejected.append(row)
        elif row.key in listings:
            reason = f"the reference {row.key!r} is used twice; give each listing its own"
            rejected.append(Rejected(row.key, row.name, reason, {"name": row.name}))
        else:
            listings[row.key] = withhold_place(row)
    return listings, rejected


def _encode(encoder: Encoder, listings: list[Listing], progress: Progress) -> dict[str, bytes]:
    if not listings:
        return {}
    done = 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        progress("Learning what they mean", done, len(listings))

    progress("Learning what they mean", 0, len(listings))
    vectors = encoder.encode([text_to_encode(listing) for listing in listings], progress=count)
    # Half precision: half the bytes, and the same ranking to the fourth digit.
    return {
        listing.key: vector.astype(np.float16).tobytes()
        for listing, vector in zip(listings, vectors, strict=True)
    }


def _plain_json(content: dict[str, Any]) -> Any:
    # Python reads and writes NaN and Infinity; JSON and PostgreSQL have neither.
    return json.loads(json.dumps(content, default=str), parse_constant=str)


def _announce_change(session: Session) -> None:
    revision = session.get(RevisionRow, 1)
    if revision is None:
        session.add(RevisionRow(id=1, number=1))
    else:
        revision.number += 1
