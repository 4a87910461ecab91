"""The way in for everything that reads the directory.

Keeps one index in memory and renews it when another process has changed the
database. Safe to use from several threads.
"""

import logging
import re
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

import numpy as np
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from directory.embeddings import DIMENSIONS, Encoder, Vectors
from directory.errors import UnknownPlaceError
from directory.listings import StoredListing
from directory.models import ListingRow, RevisionRow, read_listing
from directory.places import Area, Gazetteer
from directory.search import Hit, Index, Query
from directory.spelling import Speller
from directory.wording import searchable_text

log = logging.getLogger(__name__)

_WORD = re.compile(r"[^\W\d_]+")
# How old an answer may be, in seconds, before the database is asked whether it changed.
_LOOK_AGAIN_AFTER = 1.0


class Catalogue:
    """Listings by meaning, by id, and the places they are in."""

    def __init__(self, engine: Engine, encoder: Encoder) -> None:
        self._engine = engine
        self._encoder = encoder
        self._lock = threading.Lock()
        self._revision = -1
        self._reading = False
        self._looked_at = -_LOOK_AGAIN_AFTER
        self._index = Index((), np.zeros((0, DIMENSIONS), dtype=np.float32))
        self._gazetteer = Gazetteer(())
        self._speller = Speller(())

    def search(self, query: Query) -> list[Hit]:
        """The best listings first; by words alone while the encoder is still loading."""
        index = self._fresh()
        text, avoid = map(self._speller.correct, (query.text, query.avoid))
        query = replace(query, text=text, avoid=avoid)
        if not self._encoder.ready:
            return index.search(query, None)
        if not avoid:
            return index.search(query, self._encoder.encode([text])[0])
        vector, avoided = self._encoder.encode([text, avoid])
        return index.search(query, vector, avoided)

    def encode(self, texts: Sequence[str]) -> Vectors | None:
        """Unit vectors of shape (n, 384), or None while the encoder is still loading."""
        return self._encoder.encode(texts) if self._encoder.ready else None

    def get(self, listing_id: int) -> StoredListing | None:
        """The listing with our own `listing_id`, or None if there is none any more."""
        return self._fresh().by_id.get(listing_id)

    def find_area(self, text: str) -> Area | None:
        """The area that `text` names, or None if the directory knows nothing there."""
        self._fresh()
        return self._gazetteer.find(text)

    def require_area(self, text: str) -> Area:
        """As `find_area`, but raises UnknownPlaceError that lists the places known."""
        if area := self.find_area(text):
            return area
        known = ", ".join(self.area_names()[:12]) or "no place at all"
        raise UnknownPlaceError(f"Nothing is known near {text!r}. Listings are in {known}.")

    def area_names(self) -> tuple[str, ...]:
        """The neighbourhoods that listings are in, the busiest first."""
        self._fresh()
        return self._gazetteer.names

    def __len__(self) -> int:
        return len(self._fresh().listings)

    def _fresh(self) -> Index:
        """The index, asked at most once a second whether it is still true.

        Only the first is waited for; a changed directory is read in beside the answers.
        """
        with self._lock:
            now = time.monotonic()
            if now - self._looked_at >= _LOOK_AGAIN_AFTER and not self._reading:
                self._looked_at = now
                if self._revision < 0:
                    self._renew()
                else:
                    self._reading = True
                    threading.Thread(target=self._renew, daemon=True).start()
            return self._index

    def _renew(self) -> None:
        try:
            with Session(self._engine) as session:
                revision = session.scalar(select(RevisionRow.number)) or 0
                if revision != self._revision:
                    self._load(session)
                    self._revision = revision
        except Exception as error:
            if self._revision < 0:
                raise
            # What was read before still stands; the next look may find the database well.
            log.error("The directory could not be read again: %s", type(error).__name__)
        finally:
            self._reading = False

    def _load(self, session: Session) -> None:
        query = select(ListingRow).order_by(ListingRow.id)
        rows = session.scalars(query).all()
        vectors = np.zeros((len(rows), DIMENSIONS), dtype=np.float32)
        for number, row in enumerate(rows):
            vectors[number] = np.frombuffer(row.vector, dtype=np.float16)
        stored = [read_listing(row) for row in rows]
        self._index = Index(stored, vectors)
        words = (_WORD.findall(searchable_text(one.listing).casefold()) for one in stored)
        self._speller = Speller(chain.from_iterable(words))
        self._gazetteer = Gazetteer(place for one in stored for place in one.listing.places)


def count_listings(engine: Engine) -> int:
    """How many listings the database holds, closed ones included."""
    with Session(engine) as session:
        return session.scalar(select(func.count()).select_from(ListingRow)) or 0
