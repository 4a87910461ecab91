"""The time of a query by the search service, compared with each of its parts alone.

Also its agreement with an exact scan, the start of a new process and the memory of a listing.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.corpus import (
    CENTRE,
    MANY_LISTINGS,
    MAX_LISTINGS,
    REAL_LISTINGS,
    Corpus,
    find_queries,
    gather_corpus,
    grow_corpus,
    scatter_listings,
)
from benchmarks.our_index import BEST, build_index, measure_agreement
from benchmarks.startup import measure_start
from benchmarks.tables import Table, tabulate_timings
from benchmarks.timing import time_in_rounds
from directory.encoder import Encoder, Vectors
from directory.importing.importer import import_listings
from directory.importing.upgrade import open_directory
from directory.indexing.words import find_stems, number_stem
from directory.listing_text import build_encoder_text
from directory.search.index import Index
from directory.search.query import Query
from directory.search.service import SearchService

_PARTS = ("encoder alone", "BM25 alone", "vector scan alone")


class PreparedEncoder(Encoder):
    """Returns the vectors of a corpus, so that filling a database does not encode it again."""

    def __init__(self, corpus: Corpus) -> None:
        texts = map(build_encoder_text, corpus.listings)
        self._by_text = dict(zip(texts, corpus.vectors, strict=True))

    def encode(self, texts: Sequence[str], progress: object = None) -> Vectors:  # noqa: ARG002
        return np.array([self._by_text[text] for text in texts])


def measure(encoder: Encoder, folder: Path, *, quick: bool) -> list[Table]:
    """A table for 1,906, 10,000 and 100,000 listings (quick: 400 and 2,000), and one on starts."""
    sizes = (400, 2_000) if quick else (REAL_LISTINGS, MANY_LISTINGS, MAX_LISTINGS)
    corpus = gather_corpus(encoder, sizes[0])
    tables, starts = [], []
    open_directory(f"sqlite:///{folder / 'empty.db'}").dispose()
    for size in sizes:
        grown = corpus if size == len(corpus.listings) else grow_corpus(corpus, size)
        url = f"sqlite:///{folder / f'search-{size}.db'}"
        print(f"  filling {size:,} listings ...", file=sys.stderr, flush=True)
        engine = open_directory(url)
        rows = scatter_listings(grown.listings)
        import_listings(engine, PreparedEncoder(grown), "benchmark", rows, link=False)
        tables.append(
            _measure_search(
                SearchService(engine, encoder), grown, encoder, rounds=2 if quick else 5
            )
        )
        engine.dispose()
        starts.append(_measure_start(url, folder, size))
    tables.append(
        Table(
            "Start and memory",
            ("listings", "s to the first answer", "of these for the listings", "bytes a listing"),
            tuple(starts),
            "A new process, from its first line to its first search, which uses words alone while "
            "the encoder loads. Bytes: resident memory beyond that of a process without listings.",
        )
    )
    return tables


def _measure_search(
    search_service: SearchService, corpus: Corpus, encoder: Encoder, *, rounds: int
) -> Table:
    queries, origin = find_queries()
    vectors = encoder.encode(queries)
    index = build_index(corpus)
    timings = time_in_rounds(
        {
            "encoder alone": lambda i: encoder.encode([queries[i]]),
            "BM25 alone": lambda i: _find_best(
                index.inverted_index.score(map(number_stem, find_stems(queries[i])))
            ),
            "vector scan alone": lambda i: _scan(index, vectors[i]),
            "hybrid, best 3": lambda i: search_service.search(Query(queries[i])),
            "hybrid, best 10": lambda i: search_service.search(Query(queries[i], limit=BEST)),
            "hybrid, best 3 near a place": lambda i: search_service.search(
                Query(queries[i], near=CENTRE)
            ),
            "hybrid, best 3, volunteering": lambda i: search_service.search(
                Query(queries[i], kinds=frozenset({"volunteering"}))
            ),
            "hybrid, best 3, Tuesdays for 70": lambda i: search_service.search(
                Query(queries[i], needs=frozenset({"tuesday"}), age=70)
            ),
        },
        steps=len(queries),
        rounds=rounds,
    )
    sum_of_parts = sum(timings[part].p50 for part in _PARTS)
    ratio = timings["hybrid, best 3"].p50 / sum_of_parts
    agreement = measure_agreement(index, corpus, queries, vectors)
    note = (
        f"{origin}; {corpus.origin}; three in four at a point in a town. The three parts add "
        f"up to {sum_of_parts:.2f} ms; the hybrid's best 3 take {ratio:.2f} times that. Of the "
        f"exact best {BEST}, {agreement:.4f} are found."
    )
    return tabulate_timings(
        f"Search, {len(corpus.listings):,} listings",
        timings,
        baseline="encoder alone",
        first_column="a query",
        note=note,
    )


def _scan(index: Index, vector: Vectors) -> object:
    """The vector scan alone: every cosine, and the best ones in order."""
    return _find_best(index.scan.score(vector))


def _find_best(scores: NDArray[np.float32]) -> object:
    best = np.argpartition(-scores, BEST)[:BEST]
    return best[np.argsort(-scores[best])]


def _measure_start(url: str, folder: Path, size: int) -> tuple[str, ...]:
    empty = measure_start(f"sqlite:///{folder / 'empty.db'}")
    full = measure_start(url)
    return (
        f"{size:,}",
        f"{full['seconds']:.1f}",
        f"{full['seconds'] - empty['seconds']:.1f}",
        f"{(full['bytes'] - empty['bytes']) / size:,.0f}",
    )
