"""What an import changes: its listings compared with what the directory holds.

An import makes a plan before it encodes, and another once it holds the lock, because navigators may
have changed listings in between. Must never write.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import select
from sqlalchemy.orm import Session

from directory.importing.overrides import Fields, apply_overrides, load_overrides
from directory.indexing.entries import is_open
from directory.listing import Listing, digest_document, dump_listing
from directory.listing_text import digest_encoder_text
from directory.models import EntryRow, ListingRow, SourceRow
from directory.rejected import RejectedRow


@dataclass(frozen=True)
class KnownListing:
    """What an import compares of a stored listing."""

    id: int
    digest: str
    text_digest: str
    gone: bool
    facts: bytes

    @property
    def is_open(self) -> bool:
        """Whether residents see the listing."""
        return not self.gone and is_open(self.facts)


@dataclass(frozen=True)
class Candidate:
    """A listing of the source, with the desk's overrides applied. Digests are computed once."""

    listing: Listing
    overrides: Fields | None

    @cached_property
    def digest(self) -> str:
        """The digest of the document as it would be stored."""
        return digest_document(dump_listing(self.listing))

    @cached_property
    def text_digest(self) -> str:
        """The digest of the text that is encoded."""
        return digest_encoder_text(self.listing)


@dataclass(frozen=True)
class ImportPlan:
    """The changes of an import, as the directory is at one moment.

    `changed` are the candidates to write, and `dropped` the listings that the source no longer has.
    `overridden_keys` are those of every listing of the source with changes of navigators.
    """

    known: Mapping[str, KnownListing]
    candidates: Mapping[str, Candidate]
    changed: tuple[Candidate, ...]
    dropped: tuple[KnownListing, ...]
    overridden_keys: frozenset[str]

    def list_lost(self) -> Iterator[KnownListing]:
        """The stored listings that the source no longer has, or says are closed."""
        yield from self.dropped
        for key, candidate in self.candidates.items():
            if candidate.listing.status == "closed" and key in self.known:
                yield self.known[key]

    def needs_vector(self, candidate: Candidate) -> bool:
        """Whether the candidate's text is not the one that is stored."""
        known = self.known.get(candidate.listing.key)
        return known is None or known.text_digest != candidate.text_digest


class ImportPlanner:
    """Plans one import, as often as it is asked to; only changed overrides are applied again."""

    def __init__(
        self,
        source: str,
        listings: Mapping[str, Listing],
        rejected: Collection[RejectedRow],
        *,
        complete: bool,
    ) -> None:
        self._source = source
        self._listings = listings
        self._keys_in_source = {*listings, *(row.key for row in rejected)}
        self._complete = complete
        self._candidates = {key: Candidate(listing, None) for key, listing in listings.items()}
        self._first_keys: set[str] | None = None

    def make_plan(self, session: Session) -> ImportPlan:
        """Compare the source with the directory as it is now, in two queries."""
        known = _load_known(session, self._source)
        if self._first_keys is None:
            self._first_keys = set(known)
        overrides = load_overrides(session, self._source)
        self._apply_overrides(overrides)
        dropped_keys = set[str]()
        if self._complete:
            # A listing that was added after the source was read is not missing from it.
            dropped_keys = (known.keys() & self._first_keys) - self._keys_in_source
        return ImportPlan(
            known,
            dict(self._candidates),
            tuple(
                candidate
                for key, candidate in self._candidates.items()
                if key not in known or known[key].gone or known[key].digest != candidate.digest
            ),
            tuple(stored for key, stored in known.items() if key in dropped_keys),
            frozenset(overrides),
        )

    def _apply_overrides(self, overrides: Mapping[str, Fields]) -> None:
        for key, candidate in self._candidates.items():
            fields = overrides.get(key)
            if fields != candidate.overrides:
                listing = self._listings[key]
                if fields is not None:
                    listing = apply_overrides(listing, fields)
                self._candidates[key] = Candidate(listing, fields)


def _load_known(session: Session, source: str) -> dict[str, KnownListing]:
    rows = session.execute(
        select(ListingRow.key, ListingRow.id, ListingRow.digest)
        .add_columns(EntryRow.text_digest, ListingRow.gone, EntryRow.facts)
        .join(EntryRow, EntryRow.listing_id == ListingRow.id)
        .join(SourceRow, SourceRow.id == ListingRow.source_id)
        .where(SourceRow.name == source)
    )
    return {row.key: KnownListing(*row[1:]) for row in rows}
