"""The time of a search in a database, and its agreement with an exact scan's best ten.

The exact scan ranks the same listings in memory, with nothing left out and nothing rounded.
Owns the cases, and stops when its time is up.
"""

import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from sqlalchemy import Engine

from benchmarks.corpus import CENTRE, Corpus, find_queries
from benchmarks.our_index import BEST, TODAY, make_exact
from benchmarks.tables import Table
from benchmarks.timing import time_once
from bot.settings import ROOT
from directory.encoder import Encoder
from directory.indexing.entry_arrays import Entries
from directory.search.index import Index
from directory.search.memory_backend import MemoryBackend
from directory.search.postgres_backend import WIDTHS, PostgresBackend
from directory.search.query import Query
from directory.search.service import SearchService

_HELD_OUT_QUERIES = ROOT / "tests" / "search_larkhaven.jsonl"
_SAMPLED_LISTINGS = 35
_ENCODING_SHARE = 0.1
# More nearest vectors to look at than by default, for the case without a filter.
_WIDER_WIDTHS = (10_000, 30_000)
CASES = {
    "no filter": Query(""),
    "volunteering": Query("", kinds=frozenset({"volunteering"})),
    "near a place": Query("", near=CENTRE),
    "on a Tuesday": Query("", needs=frozenset({"tuesday"})),
    "groups": Query("", kinds=frozenset({"group"})),
    "the nearest": Query("", near=CENTRE, nearest=True),
    "within two miles": Query("", near=CENTRE, within=2.0),
    "volunteering within half a mile": Query(
        "", kinds=frozenset({"volunteering"}), near=CENTRE, within=0.5
    ),
    "for women": Query("", needs=frozenset({"women"})),
    "step-free, in the evening": Query("", needs=frozenset({"step-free", "evening"})),
    "for somebody of 70": Query("", age=70),
    "without what is like a church": Query("", avoid="church"),
}


@dataclass(frozen=True)
class QuerySets:
    """`tuned` queries were known when the index's parameters were chosen; `held_out` were not."""

    tuned: Sequence[str]
    held_out: Sequence[str]


@dataclass
class _CaseResult:
    """The results of a case: milliseconds, and the shares of the exact best that were found."""

    times: list[float] = field(default_factory=list)
    tuned: list[float] = field(default_factory=list)
    held_out: list[float] = field(default_factory=list)


class _FixedBackend(MemoryBackend):
    """An index in memory that never changes."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def load_changes(self, session: object, since: int) -> None:
        """Do nothing."""


class _WiderBackend(PostgresBackend):
    """Looks at another number of nearest vectors."""

    def __init__(self, engine: Engine, width: int) -> None:
        super().__init__(engine)
        self.widths = (width,)


def gather_queries(corpus: Corpus) -> QuerySets:
    """Residents' queries; and held out, those for another town and phrases from listings.

    In random order, so that the first few are a fair sample.
    """
    lines = _HELD_OUT_QUERIES.read_text("utf-8").splitlines()
    other_town = [json.loads(line)["query"] for line in lines if line]
    generator = random.Random(2026)
    descriptions = [
        listing.description.split() for listing in corpus.listings if len(listing.description) > 200
    ]
    phrases = []
    for words in generator.sample(descriptions, _SAMPLED_LISTINGS):
        start = generator.randrange(len(words) - 9)
        phrases.append(" ".join(words[start : start + 9]))
    tuned, held_out = list(find_queries()[0]), [*other_town, *phrases]
    generator.shuffle(tuned)
    generator.shuffle(held_out)
    return QuerySets(tuned, held_out)


def compare_with_exact(
    engine: Engine,
    entries: Entries,
    encoder: Encoder,
    queries: QuerySets,
    *,
    seconds: float,
    say: Callable[[str], None],
) -> Table:
    """A row for each case. Takes about `seconds`, with fewer queries if the time is short.

    `entries` are all entries of the database; `say` gets each figure as soon as it is known.
    """
    index = Index.from_entries(entries)
    exact = SearchService(
        engine, encoder, lambda: TODAY, _FixedBackend(make_exact(index, entries.vectors))
    )
    ours = SearchService(engine, encoder, lambda: TODAY)
    services = {name: (ours, case) for name, case in CASES.items()}
    for width in _WIDER_WIDTHS:
        if width < len(index):
            wider = SearchService(engine, encoder, lambda: TODAY, _WiderBackend(engine, width))
            services[f"no filter, {width:,} looked at"] = wider, Query("")
    started = time.monotonic()
    encoding = []
    for query in queries.tuned:
        ours.search(Query(query, limit=BEST))
        encoding.append(time_once(partial(encoder.encode, [query]))[0])
        if time.monotonic() > started + _ENCODING_SHARE * seconds:
            break
    cases = {name: _CaseResult() for name in services}
    tasks = [(name, held_out) for held_out in (False, True) for name in services]
    for number, (name, held_out) in enumerate(tasks):
        now = time.monotonic()
        until = now + (started + seconds - now) / (len(tasks) - number)
        texts = queries.held_out if held_out else queries.tuned
        search_service, case = services[name]
        shares, times = _measure_agreement(search_service, exact, case, texts, until)
        cases[name].times += times
        (cases[name].held_out if held_out else cases[name].tuned).extend(shares)
        say(" | ".join(_format_row(name, cases[name])))
    counting = time_once(partial(ours.count_facets, Query(queries.tuned[0])))[0]
    return Table(
        f"Search on PostgreSQL, {len(index):,} listings",
        ("a query", "p50 ms", "p95 ms", "of the exact best 10", "n", "held-out queries", "n"),
        tuple(_format_row(name, result) for name, result in cases.items()),
        f"With the encoder, which alone takes {np.percentile(encoding, 50):.1f} ms; the "
        f"{WIDTHS[0]:,} nearest were looked at. Counts to filter by took {counting:.0f} ms.",
    )


def _format_row(name: str, result: _CaseResult) -> tuple[str, ...]:
    p50, p95 = np.percentile(result.times, (50, 95))
    cells = [name, f"{p50:.0f}", f"{p95:.0f}"]
    for shares in (result.tuned, result.held_out):
        cells += [f"{np.mean(shares):.4f}" if shares else "", str(len(shares) or "")]
    return tuple(cells)


def _measure_agreement(
    ours: SearchService, exact: SearchService, case: Query, texts: Sequence[str], until: float
) -> tuple[list[float], list[float]]:
    """For each query, the share of the exact best ten that is found, and its milliseconds.

    Starts no query after `until`, on the monotonic clock, except the first.
    """
    shares, times = [], []
    for text in texts:
        query = replace(case, text=text, limit=BEST)
        milliseconds, hits = time_once(partial(ours.search, query))
        times.append(milliseconds)
        ids = {hit.stored.id for hit in hits}
        exact_ids = {hit.stored.id for hit in exact.search(query)}
        if exact_ids:
            shares.append(len(ids & exact_ids) / len(exact_ids))
        if time.monotonic() > until:
            break
    return shares, times
