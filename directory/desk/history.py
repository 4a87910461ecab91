"""Who changed which listing, and when. Must never hold anything of residents."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, Select, select
from sqlalchemy.orm import Session

from directory.desk.tables import ChangeRow
from directory.listings import Listing, read_document
from directory.models import ListingRow


@dataclass(frozen=True)
class Change:
    """What `who` did to a listing, `at` in UTC.

    `name` is the listing's as it is now; `fields` are those that changed; `before` is how it was,
    None for a new one or where that must not be kept.
    """

    listing_id: int
    name: str
    at: datetime
    who: str
    what: str
    fields: tuple[str, ...] = ()
    before: Listing | None = None


class History:
    """Every change that was made at the desk, in a directory's database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def read(self, start: int, most: int) -> list[Change]:
        """Changes from number `start`, the latest first."""
        return self._find(select(ChangeRow, ListingRow.document), start, most)

    def of(self, listing_id: int, most: int = 100) -> list[Change]:
        """A listing's own, the latest first."""
        query = select(ChangeRow, ListingRow.document).where(ChangeRow.listing_id == listing_id)
        return self._find(query, 0, most)

    def _find(self, query: Select[ChangeRow, str], start: int, most: int) -> list[Change]:
        query = query.join(ListingRow, ListingRow.id == ChangeRow.listing_id)
        query = query.order_by(ChangeRow.id.desc()).offset(start).limit(most)
        with Session(self._engine) as session:
            return [
                Change(
                    listing_id=row.listing_id,
                    name=read_document(document).name,
                    at=row.at,
                    who=row.who,
                    what=row.what,
                    fields=tuple(row.fields.split()),
                    before=read_document(row.before) if row.before else None,
                )
                for row, document in session.execute(query)
            ]
