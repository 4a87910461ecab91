"""Hundreds of thousands of entries for a database, and the same in memory for comparison.

Owns how a few entries become a million, each with a vector, words and key of its own.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from benchmarks.corpus import NOISE, WORDS_CHANGED, Corpus, scatter_listings
from directory.encoder import DIMENSIONS
from directory.importing.classify import classify_listing
from directory.importing.writer import PreparedListing, write_listings
from directory.indexing.entries import FACTS, Entry, make_entry
from directory.indexing.entry_arrays import Entries, chain_entries, read_entries
from directory.indexing.postgres_rows import build_indexes_after
from directory.indexing.words import TERM
from directory.listing import Listing
from directory.models import SourceRow

Pair = tuple[Listing, Entry]
# Entries that are rotated and written together.
_BATCH = 10_000
_REPORTED_EVERY = 50_000


def make_pairs(corpus: Corpus) -> list[Pair]:
    """Each listing as an import would write it, with its entry; three in four have a point."""
    listings = [
        # Some keys of the real listings occur twice.
        replace(classify_listing(listing), key=f"{number}:{listing.key}")
        for number, listing in enumerate(scatter_listings(corpus.listings))
    ]
    return [
        (listing, make_entry(listing, vector))
        for listing, vector in zip(listings, corpus.vectors, strict=True)
    ]


def multiply_pairs(pairs: Sequence[Pair], size: int) -> Iterator[Pair]:
    """`size` pairs: the given ones, then copies with other words, a rotated vector and a new key.

    Only what a search reads is changed: the descriptions of the copies stay the same.
    """
    generator = np.random.default_rng(2026)
    words = np.concatenate([np.frombuffer(entry.terms, dtype=TERM) for _, entry in pairs])
    yield from pairs[:size]
    for start in range(len(pairs), size, _BATCH):
        numbers = range(start, min(start + _BATCH, size))
        originals = [pairs[number % len(pairs)] for number in numbers]
        vectors = np.frombuffer(b"".join(entry.vector for _, entry in originals), dtype=np.float16)
        rotated = vectors.reshape(-1, DIMENSIONS).astype(np.float32)
        noise = generator.standard_normal(rotated.shape, dtype=np.float32)
        rotated += noise * (NOISE / np.linalg.norm(noise, axis=1, keepdims=True))
        rotated /= np.linalg.norm(rotated, axis=1, keepdims=True)
        for number, (listing, entry), vector in zip(
            numbers, originals, rotated.astype(np.float16), strict=True
        ):
            facts = np.frombuffer(entry.facts, dtype=FACTS).copy()
            # A search shows only one of several listings with equal content.
            facts["content"] = number
            terms = _change_terms(np.frombuffer(entry.terms, dtype=TERM), words, generator)
            copy = replace(
                entry, vector=vector.tobytes(), facts=facts.tobytes(), terms=terms.tobytes()
            )
            yield replace(listing, key=f"{listing.key}~{number}"), copy


def _change_terms(
    terms: np.ndarray, words: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    changed = terms.copy()
    places = np.flatnonzero(generator.random(len(terms)) < WORDS_CHANGED)
    changed["term"][places] = words["term"][generator.integers(len(words), size=len(places))]
    _, first = np.unique(changed["term"], return_index=True)
    return changed[first]


@dataclass(frozen=True)
class FilledDirectory:
    """All written entries as arrays, and the seconds that each step took."""

    entries: Entries
    writing: float
    indexing: float
    vacuuming: float


def fill_directory(
    engine: Engine, pairs: Iterable[Pair], size: int, say: Callable[[str], None] = lambda _: None
) -> FilledDirectory:
    """Write `size` pairs as an import does, in one transaction; `say` gets the progress."""
    parts: list[Entries] = []
    remaining = iter(pairs)
    started = time.perf_counter()
    with Session(engine) as session:
        source = SourceRow(name="benchmark")
        session.add(source)
        session.flush()
        done = 0
        with build_indexes_after(session, size):
            while batch := list(islice(remaining, _BATCH)):
                written = [PreparedListing(listing, entry) for listing, entry in batch]
                ids = write_listings(session, source.id, written)
                parts.append(read_entries(ids, [entry for _, entry in batch]))
                done += len(batch)
                if done % _REPORTED_EVERY == 0:
                    say(f"{done:,} written in {time.perf_counter() - started:,.0f} s")
            written_at = time.perf_counter()
            say("building the slow indexes")
        session.commit()
    indexed_at = time.perf_counter()
    say(f"built in {indexed_at - written_at:,.0f} s; vacuuming")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
    vacuuming = time.perf_counter() - indexed_at
    return FilledDirectory(
        chain_entries(parts), written_at - started, indexed_at - written_at, vacuuming
    )
