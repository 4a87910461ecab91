"""Lists of listings for navigators: by words, by status, or by the date of the last check.

Closed listings are included. Must never write.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Engine, func, or_, select
from sqlalchemy.orm import Session

from directory.hsds.models import PublishedRow
from directory.hsds.projection import read_stored, select_stored
from directory.indexing.entries import FACTS, HIDDEN, UNKNOWN
from directory.indexing.topics import name_topics
from directory.listing import STATUSES, StoredListing
from directory.models import EntryRow, ListingRow, QuarantinedRow, SourceRow
from directory.publishing.filters import ServiceFilter, count_rows
from directory.text import fold

# A listing that was not checked for this long is due for a check.
STALE = timedelta(days=182)
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class CheckedListing:
    """A listing with the date of its last check, which is None if it was never checked.

    `version` is as in `EditableListing`.
    """

    stored: StoredListing
    day: date | None
    version: str


@dataclass(frozen=True)
class Freshness:
    """How long ago listings on show were checked: `counts` has the number by age.

    `stale` is one page of the listings that are due for a check, the oldest check first; `total`
    is the number on all pages.
    """

    counts: dict[str, int]
    stale: tuple[CheckedListing, ...]
    total: int


@dataclass(frozen=True)
class Quarantined:
    """A row of a source that could not be imported; `content` holds its values.

    For a `confidential` row, `content` is reduced: see `directory.rejected`.
    """

    id: int
    source: str
    key: str
    name: str
    reason: str
    content: dict[str, object]
    confidential: bool


class ListingQueries:
    """Reads many listings at once for the desk. Safe to use from several threads."""

    def __init__(self, engine: Engine, today: Callable[[], date] = date.today) -> None:
        self._engine = engine
        self._today = today

    def find(
        self, words: str, status: str, start: int, limit: int
    ) -> tuple[list[StoredListing], int]:
        """One page of the listings with all the words, and the number on all pages.

        `status` narrows them if it is not empty. The last changed come first.
        """
        named = {"open": "active", "closed": "inactive"}.get(status, status)
        with Session(self._engine) as session:
            ids = ServiceFilter(status=named).apply(select(PublishedRow.listing_id))
            for word in fold(words).split():
                ids = ids.where(or_(*map(_contains_word, _list_spellings(word))))
            total = count_rows(session, ids)
            page = ids.order_by(PublishedRow.modified.desc(), PublishedRow.listing_id.desc())
            chosen = list(session.scalars(page.offset(start).limit(limit)))
            listings_by_id = _read(session, chosen)
        return [
            listings_by_id[listing_id] for listing_id in chosen if listing_id in listings_by_id
        ], total

    def read(self, ids: list[int]) -> list[StoredListing]:
        """The listings with these ids, in this order. Unknown ids are skipped."""
        with Session(self._engine) as session:
            listings_by_id = _read(session, ids)
        return [listings_by_id[listing_id] for listing_id in ids if listing_id in listings_by_id]

    def read_freshness(self, start: int, limit: int) -> Freshness:
        """When listings on show were checked, with a page of those that are due for a check."""
        today = (self._today() - _EPOCH).days
        with Session(self._engine) as session:
            ids, facts = read_facts(session)
            assured = facts["assured"].astype(np.int64)
            stale = np.flatnonzero(assured < today - STALE.days)
            order = stale[np.argsort(assured[stale], kind="stable")][start : start + limit]
            chosen = {ids[position]: int(assured[position]) for position in order}
            listings_by_id = _read(session, list(chosen))
            digests = select(ListingRow.id, ListingRow.digest).where(ListingRow.id.in_(chosen))
            versions = {row.id: row.digest for row in session.execute(digests)}
        checked = (
            CheckedListing(
                listings_by_id[listing_id],
                None if day == UNKNOWN else _EPOCH + timedelta(day),
                versions[listing_id],
            )
            for listing_id, day in chosen.items()
            if listing_id in listings_by_id
        )
        return Freshness(
            _count_ages(today - assured, assured != UNKNOWN), tuple(checked), len(stale)
        )

    def list_quarantined(self, start: int, limit: int) -> tuple[list[Quarantined], int]:
        """One page of quarantined rows, ordered by source, and the number on all pages."""
        query = select(QuarantinedRow, SourceRow.name).join(
            SourceRow, SourceRow.id == QuarantinedRow.source_id
        )
        query = query.order_by(SourceRow.name, QuarantinedRow.id).offset(start).limit(limit)
        with Session(self._engine) as session:
            return [
                _load_quarantined(row, name) for row, name in session.execute(query)
            ], _count_rows(session)

    def count_quarantined(self) -> int:
        with Session(self._engine) as session:
            return _count_rows(session)

    def get_quarantined(self, number: int) -> Quarantined | None:
        with Session(self._engine) as session:
            row = session.get(QuarantinedRow, number)
            source = session.get(SourceRow, row.source_id) if row else None
            return _load_quarantined(row, source.name) if row and source else None

    def name_topics(self, listing_id: int) -> tuple[str, ...]:
        """The topics that searches find the listing by, the strongest first."""
        with Session(self._engine) as session:
            entry = session.get(EntryRow, listing_id)
            if entry is None or not entry.facts:
                return ()
            facts = np.frombuffer(entry.facts, dtype=FACTS)[0]
        return name_topics(facts["topics"], facts["shares"])


def _list_spellings(word: str) -> set[str]:
    """The spellings of a word in listings: "mens" is also "men's", with either apostrophe."""
    plain = word.replace("’", "'")
    return {word, plain, f"{plain[:-1]}'s" if plain.endswith("s") else plain}


def _contains_word(word: str) -> ColumnElement[bool]:
    return PublishedRow.words.contains(word, autoescape=True)


def _read(session: Session, ids: list[int]) -> dict[int, StoredListing]:
    rows = session.execute(select_stored().where(ListingRow.id.in_(ids)))
    return {row.id: read_stored(row) for row in rows}


def read_facts(session: Session) -> tuple[list[int], NDArray[np.void]]:
    """The ids of all listings on show, and their facts as an array of `FACTS`."""
    rows = session.execute(select(EntryRow.listing_id, EntryRow.facts)).all()
    rows = [row for row in rows if len(row.facts) == FACTS.itemsize]
    facts = np.frombuffer(b"".join(row.facts for row in rows), dtype=FACTS)
    shown = (facts["flags"] & HIDDEN == 0) & (facts["status"] != STATUSES.index("closed"))
    return [row.listing_id for row, keep in zip(rows, shown, strict=True) if keep], facts[shown]


def _count_ages(age: NDArray[np.int64], known: NDArray[np.bool_]) -> dict[str, int]:
    half, whole = STALE.days, 2 * STALE.days + 1
    return {
        "in the last six months": int((known & (age <= half)).sum()),
        "six to twelve months ago": int((known & (age > half) & (age <= whole)).sum()),
        "longer ago": int((known & (age > whole)).sum()),
        "never checked": int((~known).sum()),
    }


def _load_quarantined(row: QuarantinedRow, source: str) -> Quarantined:
    content = dict(row.content)
    return Quarantined(row.id, source, row.key, row.name, row.reason, content, row.confidential)


def _count_rows(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(QuarantinedRow)) or 0
