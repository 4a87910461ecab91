"""The entry point for everything that searches the directory.

Searches an index in memory or, on PostgreSQL, in the database. Reloads what it holds in memory
when the directory has changed. Safe to use from several threads.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from directory.duplicate_alerts import add_closure_alerts
from directory.encoder import Encoder, Vectors
from directory.errors import UnknownPlaceError
from directory.indexing.topics import analyse_message, name_topic
from directory.listing import StoredListing
from directory.models import LabelRow, ListingRow, SourceRow, WordRow, load_stored_listing
from directory.places import Area
from directory.revision import NEVER_READ, RevisionWatcher
from directory.search.candidates import Candidates, SearchBackend
from directory.search.facets import Facets, count_facets
from directory.search.gazetteer import Gazetteer
from directory.search.memory_backend import MemoryBackend
from directory.search.postgres_backend import PostgresBackend
from directory.search.query import Hit, Query
from directory.search.ranking import Ranked, rank, rank_baseline
from directory.search.selection import select_hits
from directory.search.spelling import Speller
from directory.search.stories import find_wish
from directory.text import drop_unprintable

# Listings kept in memory, so that popular ones are read from the database only once.
_MAX_CACHED = 1_000
_MAX_LABELS = 500


@dataclass(frozen=True)
class _PreparedQuery:
    """A query with its spelling corrected, its vectors if there are any, and its labels' numbers.

    `vector` encodes its `text` and `avoided` its `avoid`.
    """

    query: Query
    vector: Vectors | None
    avoided: Vectors | None
    label_numbers: Sequence[int]


class SearchService:
    """Finds listings by meaning and by id, and the places they are in."""

    def __init__(
        self,
        engine: Engine,
        encoder: Encoder,
        today: Callable[[], date] = date.today,
        backend: SearchBackend | None = None,
    ) -> None:
        """Searches with `backend` or, without one, with the one for the engine's database."""
        self._engine = engine
        self._encoder = encoder
        self._today = today
        if backend is None:
            on_postgresql = engine.dialect.name == "postgresql"
            backend = PostgresBackend(engine) if on_postgresql else MemoryBackend()
        self._backend = backend
        self._watcher = RevisionWatcher(engine, self._load_changes, in_background=True)
        self._gazetteer = Gazetteer(engine)
        self._speller = Speller(())
        self._last_word_id = 0
        self._cache_lock = threading.Lock()
        self._cached_revision = NEVER_READ
        self._cache: OrderedDict[int, StoredListing] = OrderedDict()

    @property
    def reads_meaning(self) -> bool:
        """Whether the encoder is loaded; until then only words are compared."""
        return self._encoder.is_ready

    def search(self, query: Query) -> list[Hit]:
        """The best listings first; by words alone while the encoder is still loading."""
        self._watcher.check()
        prepared = self._prepare(query)
        hits: list[Hit] = []
        for width in self._backend.widths:
            candidates, ranked = self._rank(prepared, width)
            hits = select_hits(
                candidates.index,
                prepared.query,
                ranked,
                self._read_listings,
                self._encoder.encode if prepared.vector is not None else None,
            )
            if candidates.is_complete or len(hits) == query.limit:
                break
        return hits

    def count_facets(self, query: Query) -> tuple[Facets, dict[tuple[str, str], int]]:
        """The facets of what the query finds, and the count of each label by field and text.

        On PostgreSQL, only the likeliest thousands are counted: see `Facets.complete`.
        """
        self._watcher.check()
        prepared = self._prepare(query)
        widths = self._backend.widths
        candidates, ranked = self._rank(prepared, widths[len(widths) // 2])
        facets = replace(
            count_facets(candidates.index, prepared.query, ranked), complete=candidates.is_complete
        )
        numbers = sorted(facets.labels, key=lambda number: -facets.labels[number])[:_MAX_LABELS]
        with Session(self._engine) as session:
            rows = session.execute(
                select(LabelRow.id, LabelRow.field, LabelRow.text).where(LabelRow.id.in_(numbers))
            )
            labels = {(row.field, row.text): facets.labels[row.id] for row in rows}
        return facets, labels

    def _prepare(self, query: Query) -> _PreparedQuery:
        wish = query.text if query.fixed_reason is not None else self.find_wish(query.text)
        text, avoid = map(self._speller.correct, (wish, query.avoid))
        query = replace(query, text=text, avoid=avoid)
        vector = avoided = None
        if self._encoder.is_ready:
            vector, *rest = self._encoder.encode([text, avoid] if avoid else [text])
            avoided = rest[0] if rest else None
        return _PreparedQuery(query, vector, avoided, self._find_label_numbers(query))

    def _rank(self, prepared: _PreparedQuery, width: int) -> tuple[Candidates, Ranked]:
        candidates = self._backend.find_candidates(
            prepared.query, prepared.vector, prepared.label_numbers, width
        )
        ranked = rank(
            candidates.index,
            prepared.query,
            prepared.vector,
            prepared.avoided,
            label_numbers=prepared.label_numbers,
            today=self._today(),
        )
        return candidates, ranked

    def list_by_words(self, text: str, limit: int) -> list[str]:
        """The keys (`source:key`) of the best listings by full text alone: a baseline."""
        return self._list_baseline(text, None, limit)

    def list_by_vector(self, text: str, limit: int) -> list[str]:
        """As `list_by_words`, by the sentence vectors alone."""
        return self._list_baseline(text, self._encoder.encode([text])[0], limit)

    def _list_baseline(self, text: str, vector: Vectors | None, limit: int) -> list[str]:
        self._watcher.check()
        query = Query(text, limit=limit)
        index = self._backend.find_candidates(query, vector, (), self._backend.widths[0]).index
        hits = select_hits(index, query, rank_baseline(index, text, vector), self._read_listings)
        return [f"{hit.stored.source}:{hit.stored.listing.key}" for hit in hits]

    def find_missing_sources(self, names: Iterable[str]) -> list[str]:
        """The names that no source in the directory has, sorted."""
        with Session(self._engine) as session:
            return sorted(set(names) - set(session.scalars(select(SourceRow.name))))

    def encode(self, texts: Sequence[str]) -> Vectors | None:
        """Unit vectors of shape (n, 384), or None while the encoder is still loading."""
        return self._encoder.encode(texts) if self._encoder.is_ready else None

    def find_wish(self, text: str) -> str:
        """The part of a long message that asks for something; a short one whole."""
        return find_wish(text, self.encode)

    def get(self, listing_id: int) -> StoredListing | None:
        """The listing with our own `listing_id`, or None if there is none."""
        self._watcher.check()
        return self._read_listings([listing_id]).get(listing_id)

    def find_area(self, text: str) -> Area | None:
        """The area that `text` names, or None if no place of that name is known."""
        return self._gazetteer.find(text)

    def require_area(self, text: str) -> Area:
        """As `find_area`, but raises UnknownPlaceError, which lists the known places."""
        if area := self.find_area(text):
            return area
        known = ", ".join(self.list_area_names()[:12]) or "no place at all"
        raise UnknownPlaceError(f"Nothing is known near {text!r}. Listings are in {known}.")

    def name_unmet_need(self, text: str) -> str:
        """The topic that `text` asks for; empty if none stands out or the encoder is loading."""
        if not self._encoder.is_ready or not text.strip():
            return ""
        return name_topic(analyse_message(self._encoder.encode([text])[0]), text)

    def name_neighbourhood(self, area: Area | None) -> str:
        """The neighbourhood of listings that an area is in; empty if it is in none."""
        return self._gazetteer.name_neighbourhood(area.point) if area else ""

    def list_area_names(self) -> tuple[str, ...]:
        """The neighbourhoods that listings are in, the busiest first."""
        return self._gazetteer.list_names()

    def __len__(self) -> int:
        self._watcher.check()
        return len(self._backend)

    def _find_label_numbers(self, query: Query) -> list[int]:
        """The number of each label; 0 for a label that no listing has."""
        if not query.labels:
            return []
        # The database refuses characters that no listing can have.
        texts = {text for _, text in query.labels if drop_unprintable(text) == text}
        with Session(self._engine) as session:
            rows = session.execute(
                select(LabelRow.field, LabelRow.text, LabelRow.id).where(LabelRow.text.in_(texts))
            )
            numbers = {(field, text): number for field, text, number in rows}
        return [numbers.get(label, 0) for label in query.labels]

    def _read_listings(self, ids: Sequence[int]) -> dict[int, StoredListing]:
        """The listings with these ids, from the cache if possible."""
        with self._cache_lock:
            revision = self._watcher.revision
            if revision != self._cached_revision:
                self._cache.clear()
                self._cached_revision = revision
            listings = {
                listing_id: self._cache[listing_id]
                for listing_id in ids
                if listing_id in self._cache
            }
            for listing_id in listings:
                self._cache.move_to_end(listing_id)
        if missing := [listing_id for listing_id in ids if listing_id not in listings]:
            with Session(self._engine) as session:
                rows = session.scalars(select(ListingRow).where(ListingRow.id.in_(missing)))
                read = add_closure_alerts(
                    session, {row.id: load_stored_listing(row) for row in rows}
                )
            listings |= read
            with self._cache_lock:
                # A listing read while the directory changed may already be out of date.
                if revision == self._cached_revision:
                    self._cache.update(read)
                while len(self._cache) > _MAX_CACHED:
                    self._cache.popitem(last=False)
        return listings

    def _load_changes(self, session: Session, since: int) -> None:
        self._backend.load_changes(session, since)
        words = session.execute(
            select(WordRow.id, WordRow.text).where(WordRow.id > self._last_word_id)
        ).all()
        if words:
            self._last_word_id = max(word_id for word_id, _ in words)
            self._speller.learn(text for _, text in words)


def count_listings(engine: Engine) -> int:
    """How many listings the database holds, closed ones included."""
    with Session(engine) as session:
        return session.scalar(select(func.count()).select_from(ListingRow)) or 0
