"""Entries by the hundred thousand for a database, and the same held in memory to compare with.

Owns how a million are made of fewer: each with a vector, words and a reference of its own.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from benchmarks.corpus import NOISE, WORDS_CHANGED, Corpus, scatter
from directory.encoder import DIMENSIONS
from directory.importing.classify import classify_listing
from directory.importing.writer import Written, write_listings
from directory.indexing.entries import FACTS, Entry, make_entry
from directory.indexing.entry_arrays import Entries, chain_entries, read_entries
from directory.indexing.postgres_rows import build_indexes_after
from directory.indexing.words import TERM
from directory.listing import Listing
from directory.models import SourceRow

Pair = tuple[Listing, Entry]
# So many are turned in one go, and written in one go.
_AT_ONCE = 10_000
_TOLD = 50_000


def make_pairs(corpus: Corpus) -> list[Pair]:
    """Each listing as an import would leave it, with its entry; three in four are scattered."""
    listings = [
        # Some references of the real ones are used twice.
        replace(classify_listing(listing), key=f"{number}:{listing.key}")
        for number, listing in enumerate(scatter(corpus.listings))
    ]
    return [
        (listing, make_entry(listing, vector))
        for listing, vector in zip(listings, corpus.vectors, strict=True)
    ]


def multiply(pairs: Sequence[Pair], size: int) -> Iterator[Pair]:
    """`size` of them: the given ones, then copies with other words, turned vectors and a new key.

    What is changed is what a search reads: the copies' descriptions stay as they are.
    """
    dice = np.random.default_rng(2026)
    words = np.concatenate([np.frombuffer(entry.terms, dtype=TERM) for _, entry in pairs])
    yield from pairs[:size]
    for start in range(len(pairs), size, _AT_ONCE):
        numbers = range(start, min(start + _AT_ONCE, size))
        some = [pairs[number % len(pairs)] for number in numbers]
        vectors = np.frombuffer(b"".join(entry.vector for _, entry in some), dtype=np.float16)
        turned = vectors.reshape(-1, DIMENSIONS).astype(np.float32)
        noise = dice.standard_normal(turned.shape, dtype=np.float32)
        turned += noise * (NOISE / np.linalg.norm(noise, axis=1, keepdims=True))
        turned /= np.linalg.norm(turned, axis=1, keepdims=True)
        for number, (listing, entry), vector in zip(
            numbers, some, turned.astype(np.float16), strict=True
        ):
            facts = np.frombuffer(entry.facts, dtype=FACTS).copy()
            # Of listings of equal content only one is shown.
            facts["content"] = number
            terms = _change_terms(np.frombuffer(entry.terms, dtype=TERM), words, dice)
            copied = replace(
                entry, vector=vector.tobytes(), facts=facts.tobytes(), terms=terms.tobytes()
            )
            yield replace(listing, key=f"{listing.key}~{number}"), copied


def _change_terms(terms: np.ndarray, words: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    changed = terms.copy()
    places = np.flatnonzero(dice.random(len(terms)) < WORDS_CHANGED)
    changed["term"][places] = words["term"][dice.integers(len(words), size=len(places))]
    _, first = np.unique(changed["term"], return_index=True)
    return changed[first]


@dataclass(frozen=True)
class Filled:
    """All that was written, as arrays, and the seconds that each part took."""

    entries: Entries
    writing: float
    indexing: float
    clearing: float


def fill(
    engine: Engine, pairs: Iterable[Pair], size: int, say: Callable[[str], None] = lambda _: None
) -> Filled:
    """Write `size` pairs as an import does, in one transaction; `say` is told how far it is."""
    parts: list[Entries] = []
    left = iter(pairs)
    started = time.perf_counter()
    with Session(engine) as session:
        source = SourceRow(name="benchmark")
        session.add(source)
        session.flush()
        done = 0
        with build_indexes_after(session, size):
            while some := list(islice(left, _AT_ONCE)):
                written = [Written(listing, entry) for listing, entry in some]
                ids = write_listings(session, source.id, written)
                parts.append(read_entries(ids, [entry for _, entry in some]))
                done += len(some)
                if done % _TOLD == 0:
                    say(f"{done:,} written in {time.perf_counter() - started:,.0f} s")
            wrote = time.perf_counter()
            say("building the slow indexes")
        session.commit()
    indexed = time.perf_counter()
    say(f"built in {indexed - wrote:,.0f} s; clearing up")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
    clearing = time.perf_counter() - indexed
    return Filled(chain_entries(parts), wrote - started, indexed - wrote, clearing)
