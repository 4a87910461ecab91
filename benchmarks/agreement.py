"""Milliseconds a search in a database takes, and how far its best ten are those of an exact scan.

The exact scan is over the same listings in memory, by the same ranking, with nothing left out and
nothing rounded off. Owns the cases that are asked, and stops asking when its time is up.
"""

import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from sqlalchemy import Engine

from benchmarks.corpus import MIDDLE, Corpus, find_queries
from benchmarks.ours import BEST, TODAY, make_exact
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

_HELD_OUT = ROOT / "tests" / "search_larkhaven.jsonl"
_CUT = 35
_WARMING = 0.1
# How many would have to be looked at, where the usual do not do: asked without a filter.
_WIDER = (10_000, 30_000)
CASES = {
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


@dataclass(frozen=True)
class ServiceFilter:
    """`chosen` were there when the index's numbers were chosen; `held_out` were not."""

    chosen: Sequence[str]
    held_out: Sequence[str]


@dataclass
class _Case:
    """What came of one case: milliseconds, and parts of the exact best that were found."""

    times: list[float] = field(default_factory=list)
    chosen: list[float] = field(default_factory=list)
    held_out: list[float] = field(default_factory=list)


class _Held(MemoryBackend):
    """All of it in memory, as it was written."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def renew(self, session: object, since: int) -> None:
        """It does not change."""


class _Wider(PostgresBackend):
    """Looks at another number of the nearest."""

    def __init__(self, engine: Engine, width: int) -> None:
        super().__init__(engine)
        self.widths = (width,)


def gather_queries(corpus: Corpus) -> ServiceFilter:
    """Residents' queries, and those of another town with pieces of listings' own words.

    In an order of chance, so that the first few of them are as good a sample as any.
    """
    lines = _HELD_OUT.read_text("utf-8").splitlines()
    others = [json.loads(line)["query"] for line in lines if line]
    dice = random.Random(2026)
    said = [one.description.split() for one in corpus.listings if len(one.description) > 200]
    pieces = []
    for words in dice.sample(said, _CUT):
        start = dice.randrange(len(words) - 9)
        pieces.append(" ".join(words[start : start + 9]))
    chosen, held_out = list(find_queries()[0]), [*others, *pieces]
    dice.shuffle(chosen)
    dice.shuffle(held_out)
    return ServiceFilter(chosen, held_out)


def compare(
    engine: Engine,
    entries: Entries,
    encoder: Encoder,
    asked: ServiceFilter,
    *,
    seconds: float,
    say: Callable[[str], None],
) -> Table:
    """A row for each case. Asks for some `seconds` and fewer queries where those do not do.

    `entries` are all that the database holds; `say` is told each figure as it comes.
    """
    index = Index.from_entries(entries)
    exact = SearchService(engine, encoder, lambda: TODAY, _Held(make_exact(index, entries.vectors)))
    ours = SearchService(engine, encoder, lambda: TODAY)
    asked_of = {name: (ours, case) for name, case in CASES.items()}
    for width in _WIDER:
        if width < len(index):
            wider = SearchService(engine, encoder, lambda: TODAY, _Wider(engine, width))
            asked_of[f"no filter, {width:,} looked at"] = wider, Query("")
    started = time.monotonic()
    encoding = []
    for query in asked.chosen:
        ours.search(Query(query, limit=BEST))
        encoding.append(time_once(partial(encoder.encode, [query]))[0])
        if time.monotonic() > started + _WARMING * seconds:
            break
    cases = {name: _Case() for name in asked_of}
    tasks = [(name, held_out) for held_out in (False, True) for name in asked_of]
    for number, (name, held_out) in enumerate(tasks):
        now = time.monotonic()
        until = now + (started + seconds - now) / (len(tasks) - number)
        queries = asked.held_out if held_out else asked.chosen
        search_service, case = asked_of[name]
        shares, times = _agree(search_service, exact, case, queries, until)
        cases[name].times += times
        (cases[name].held_out if held_out else cases[name].chosen).extend(shares)
        say(" | ".join(_tell(name, cases[name])))
    counting = time_once(partial(ours.count_facets, Query(asked.chosen[0])))[0]
    return Table(
        f"Search on PostgreSQL, {len(index):,} listings",
        ("a query", "p50 ms", "p95 ms", "of the exact best 10", "n", "held-out queries", "n"),
        tuple(_tell(*one) for one in cases.items()),
        f"With the encoder, which alone takes {np.percentile(encoding, 50):.1f} ms; the "
        f"{WIDTHS[0]:,} nearest were looked at. Counts to filter by took {counting:.0f} ms.",
    )


def _tell(name: str, case: _Case) -> tuple[str, ...]:
    p50, p95 = np.percentile(case.times, (50, 95))
    told = [name, f"{p50:.0f}", f"{p95:.0f}"]
    for shares in (case.chosen, case.held_out):
        told += [f"{np.mean(shares):.4f}" if shares else "", str(len(shares) or "")]
    return tuple(told)


def _agree(
    ours: SearchService, exact: SearchService, case: Query, queries: Sequence[str], until: float
) -> tuple[list[float], list[float]]:
    """Of each query, the part of the exact best ten that is found; and milliseconds of each.

    Begins no query after `until`, on the monotonic clock, but for the first.
    """
    shares, times = [], []
    for said in queries:
        query = replace(case, text=said, limit=BEST)
        taken, hits = time_once(partial(ours.search, query))
        times.append(taken)
        found = {hit.stored.id for hit in hits}
        true = {hit.stored.id for hit in exact.search(query)}
        if true:
            shares.append(len(found & true) / len(true))
        if time.monotonic() > until:
            break
    return shares, times
