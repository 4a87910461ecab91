"""Milliseconds a query: the catalogue that residents search, beside each of its parts alone."""

from collections.abc import Sequence
from pathlib import Path

import bm25s
import numpy as np
import Stemmer

from benchmarks.corpus import (
    MANY_LISTINGS,
    MIDDLE,
    REAL_LISTINGS,
    Corpus,
    find_queries,
    gather,
    grow,
    scatter,
)
from benchmarks.tables import Table, compare
from benchmarks.timing import time_in_rounds
from directory.catalogue import Catalogue
from directory.embeddings import Encoder, Vectors
from directory.filling.importing import import_listings
from directory.finding.search import Query
from directory.store import migrate, open_database
from directory.wording import searchable_text, text_to_encode

_BEST = 10


class _Ready(Encoder):
    """Vectors made before, so that filling a database here does not make them again."""

    def __init__(self, corpus: Corpus) -> None:
        texts = map(text_to_encode, corpus.listings)
        self._by_text = dict(zip(texts, corpus.vectors, strict=True))

    def encode(self, texts: Sequence[str], progress: object = None) -> Vectors:  # noqa: ARG002
        return np.array([self._by_text[text] for text in texts])


class _Words:
    """BM25 alone, as a program would use bm25s by itself: stem, score, take the best."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._stem = Stemmer.Stemmer("english")
        self._index = bm25s.BM25()
        self._index.index(self._tokenize(texts), show_progress=False)

    def _tokenize(self, texts: Sequence[str]) -> list[list[str]]:
        tokens: list[list[str]] = bm25s.tokenize(
            texts, stopwords="en_plus", stemmer=self._stem, return_ids=False, show_progress=False
        )
        return tokens

    def search(self, text: str) -> object:
        return self._index.retrieve(self._tokenize([text]), k=_BEST, show_progress=False)


def _scan(vectors: Vectors, vector: Vectors) -> object:
    """The vector scan alone: every cosine, and the best of them in order."""
    scores = vectors @ vector
    best = np.argpartition(-scores, _BEST)[:_BEST]
    return best[np.argsort(-scores[best])]


def measure(encoder: Encoder, folder: Path, *, quick: bool) -> list[Table]:
    """Two tables: as many listings as there are real ones, and 10,000 (quick: 400 and 2,000)."""
    corpus = gather(encoder, 400 if quick else REAL_LISTINGS)
    grown = grow(corpus, 2_000 if quick else MANY_LISTINGS)
    return [_compare(one, encoder, folder, rounds=2 if quick else 5) for one in (corpus, grown)]


def _compare(corpus: Corpus, encoder: Encoder, folder: Path, *, rounds: int) -> Table:
    size = len(corpus.listings)
    engine = open_database(f"sqlite:///{folder / f'search-{size}.db'}")
    migrate(engine)
    import_listings(engine, _Ready(corpus), "benchmark", scatter(corpus.listings))
    catalogue = Catalogue(engine, encoder)
    queries, whose = find_queries()
    ready = encoder.encode(queries)
    words = _Words([searchable_text(listing) for listing in corpus.listings])
    timings = time_in_rounds(
        {
            "encoder alone": lambda i: encoder.encode([queries[i]]),
            "BM25 alone": lambda i: words.search(queries[i]),
            "vector scan alone": lambda i: _scan(corpus.vectors, ready[i]),
            "hybrid, best 3": lambda i: catalogue.search(Query(queries[i])),
            "hybrid, best 10": lambda i: catalogue.search(Query(queries[i], limit=_BEST)),
            "hybrid, best 3 near a place": lambda i: catalogue.search(
                Query(queries[i], near=MIDDLE)
            ),
        },
        steps=len(queries),
        rounds=rounds,
    )
    engine.dispose()
    parts = ("encoder alone", "BM25 alone", "vector scan alone")
    together = sum(timings[part].p50 for part in parts)
    ratio = timings["hybrid, best 3"].p50 / together
    note = (
        f"{whose}; {corpus.origin}; three in four scattered about a town. The three parts add "
        f"up to {together:.2f} ms; the hybrid's best 3 take {ratio:.2f} times that."
    )
    return compare(
        f"Search, {size:,} listings", timings, beside="encoder alone", what="a query", note=note
    )
