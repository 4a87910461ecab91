"""Search in memory: one index of the whole directory, for SQLite, brought up to date in parts.

Owns the reading of entries. Must never keep a database session.
"""

import contextlib
import ctypes
from collections.abc import Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.encoder import Vectors
from directory.indexing.entries import Entry
from directory.indexing.entry_arrays import Entries, chain_entries, read_entries
from directory.models import EntryRow
from directory.search.candidates import Candidates
from directory.search.index import Index
from directory.search.query import Query

_BATCH = 2_000
_COLUMNS = ("vector", "text_digest", "facts", "terms", "points", "sessions", "labels")


class MemoryBackend:
    """Answers every query from the whole directory."""

    widths = (0,)

    def __init__(self) -> None:
        self._index = Index.from_entries(read_entries((), ()))

    def __len__(self) -> int:
        return len(self._index)

    def load_changes(self, session: Session, since: int) -> None:
        """Read the entries that have changed since the revision `since`."""
        parts = list(_read_changes(session, since))
        if parts:
            changed = chain_entries(parts)
            is_empty = not len(self._index)
            self._index = Index.from_entries(changed) if is_empty else self._index.replace(changed)
            del parts, changed
            _return_free_memory()

    def find_candidates(
        self, _query: Query, _vector: Vectors | None, _label_numbers: Sequence[int], _width: int
    ) -> Candidates:
        """All listings."""
        return Candidates(self._index, is_complete=True)


def _return_free_memory() -> None:
    """Free what reading left: at 100,000 listings, 1.3 kB a listing instead of 3.2."""
    # Only glibc holds on to it, and only glibc has this function.
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


def _read_changes(session: Session, revision: int) -> Iterator[Entries]:
    """The entries that have changed since `revision`, in batches."""
    columns = [getattr(EntryRow, name) for name in _COLUMNS]
    last = -1
    while True:
        rows = session.execute(
            select(EntryRow.listing_id, *columns)
            .where(EntryRow.revision > revision, EntryRow.listing_id > last)
            .order_by(EntryRow.listing_id)
            .limit(_BATCH)
        ).all()
        if not rows:
            return
        last = rows[-1][0]
        yield read_entries([row[0] for row in rows], [Entry(*row[1:]) for row in rows])
