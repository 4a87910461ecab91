"""The way in for everything that searches the directory.

Searches an index in memory or, on PostgreSQL, in the database, and brings what it holds up to
date when another process has changed the database. Safe to use from several threads.
"""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from directory.duplicate_alerts import add_closure_alerts
from directory.encoder import Encoder, Vectors
from directory.errors import UnknownPlaceError
from directory.indexing.topics import name_topic, read_message
from directory.listing import StoredListing
from directory.models import (
    LabelRow,
    ListingRow,
    RevisionRow,
    SourceRow,
    WordRow,
    load_stored_listing,
)
from directory.places import Area
from directory.search.facets import Facets, count_facets
from directory.search.gazetteer import Gazetteer
from directory.search.index import Index
from directory.search.memory_backend import MemoryBackend
from directory.search.postgres_backend import PostgresBackend
from directory.search.query import Hit, Query
from directory.search.search import Ranked, rank, rank_alone, search
from directory.search.spelling import Speller
from directory.text import drop_unprintable

log = logging.getLogger(__name__)

# How old an answer may be, in seconds, before the database is asked whether it changed.
_LOOK_AGAIN_AFTER = 1.0
# Listings kept as they were read, so that the popular ones are not read again and again.
_MOST_KEPT = 1_000
_MOST_LABELS = 500


class SearchBackend(Protocol):
    """Gives the index that a query is decided in: of all listings, or of those that may win."""

    @property
    def widths(self) -> tuple[int, ...]:
        """How far to look, at first and when that was not enough."""

    def renew(self, session: Session, since: int, /) -> None:
        """Take in what has changed after the revision `since`."""

    def gather(
        self, query: Query, vector: Vectors | None, labels: Sequence[int], width: int, /
    ) -> tuple[Index, bool]:
        """The index, and whether nothing outside it is allowed.

        `width` is one of `widths`; `labels` are the numbers of the query's labels.
        """

    def __len__(self) -> int: ...


class SearchService:
    """Listings by meaning, by id, and the places they are in."""

    def __init__(
        self,
        engine: Engine,
        encoder: Encoder,
        today: Callable[[], date] = date.today,
        backend: SearchBackend | None = None,
    ) -> None:
        """Searches with `finder` or, without one, with what fits the engine's database."""
        self._engine = engine
        self._encoder = encoder
        self._today = today
        self._lock = threading.Lock()
        self._revision = -1
        self._reading = False
        self._looked_at = -_LOOK_AGAIN_AFTER
        on_postgresql = engine.dialect.name == "postgresql"
        fitting: SearchBackend = PostgresBackend(engine) if on_postgresql else MemoryBackend()
        self._backend = fitting if backend is None else backend
        self._gazetteer = Gazetteer(engine)
        self._speller = Speller(())
        self._last_word = 0
        self._kept: OrderedDict[int, StoredListing] = OrderedDict()

    def search(self, query: Query) -> list[Hit]:
        """The best listings first; by words alone while the encoder is still loading."""
        backend = self._fresh()
        asked = self._read(query)
        hits: list[Hit] = []
        for width in backend.widths:
            index, ranked, whole = self._rank(backend, asked, width)
            hits = search(index, asked.query, ranked, self._fetch)
            if whole or len(hits) == query.limit:
                break
        return hits

    def count_facets(self, query: Query) -> tuple[Facets, dict[tuple[str, str], int]]:
        """How many of what the query finds have each thing to filter by; then each label's.

        On PostgreSQL, of the thousands of listings that are likeliest: see `Facets.complete`.
        """
        backend = self._fresh()
        asked = self._read(query)
        index, ranked, whole = self._rank(backend, asked, backend.widths[len(backend.widths) // 2])
        facets = replace(count_facets(index, asked.query, ranked), complete=whole)
        most = sorted(facets.labels, key=lambda one: -facets.labels[one])[:_MOST_LABELS]
        with Session(self._engine) as session:
            rows = session.execute(
                select(LabelRow.id, LabelRow.field, LabelRow.text).where(LabelRow.id.in_(most))
            )
            labels = {(row.field, row.text): facets.labels[row.id] for row in rows}
        return facets, labels

    def _read(self, query: Query) -> "_Asked":
        text, avoid = map(self._speller.correct, (query.text, query.avoid))
        query = replace(query, text=text, avoid=avoid)
        vector = avoided = None
        if self._encoder.is_ready:
            vector, *rest = self._encoder.encode([text, avoid] if avoid else [text])
            avoided = rest[0] if rest else None
        return _Asked(query, vector, avoided, self._find_labels(query))

    def _rank(
        self, backend: SearchBackend, asked: "_Asked", width: int
    ) -> tuple[Index, Ranked, bool]:
        index, whole = backend.gather(asked.query, asked.vector, asked.labels, width)
        ranked = rank(
            index,
            asked.query,
            asked.vector,
            asked.avoided,
            label_numbers=asked.labels,
            today=self._today(),
        )
        return index, ranked, whole

    def list_by_words(self, text: str, most: int) -> list[str]:
        """The keys, `source:key`, of the best by full text alone: to measure `search` against."""
        return self._list_alone(text, None, most)

    def list_by_vector(self, text: str, most: int) -> list[str]:
        """The same by the sentence vectors alone."""
        return self._list_alone(text, self._encoder.encode([text])[0], most)

    def _list_alone(self, text: str, vector: Vectors | None, most: int) -> list[str]:
        query, backend = Query(text, limit=most), self._fresh()
        index, _ = backend.gather(query, vector, (), backend.widths[0])
        hits = search(index, query, rank_alone(index, text, vector), self._fetch)
        return [f"{hit.found.source}:{hit.found.listing.key}" for hit in hits]

    def find_missing_sources(self, names: Iterable[str]) -> list[str]:
        """Those of the names that no source in the directory has, in order."""
        with Session(self._engine) as session:
            return sorted(set(names) - set(session.scalars(select(SourceRow.name))))

    def encode(self, texts: Sequence[str]) -> Vectors | None:
        """Unit vectors of shape (n, 384), or None while the encoder is still loading."""
        return self._encoder.encode(texts) if self._encoder.is_ready else None

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
        if not self._encoder.is_ready or not text.strip():
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
        # What no listing can hold, no database can be asked about.
        texts = {text for _, text in query.labels if drop_unprintable(text) == text}
        with Session(self._engine) as session:
            known = session.execute(
                select(LabelRow.field, LabelRow.text, LabelRow.id).where(LabelRow.text.in_(texts))
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
                read = add_closure_alerts(
                    session, {row.id: load_stored_listing(row) for row in rows}
                )
            found |= read
            with self._lock:
                # What was read while the directory changed may be old already.
                if revision == self._revision:
                    self._kept.update(read)
                while len(self._kept) > _MOST_KEPT:
                    self._kept.popitem(last=False)
        return found

    def _fresh(self) -> SearchBackend:
        """The finder, asked at most once a second whether it is still true.

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
            return self._backend

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
        self._backend.renew(session, self._revision)
        words = session.execute(
            select(WordRow.id, WordRow.text).where(WordRow.id > self._last_word)
        ).all()
        if words:
            self._last_word = max(number for number, _ in words)
            self._speller.learn(text for _, text in words)
        self._revision = revision
        self._kept.clear()


@dataclass(frozen=True)
class _Asked:
    """A query with its spelling put right, its vectors where there are any, its labels' numbers."""

    query: Query
    vector: Vectors | None
    avoided: Vectors | None
    labels: Sequence[int]


def count_listings(engine: Engine) -> int:
    """How many listings the database holds, closed ones included."""
    with Session(engine) as session:
        return session.scalar(select(func.count()).select_from(ListingRow)) or 0
