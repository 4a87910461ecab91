"""The desk's audit log: who changed which listing, and when.

Must never store anything about residents.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, Select, insert, select
from sqlalchemy.orm import Session

from directory.clock import read_clock
from directory.listing import Listing, load_listing
from directory.models import AuditRow, ListingRow


@dataclass(frozen=True)
class AuditEntry:
    """One change: `who` did `what` to a listing, `at` a time in UTC.

    `listing_id` is None for a change of anything else than a listing.

    `name` is the listing's current name, or says what else was changed; `fields` are those that
    changed; `before` is the listing before the change, None if it was new or must not be stored.
    """

    listing_id: int | None
    name: str
    at: datetime
    who: str
    what: str
    fields: tuple[str, ...] = ()
    before: Listing | None = None


class AuditLog:
    """Reads the changes that were made at the desk."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def read_entries(self, offset: int, limit: int) -> list[AuditEntry]:
        """A page of all entries, the latest first."""
        return self._select(select(AuditRow, ListingRow.document), offset, limit)

    def read_listing_entries(self, listing_id: int, limit: int = 100) -> list[AuditEntry]:
        """A listing's own entries, the latest first."""
        query = select(AuditRow, ListingRow.document).where(AuditRow.listing_id == listing_id)
        return self._select(query, 0, limit)

    def _select(
        self, query: Select[AuditRow, str | None], offset: int, limit: int
    ) -> list[AuditEntry]:
        query = query.outerjoin(ListingRow, ListingRow.id == AuditRow.listing_id)
        query = query.order_by(AuditRow.id.desc()).offset(offset).limit(limit)
        with Session(self._engine) as session:
            return [
                AuditEntry(
                    listing_id=row.listing_id,
                    name=load_listing(document).name if document else row.about,
                    at=row.at,
                    who=row.who,
                    what=row.what,
                    fields=tuple(row.fields.split()),
                    before=load_listing(row.before) if row.before else None,
                )
                for row, document in session.execute(query)
            ]


def record_listing_change(
    session: Session,
    listing_id: int,
    who: str,
    what: str,
    fields: Iterable[str] = (),
    before: str = "",
) -> None:
    """Record a change to a listing: its fields, and the listing's document before it."""
    session.add(
        AuditRow(
            listing_id=listing_id,
            at=read_clock(),
            who=who,
            what=what,
            fields=" ".join(fields),
            before=before,
        )
    )
    session.flush()


def record_listing_changes(session: Session, ids: Collection[int], who: str, what: str) -> None:
    """Record the same change to each of these listings, without their earlier documents."""
    values = {"at": read_clock(), "who": who, "what": what, "fields": "", "before": ""}
    if ids:
        rows = [{"listing_id": listing_id, **values} for listing_id in ids]
        session.execute(insert(AuditRow), rows)


def record_other_change(session: Session, about: str, who: str, what: str) -> None:
    """Record a change to `about`, which is not a listing."""
    session.add(AuditRow(at=read_clock(), who=who, what=what, about=about))
    session.flush()
