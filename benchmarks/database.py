"""PostgreSQL with many listings: the time to fill, start, search and import.

Owns the PostgreSQL server that it measures, and the sizes.
"""

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from sqlalchemy import Engine, text

from benchmarks import imports as importing
from benchmarks.agreement import compare_with_exact, gather_queries
from benchmarks.corpus import (
    MANY_LISTINGS,
    MAX_LISTINGS,
    REAL_LISTINGS,
    gather_corpus,
    grow_corpus,
)
from benchmarks.larger_directory import (
    FilledDirectory,
    Pair,
    fill_directory,
    make_pairs,
    multiply_pairs,
)
from benchmarks.startup import measure_start
from benchmarks.tables import Table
from benchmarks.timing import time_once
from directory.encoder import Encoder
from directory.importing.importer import import_listings
from directory.importing.upgrade import open_directory
from tests.support.postgres import Postgres

MILLION = 1_000_000
_SIZES = (REAL_LISTINGS, MANY_LISTINGS, MAX_LISTINGS)
_QUICK_SIZES = (400, 2_000)
# Seconds of searches for each size.
_SECONDS = 600
_SERVER = {
    "shared_buffers": "2GB",
    "maintenance_work_mem": "3GB",
    "max_parallel_maintenance_workers": str(max(1, (os.cpu_count() or 1) - 1)),
    "max_wal_size": "8GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "statement_timeout": "40min",
}
# With enough shared memory, an index that several processes build is built there.
_SHARED_MEMORY, _SPACE_NEEDED = Path("/dev/shm"), 6 * 2**30  # noqa: S108
_SIZE_QUERIES = {
    "the whole database": "SELECT pg_database_size(current_database())",
    "search table": "SELECT pg_table_size('entry_search')",
    "vectors' index": "SELECT pg_relation_size('ix_entry_search_embedding')",
    "words' index": "SELECT pg_relation_size('ix_entry_search_terms')",
    "entries": "SELECT pg_total_relation_size('entry')",
    "listings": "SELECT pg_total_relation_size('listing')",
}


def measure(
    encoder: Encoder, folder: Path, *, quick: bool, listings: Sequence[int] = ()
) -> Iterator[Table]:
    """Two tables for each size, and one on imports, each as soon as it is known.

    The sizes are `listings`; if empty, 1,906, 10,000 and 100,000 (quick: 400 and 2,000).
    1,000,000 take half an hour or more, 10 GB of memory and 16 GB on disk.
    """
    sizes = listings or (_QUICK_SIZES if quick else _SIZES)
    _say("encoding the real listings")
    corpus = gather_corpus(encoder, _QUICK_SIZES[0] if quick else REAL_LISTINGS)
    queries = gather_queries(corpus)
    server = Postgres()
    server.start(**_SERVER, **_share_memory())
    imports: list[tuple[str, ...]] = []
    try:
        server.execute("CREATE DATABASE empty")
        empty = open_directory(server.url("empty"))
        imports += _measure_import(empty, encoder, folder, quick)
        empty.dispose()
        pairs: list[Pair] = []
        for size in sizes:
            _say(f"{size:,} listings: making listings")
            originals = max(len(corpus.listings), min(size, MANY_LISTINGS))
            if len(pairs) < originals:
                pairs = make_pairs(
                    grow_corpus(corpus, originals) if originals > len(corpus.listings) else corpus
                )
            url = server.url(server.make_database())
            engine = open_directory(url)
            filled = fill_directory(engine, multiply_pairs(pairs, size), size, _say)
            yield _describe(engine, url, filled)
            yield compare_with_exact(
                engine, filled.entries, encoder, queries, seconds=_SECONDS, say=_say
            )
            del filled
            if size == sizes[-1]:
                imports += _measure_import(engine, encoder, folder, quick)
            engine.dispose()
    finally:
        server.stop()
    yield Table(
        "Import on PostgreSQL",
        ("into a directory of", "services", "encoder alone, s", "import, s", "of its rate"),
        tuple(imports),
        "One council's real services, encoded and written; the encoder alone before and after.",
    )


def _say(step: str) -> None:
    print(f"  {step} ...", file=sys.stderr, flush=True)


def _share_memory() -> dict[str, str]:
    has_space = _SHARED_MEMORY.is_dir() and shutil.disk_usage(_SHARED_MEMORY).free > _SPACE_NEEDED
    return {"dynamic_shared_memory_type": "posix"} if has_space else {}


def _describe(engine: Engine, url: str, filled: FilledDirectory) -> Table:
    """The sizes and times of the directory, and the start of a new process on it."""
    with engine.connect() as connection:
        rows = [
            (f"{name}, MiB", f"{(connection.scalar(text(query)) or 0) / 2**20:,.0f}")
            for name, query in _SIZE_QUERIES.items()
        ]
    first = measure_start(url)
    rows += [
        ("written, s", f"{filled.writing:,.0f}"),
        ("the slow indexes built, s", f"{filled.indexing:,.0f}"),
        ("vacuumed and analysed, s", f"{filled.vacuuming:,.0f}"),
        ("a new process: s to its first answer, by words", f"{first['seconds']:.1f}"),
        ("s to its first answer by meaning", f"{first['seconds_by_meaning']:.1f}"),
        ("its memory then, MiB", f"{first['bytes_by_meaning'] / 2**20:,.0f}"),
    ]
    for row in rows:
        _say(": ".join(row))
    return Table(
        f"Directory on PostgreSQL, {len(filled.entries):,} listings",
        ("what", "figure"),
        tuple(rows),
        "Vectors were made before. The memory is that of our process, with its encoder; the server "
        f"uses a little more than {_SERVER['shared_buffers']}.",
    )


def _measure_import(
    engine: Engine, encoder: Encoder, folder: Path, quick: bool
) -> list[tuple[str, ...]]:
    _say("importing, and the encoder alone")
    rows, texts = importing.find_services(folder, quick=quick)
    with engine.connect() as connection:
        listing_count = connection.scalar(text("SELECT count(*) FROM listing"))
    before, _ = time_once(partial(encoder.encode, texts))
    duration, _ = time_once(partial(import_listings, engine, encoder, "services", rows))
    after, _ = time_once(partial(encoder.encode, texts))
    alone = (before + after) / 2
    cells = (f"{listing_count:,}", str(len(texts)), f"{alone / 1000:.1f}", f"{duration / 1000:.1f}")
    _say(" | ".join((*cells, f"{alone / duration:.2f}")))
    return [(*cells, f"{alone / duration:.2f}")]
