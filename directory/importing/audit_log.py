"""Who changed which listing, and when. Must never hold anything of residents."""

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
    """What `who` did to a listing, `at` in UTC; what was done to no one listing has no id.

    `name` is the listing's as it is now, or what else it was done to; `fields` are those that
    changed; `before` is how it was, None for a new one or where that must not be kept.
    """

    listing_id: int | None
    name: str
    at: datetime
    who: str
    what: str
    fields: tuple[str, ...] = ()
    before: Listing | None = None


class AuditLog:
    """Every change that was made at the desk, in a directory's database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def read(self, start: int, most: int) -> list[AuditEntry]:
        """Changes from number `start`, the latest first."""
        return self._find(select(AuditRow, ListingRow.document), start, most)

    def of(self, listing_id: int, most: int = 100) -> list[AuditEntry]:
        """A listing's own, the latest first."""
        query = select(AuditRow, ListingRow.document).where(AuditRow.listing_id == listing_id)
        return self._find(query, 0, most)

    def _find(self, query: Select[AuditRow, str | None], start: int, most: int) -> list[AuditEntry]:
        query = query.outerjoin(ListingRow, ListingRow.id == AuditRow.listing_id)
        query = query.order_by(AuditRow.id.desc()).offset(start).limit(most)
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
    """Note what somebody did to a listing: to which fields, and its document until then."""
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
    """Note that somebody did the same to each of these listings; how they were is not kept."""
    note = {"at": read_clock(), "who": who, "what": what, "fields": "", "before": ""}
    if ids:
        session.execute(insert(AuditRow), [{"listing_id": at, **note} for at in ids])


def record_other_change(session: Session, about: str, who: str, what: str) -> None:
    """Note what somebody did to `about`, which is no listing."""
    session.add(AuditRow(at=read_clock(), who=who, what=what, about=about))
    session.flush()
