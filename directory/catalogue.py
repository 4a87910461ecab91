"""The way in for everything that searches the directory.

Keeps one index in memory and brings it up to date when another process has changed the
database. Safe to use from several threads.
"""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from directory.embeddings import Encoder, Vectors
from directory.entries import Entries, Entry, chain_entries, read_entries
from directory.errors import UnknownPlaceError
from directory.facets import Facets, count_facets
from directory.gazetteer import Gazetteer
from directory.index import Index
from directory.listings import StoredListing
from directory.models import (
    EntryRow,
    LabelRow,
    ListingRow,
    RevisionRow,
    SourceRow,
    WordRow,
    read_listing,
)
from directory.places import Area
from directory.search import Hit, Query, Ranked, rank, rank_alone, search
from directory.spelling import Speller
from directory.topics import name_topic, read_message

log = logging.getLogger(__name__)

# How old an answer may be, in seconds, before the database is asked whether it changed.
_LOOK_AGAIN_AFTER = 1.0
# Listings kept as they were read, so that the popular ones are not read again and again.
_MOST_KEPT = 1_000
_READ_AT_ONCE = 10_000
_MOST_LABELS = 500
_BLOBS = ("vector", "text_digest", "facts", "terms", "points", "sessions", "labels")


class Catalogue:
    """Listings by meaning, by id, and the places they are in."""

    def __init__(
        self, engine: Engine, encoder: Encoder, today: Callable[[], date] = date.today
    ) -> None:
        self._engine = engine
        self._encoder = encoder
        self._today = today
        self._lock = threading.Lock()
        self._revision = -1
        self._reading = False
        self._looked_at = -_LOOK_AGAIN_AFTER
        self._index = Index(read_entries((), ()))
        self._gazetteer = Gazetteer(engine)
        self._speller = Speller(())
        self._last_word = 0
        self._kept: OrderedDict[int, StoredListing] = OrderedDict()

    def search(self, query: Query) -> list[Hit]:
        """The best listings first; by words alone while the encoder is still loading."""
        index = self._fresh()
        query, ranked = self._rank(index, query)
        return search(index, query, ranked, self._fetch)

    def count_facets(self, query: Query) -> tuple[Facets, dict[tuple[str, str], int]]:
        """How many of what the query finds have each thing to filter by; then each label's."""
        index = self._fresh()
        query, ranked = self._rank(index, query)
        facets = count_facets(index, query, ranked)
        most = sorted(facets.labels, key=lambda one: -facets.labels[one])[:_MOST_LABELS]
        with Session(self._engine) as session:
            rows = session.execute(
                select(LabelRow.id, LabelRow.field, LabelRow.text).where(LabelRow.id.in_(most))
            )
            labels = {(row.field, row.text): facets.labels[row.id] for row in rows}
        return facets, labels

    def _rank(self, index: Index, query: Query) -> tuple[Query, Ranked]:
        text, avoid = map(self._speller.correct, (query.text, query.avoid))
        query = replace(query, text=text, avoid=avoid)
        vector = avoided = None
        if self._encoder.ready:
            vector, *rest = self._encoder.encode([text, avoid] if avoid else [text])
            avoided = rest[0] if rest else None
        numbers = self._find_labels(query)
        ranked = rank(index, query, vector, avoided, label_numbers=numbers, today=self._today())
        return query, ranked

    def list_by_words(self, text: str, most: int) -> list[str]:
        """The keys, `source:key`, of the best by full text alone: to measure `search` against."""
        return self._list_alone(text, None, most)

    def list_by_vector(self, text: str, most: int) -> list[str]:
        """The same by the sentence vectors alone."""
        return self._list_alone(text, self._encoder.encode([text])[0], most)

    def _list_alone(self, text: str, vector: Vectors | None, most: int) -> list[str]:
        index = self._fresh()
        ranked = rank_alone(index, text, vector)
        hits = search(index, Query(text, limit=most), ranked, self._fetch)
        return [f"{hit.found.source}:{hit.found.listing.key}" for hit in hits]

    def find_missing_sources(self, names: Iterable[str]) -> list[str]:
        """Those of the names that no source in the directory has, in order."""
        with Session(self._engine) as session:
            return sorted(set(names) - set(session.scalars(select(SourceRow.name))))

    def encode(self, texts: Sequence[str]) -> Vectors | None:
        """Unit vectors of shape (n, 384), or None while the encoder is still loading."""
        return self._encoder.encode(texts) if self._encoder.ready else None

    def get(self, listing_id: int) -> StoredListing | None:
        """The listing with our own `listing_id`, or None if there is none."""
        self._fresh()
        return self._fetch([listing_id]).get(listing_id)

    def find_area(self, text: str) -> Area | None:
        """The area that `text` names, or None if the directory knows nothing there."""
        return self._gazetteer.find(text)

    def require_area(self, text: str) -> Area:
        """As `find_area`, but raises UnknownPlaceError that lists the places known."""
        if area := self.find_area(text):
            return area
        known = ", ".join(self.area_names()[:12]) or "no place at all"
        raise UnknownPlaceError(f"Nothing is known near {text!r}. Listings are in {known}.")

    def name_need(self, text: str) -> str:
        """The topic that `text` asks for, empty where none stands out or the encoder loads."""
        if not self._encoder.ready or not text.strip():
            return ""
        return name_topic(read_message(self._encoder.encode([text])[0]), text)

    def name_coarsely(self, area: Area | None) -> str:
        """The neighbourhood of listings that an area is in; empty where it is in none."""
        return self._gazetteer.name_coarsely(area.point) if area else ""

    def area_names(self) -> tuple[str, ...]:
        """The neighbourhoods that listings are in, the busiest first."""
        return self._gazetteer.names()

    def __len__(self) -> int:
        return len(self._fresh())

    def _find_labels(self, query: Query) -> list[int]:
        if not query.labels:
            return []
        with Session(self._engine) as session:
            known = session.execute(
                select(LabelRow.field, LabelRow.text, LabelRow.id).where(
                    LabelRow.text.in_({text for _, text in query.labels})
                )
            )
            numbers = {(field, text): number for field, text, number in known}
        # A label that no listing has is on no row.
        return [numbers.get(label, 0) for label in query.labels]

    def _fetch(self, ids: Sequence[int]) -> dict[int, StoredListing]:
        """The listings with these ids, from memory where they were read before."""
        with self._lock:
            found = {one: self._kept[one] for one in ids if one in self._kept}
            for one in found:
                self._kept.move_to_end(one)
        if missing := [one for one in ids if one not in found]:
            revision = self._revision
            with Session(self._engine) as session:
                rows = session.scalars(select(ListingRow).where(ListingRow.id.in_(missing)))
                read = {row.id: read_listing(row) for row in rows}
            found |= read
            with self._lock:
                # What was read while the directory changed may be old already.
                if revision == self._revision:
                    self._kept.update(read)
                while len(self._kept) > _MOST_KEPT:
                    self._kept.popitem(last=False)
        return found

    def _fresh(self) -> Index:
        """The index, asked at most once a second whether it is still true.

        Only the first is waited for; what changed is read in beside the answers.
        """
        with self._lock:
            now = time.monotonic()
            if now - self._looked_at >= _LOOK_AGAIN_AFTER and not self._reading:
                self._looked_at = now
                self._reading = True
                if self._revision < 0:
                    self._renew()
                else:
                    threading.Thread(target=self._renew_beside, daemon=True).start()
            return self._index

    def _renew_beside(self) -> None:
        try:
            self._renew()
        except Exception as error:
            # What was read before still stands; the next look may find the database well.
            log.error("The directory could not be read again: %s", type(error).__name__)

    def _renew(self) -> None:
        try:
            with Session(self._engine) as session:
                revision = session.scalar(select(RevisionRow.number)) or 0
                if revision != self._revision:
                    self._load(session, revision)
        finally:
            self._reading = False

    def _load(self, session: Session, revision: int) -> None:
        parts = list(_read_changes(session, self._revision))
        if parts:
            changed = chain_entries(parts)
            index = self._index.replace(changed) if len(self._index) else Index(changed)
            self._index = index
        words = session.execute(
            select(WordRow.id, WordRow.text).where(WordRow.id > self._last_word)
        ).all()
        if words:
            self._last_word = max(number for number, _ in words)
            self._speller.learn(text for _, text in words)
        self._revision = revision
        self._kept.clear()


def _read_changes(session: Session, revision: int) -> Iterator[Entries]:
    """The entries that changed since `revision`, in parts."""
    columns = [getattr(EntryRow, name) for name in _BLOBS]
    last = -1
    while True:
        rows = session.execute(
            select(EntryRow.listing_id, *columns)
            .where(EntryRow.revision > revision, EntryRow.listing_id > last)
            .order_by(EntryRow.listing_id)
            .limit(_READ_AT_ONCE)
        ).all()
        if not rows:
            return
        last = rows[-1][0]
        yield read_entries([row[0] for row in rows], [Entry(*row[1:]) for row in rows])


def count_listings(engine: Engine) -> int:
    """How many listings the database holds, closed ones included."""
    with Session(engine) as session:
        return session.scalar(select(func.count()).select_from(ListingRow)) or 0
