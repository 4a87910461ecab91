"""Milliseconds a query on PostgreSQL, and how far its best ten are those of an exact scan.

Owns a PostgreSQL for as long as it measures. The exact scan is over the same listings in memory,
by the same ranking, with nothing left out and nothing rounded off.
"""

import json
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from sqlalchemy import Engine, text

from benchmarks import importing
from benchmarks.corpus import (
    MANY_LISTINGS,
    MIDDLE,
    MOST_LISTINGS,
    REAL_LISTINGS,
    Corpus,
    find_queries,
    gather,
    grow,
)
from benchmarks.multiplying import Pair, fill, make_pairs, multiply
from benchmarks.ours import BEST, TODAY, make_exact
from benchmarks.tables import Table
from benchmarks.timing import time_once
from bot.settings import ROOT
from directory.catalogue import Catalogue
from directory.embeddings import Encoder
from directory.filling.importing import import_listings
from directory.finding.entries import Entries
from directory.finding.holding import MemoryFinder
from directory.finding.index import Index
from directory.finding.query import Query
from directory.opening import open_directory
from tests.postgres import Postgres

MILLION = 1_000_000
_HELD_OUT = ROOT / "tests" / "search_larkhaven.jsonl"
_CUT = 35
# At a million an exact scan takes long: only the first of the cases are asked held-out queries.
_FEW_CASES = 4
_CASES = {
    "no filter": Query(""),
    "volunteering": Query("", kinds=frozenset({"volunteering"})),
    "near a place": Query("", near=MIDDLE),
    "on a Tuesday": Query("", needs=frozenset({"tuesday"})),
    "groups": Query("", kinds=frozenset({"group"})),
    "the nearest": Query("", near=MIDDLE, nearest=True),
    "within two miles": Query("", near=MIDDLE, within=2.0),
    "volunteering within half a mile": Query(
        "", kinds=frozenset({"volunteering"}), near=MIDDLE, within=0.5
    ),
    "for women": Query("", needs=frozenset({"women"})),
    "step-free, in the evening": Query("", needs=frozenset({"step-free", "evening"})),
    "for somebody of 70": Query("", age=70),
    "without what is like a church": Query("", avoid="church"),
}
_SERVER = {
    "shared_buffers": "2GB",
    "maintenance_work_mem": "3GB",
    "max_wal_size": "8GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}
_TABLES = {
    "table": "SELECT pg_table_size('entry_search')",
    "vectors' index": "SELECT pg_relation_size('ix_entry_search_embedding')",
    "words' index": "SELECT pg_relation_size('ix_entry_search_terms')",
    "entries": "SELECT pg_total_relation_size('entry')",
    "listings": "SELECT pg_total_relation_size('listing')",
}


@dataclass(frozen=True)
class Asked:
    """`chosen` were there when the index's numbers were chosen; `held_out` were not."""

    chosen: Sequence[str]
    held_out: Sequence[str]


class _Held(MemoryFinder):
    """All of it in memory, as it was written."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def renew(self, session: object, since: int) -> None:
        """It does not change."""


def measure(encoder: Encoder, folder: Path, *, quick: bool, million: bool) -> Iterator[Table]:
    """A table for 1,906, 10,000 and 100,000 listings (quick: 400 and 2,000), and one on imports.

    With `million`, 1,000,000 as well: an hour or so, and 12 GB of memory.
    """
    sizes = (400, 2_000) if quick else (REAL_LISTINGS, MANY_LISTINGS, MOST_LISTINGS)
    corpus = gather(encoder, sizes[0])
    asked = _find_queries(corpus)
    server = Postgres()
    server.start(**_SERVER)
    imports: list[tuple[str, ...]] = []
    try:
        server.execute("CREATE DATABASE empty")
        imports += _measure_import(open_directory(server.url("empty")), encoder, folder, quick)
        pairs: list[Pair] = []
        for size in (*sizes, MILLION) if million else sizes:
            _say(f"{size:,} listings: making them")
            if size <= MANY_LISTINGS:
                pairs = make_pairs(grow(corpus, size) if size > len(corpus.listings) else corpus)
            engine = open_directory(server.url(server.make_database()))
            table, entries = _fill(engine, pairs, size)
            few = _FEW_CASES if size == MILLION else len(_CASES)
            yield _compare(engine, entries, encoder, asked, table, few)
            del entries
            if size == sizes[-1]:
                imports += _measure_import(engine, encoder, folder, quick)
            engine.dispose()
    finally:
        server.stop()
    yield Table(
        "Import on PostgreSQL",
        ("into a directory of", "services", "encoder alone, s", "import, s", "x encoder alone"),
        tuple(imports),
        "One council's real services, encoded and written; the encoder alone before and after.",
    )


def _say(what: str) -> None:
    print(f"  {what} ...", file=sys.stderr, flush=True)


def _find_queries(corpus: Corpus) -> Asked:
    """Residents' queries, and those of another town with pieces of listings' own words."""
    lines = _HELD_OUT.read_text("utf-8").splitlines()
    others = [json.loads(line)["query"] for line in lines if line]
    dice = random.Random(2026)
    said = [one.description.split() for one in corpus.listings if len(one.description) > 200]
    pieces = []
    for words in dice.sample(said, _CUT):
        start = dice.randrange(len(words) - 9)
        pieces.append(" ".join(words[start : start + 9]))
    return Asked(find_queries()[0], (*others, *pieces))


def _fill(engine: Engine, pairs: list[Pair], size: int) -> tuple[str, Entries]:
    taken, entries = time_once(partial(fill, engine, multiply(pairs, size), size))
    with engine.connect() as connection:
        sizes = ", ".join(
            f"{name} {(connection.scalar(text(asked)) or 0) / 2**20:,.0f} MiB"
            for name, asked in _TABLES.items()
        )
    told = f"Written and indexed in {taken / 1000:,.0f} s, with vectors made before; {sizes}."
    _say(told)
    return told, entries


def _compare(
    engine: Engine, entries: Entries, encoder: Encoder, asked: Asked, filled: str, few: int
) -> Table:
    vectors = entries.vectors
    index = make_exact(Index(entries), vectors)
    exact = Catalogue(engine, encoder, lambda: TODAY, _Held(index))
    ours = Catalogue(engine, encoder, lambda: TODAY)
    for query in asked.chosen:
        encoder.encode([query])
        ours.search(Query(query, limit=BEST))
    encoding = [time_once(partial(encoder.encode, [query]))[0] for query in asked.chosen]
    rows = []
    for number, (name, case) in enumerate(_CASES.items()):
        chosen, times = _agree(ours, exact, case, asked.chosen)
        told = (name, f"{np.percentile(times, 50):.0f}", f"{np.percentile(times, 95):.0f}")
        held_out = ""
        if number < few:
            held_out = f"{_agree(ours, exact, case, asked.held_out)[0]:.4f}"
        rows.append((*told, f"{chosen:.4f}", held_out))
        _say(" | ".join(rows[-1]))
    return Table(
        f"Search on PostgreSQL, {len(index):,} listings",
        ("a query", "p50 ms", "p95 ms", "of the exact best 10", "held-out queries"),
        tuple(rows),
        f"{len(asked.chosen)} residents' queries, with the encoder, which alone takes "
        f"{np.percentile(encoding, 50):.1f} ms; {len(asked.held_out)} held-out ones. {filled}",
    )


def _agree(
    ours: Catalogue, exact: Catalogue, case: Query, queries: Sequence[str]
) -> tuple[float, list[float]]:
    """The mean part of the exact best ten that is found, and milliseconds of each query."""
    shares, times = [], []
    for said in queries:
        query = replace(case, text=said, limit=BEST)
        taken, hits = time_once(partial(ours.search, query))
        times.append(taken)
        found = {hit.found.id for hit in hits}
        true = {hit.found.id for hit in exact.search(query)}
        if true:
            shares.append(len(found & true) / len(true))
    return float(np.mean(shares)) if shares else float("nan"), times


def _measure_import(
    engine: Engine, encoder: Encoder, folder: Path, quick: bool
) -> list[tuple[str, ...]]:
    rows, texts = importing.find_services(folder, quick=quick)
    with engine.connect() as connection:
        there = connection.scalar(text("SELECT count(*) FROM listing"))
    before, _ = time_once(partial(encoder.encode, texts))
    taken, _ = time_once(partial(import_listings, engine, encoder, "services", rows))
    after, _ = time_once(partial(encoder.encode, texts))
    alone = (before + after) / 2
    one = (f"{there:,}", str(len(texts)), f"{alone / 1000:.1f}", f"{taken / 1000:.1f}")
    _say(" | ".join(one))
    return [(*one, f"{taken / alone:.2f}")]
