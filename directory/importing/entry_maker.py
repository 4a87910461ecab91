"""Makes the search entries of an import's listings before the import writes.

Encoding takes minutes, so it must be possible without any transaction: only `read_vectors` reads
the database. Must never write.
"""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.encoder import Encoder, Vectors
from directory.importing.import_plan import Candidate, ImportPlan
from directory.importing.writer import PreparedListing
from directory.indexing.entries import Entry, make_entry
from directory.listing import Listing
from directory.listing_text import build_encoder_text
from directory.models import EntryRow
from directory.progress import Progress

# How many listings one query names.
_BATCH_SIZE = 1_000


class EntryMaker:
    """Makes the search entries of an import's listings, and remembers them.

    A vector depends on the encoded text alone, so vectors are known by the text's digest.
    """

    def __init__(self, encoder: Encoder, progress: Progress) -> None:
        self._encoder = encoder
        self._progress = progress
        self._vectors: dict[str, Vectors | bytes] = {}
        self._entries: dict[str, tuple[Listing, Entry]] = {}

    def read_vectors(self, session: Session, plan: ImportPlan) -> None:
        """Read the stored vectors of listings whose text has not changed."""
        ids = [
            plan.known[candidate.listing.key].id
            for candidate in self.find_missing(plan)
            if not plan.needs_vector(candidate)
        ]
        for start in range(0, len(ids), _BATCH_SIZE):
            batch = ids[start : start + _BATCH_SIZE]
            query = select(EntryRow.text_digest, EntryRow.vector)
            rows = session.execute(query.where(EntryRow.listing_id.in_(batch)))
            self._vectors.update((row.text_digest, row.vector) for row in rows)

    def encode(self, plan: ImportPlan) -> None:
        """Make the missing entries; texts without a vector are encoded."""
        missing = self.find_missing(plan)
        listings = {
            candidate.text_digest: candidate.listing
            for candidate in missing
            if candidate.text_digest not in self._vectors
        }
        vectors = _encode(self._encoder, list(listings.values()), self._progress)
        self._vectors |= zip(listings, vectors, strict=True)
        for candidate in missing:
            listing = candidate.listing
            entry = make_entry(listing, self._vectors[candidate.text_digest])
            self._entries[listing.key] = (listing, entry)

    def find_missing(self, plan: ImportPlan) -> list[Candidate]:
        """The changed listings whose entry was not made yet, or was made of another text."""
        return [
            candidate
            for candidate in plan.changed
            if self._entries.get(candidate.listing.key, (None,))[0] != candidate.listing
        ]

    def prepare(self, plan: ImportPlan, candidate: Candidate) -> PreparedListing:
        """A changed listing with its entry, under its id if it has one."""
        listing, entry = self._entries[candidate.listing.key]
        known = plan.known.get(listing.key)
        return PreparedListing(listing, entry, known.id if known else None)


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
