"""Finding listings by meaning: filtered, ranked by all that counts, and the best ones chosen.

Owns filters, what distance, needs and freshness cost, and variety. Why one is shown is told by
`reasons`, how words and meaning are fused by `ranking`.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from heapq import heappop, heappush

import numpy as np
from numpy.typing import NDArray

from directory.encoder import Vectors
from directory.indexing.criteria import Demand, demands
from directory.indexing.entries import FREE, HIDDEN, NO_ORGANISATION, UNKNOWN, count_days
from directory.indexing.words import find_stems, number
from directory.listing import KINDS, STATUSES, STRANDS, StoredListing
from directory.search.index import Index
from directory.search.query import GOOD_ENOUGH, Hit, Query
from directory.search.ranking import NO_TOPIC, read_question, score_listings
from directory.search.reasons import say_words, tell
from directory.search.verdicts import Verdicts

Scores = NDArray[np.float32]
Rows = NDArray[np.bool_]
Fetch = Callable[[Sequence[int]], Mapping[int, StoredListing]]
"""Reads listings by their ids; one that is not there any more is left out."""

# What the best match of words adds to the cosine by which a listing is told to fit.
_WORDS_FIT = np.float32(0.15)
# What a mile costs, in units of cosine; a ten-mile trip outweighs a fair difference in fit.
MILE_COST = 0.02
_MOST_MILES = 10.0
# What it costs somebody who asked for nearer ones.
_NEAREST_MILE_COST = 0.1
# What it is worth that a listing says it has what was asked for, and what it costs to be like
# what was not wanted, in units of cosine: see docs/explanation/search.md.
_SUITED: dict[Demand, float] = {"women": 0.4, "men": 0.4}
_SUITED_ELSE = 0.2
_AVOIDED = 0.3
# What it costs that nobody has looked at a listing for long: all of it after two years.
_STALE = 0.02
_FRESH_DAYS, _STALE_DAYS = 180.0, 730.0
# What each listing of an organisation after its third costs the next of the same one.
_SAME_ORGANISATION = 0.06
_FEW_OF_ONE = 3
# The scan is off by 0.003: no listing this far down can belong to the first ten.
_REFINED = 200
# How many are put in order at first; most searches need no more.
_FIRST_SORTED = 64
_CLOSED = STATUSES.index("closed")


@dataclass(frozen=True)
class Ranked:
    """Every row's score, and which rows are allowed at all.

    `words` is BM25 scaled so that the best listing has 1; without a `vector` it is all there is.
    `topic` is what the query is plainly about: a listing plainly about it fits, whatever its words.
    With `varied`, one organisation does not fill a page.
    """

    score: Scores
    words: Scores
    allowed: Rows
    vector: Vectors | None
    today: date
    topic: int = NO_TOPIC
    varied: bool = True

    def measure_fit(self, index: Index, rows: NDArray[np.intp]) -> Scores:
        """How near the words of these rows come to the query's, in units of cosine."""
        if self.vector is None:
            return self.words[rows]
        fit: Scores = index.scan.refine(rows, self.vector) + _WORDS_FIT * self.words[rows]
        about = index.traits.take(rows).are_about(self.topic)
        return np.where(about, np.maximum(fit, np.float32(GOOD_ENOUGH)), fit)

    def find_fitting(self, index: Index) -> Rows:
        """The allowed rows that are likely to be what was meant."""
        fit = self.words
        if self.vector is not None:
            fit = index.scan.score(self.vector) + _WORDS_FIT * self.words
        return self.allowed & ((fit >= GOOD_ENOUGH) | index.traits.are_about(self.topic))


def rank(
    index: Index,
    query: Query,
    vector: Vectors | None,
    avoided: Vectors | None = None,
    *,
    label_numbers: Sequence[int] = (),
    today: date,
) -> Ranked:
    """Score every row. With no `vector` (the encoder is not up), by words alone.

    `vector` is of the query's text and `avoided` of what it is to avoid, each of shape (384,);
    `label_numbers` are those of the query's labels.
    """
    asked = demands(query.needs, query.age, query.week)
    verdicts = {one: index.judge(one, today) for one in asked}
    allowed = _allow(index, query, verdicts, label_numbers)
    words = index.postings.score(map(number, find_stems(query.text)))
    words /= max(float(words.max(initial=0.0)), 1e-6)
    costs = np.float32(_STALE) * _measure_staleness(index, today)
    if query.near is not None:
        miles = index.measure_miles(query.near)
        # An unknown distance costs nothing: area-wide and online groups are never hidden.
        away = np.minimum(np.nan_to_num(miles, nan=0.0), np.float32(_MOST_MILES))
        costs += np.float32(_NEAREST_MILE_COST if query.nearest else MILE_COST) * away
        if query.within is not None:
            allowed &= ~(miles > query.within)
    for demand, judged in verdicts.items():
        costs -= np.float32(_SUITED.get(demand, _SUITED_ELSE)) * (judged > 0)
    if avoided is not None:
        costs += np.float32(_AVOIDED) * index.scan.score(avoided)
    if vector is None:
        # With nothing else to go by, a listing without one of the words is a guess.
        return Ranked(words - costs, words, allowed & (words > 0), None, today)
    question = read_question(query.text, vector)
    likeness = index.scan.score(question.aim)
    score = score_listings(question, likeness, words, index.traits) - costs
    # What the scan rounded off decides only among the first few.
    best = _find_best(np.where(allowed, score, -np.inf), _REFINED)
    exact = index.scan.refine(best, question.aim)
    score[best] = (
        score_listings(question, exact, words[best], index.traits.take(best)) - costs[best]
    )
    return Ranked(score, words, allowed, vector, today, question.clear)


def rank_alone(index: Index, text: str, vector: Vectors | None) -> Ranked:
    """By the cosine to `vector` alone or, without one, by the words of `text` alone.

    Nothing else counts: this is what `rank` is measured against.
    """
    allowed = _allow(index, Query(text), {}, ())
    if vector is not None:
        words = np.zeros(len(index), dtype=np.float32)
        score = index.scan.score(vector)
        return Ranked(score, words, allowed, vector, date.min, varied=False)
    words = index.postings.score(map(number, find_stems(text)))
    return Ranked(words, words, allowed & (words > 0), None, date.min, varied=False)


def _find_best(score: Scores, most: int) -> NDArray[np.intp]:
    if len(score) <= most:
        return np.arange(len(score))
    return np.argpartition(-score, most)[:most]


def search(index: Index, query: Query, ranked: Ranked, fetch: Fetch) -> list[Hit]:
    """The best listings first."""
    unwanted = [stems for stems in map(_stem_set, _PHRASES.split(query.avoid)) if stems]
    said = {} if query.why else say_words(index, query.text)
    rows = choose(index, ranked)
    hits: list[Hit] = []
    while len(hits) < query.limit:
        batch = [row for _, row in zip(range(query.limit - len(hits)), rows, strict=False)]
        if not batch:
            break
        found = fetch([int(index.entries.ids[row]) for row in batch])
        fits = ranked.measure_fit(index, np.array(batch))
        for row, fit in zip(batch, fits.tolist(), strict=True):
            stored = found.get(int(index.entries.ids[row]))
            if stored is None or (unwanted and _is_about(stored, unwanted)):
                continue
            hit = tell(
                index,
                query,
                said,
                row,
                stored,
                score=float(ranked.score[row]),
                fit=fit,
                by_words=ranked.vector is None,
                today=ranked.today,
            )
            hits.append(hit)
    return hits


def choose(index: Index, ranked: Ranked) -> Iterator[int]:
    """Rows, the best first: one thing listed twice comes once, an organisation's others later."""
    contents, organisations = index.entries.facts["content"], index.entries.facts["organisation"]
    shown: Counter[int] = Counter()
    told: set[int] = set()
    stream = _descend(index, ranked)
    following = next(stream, None)
    waiting: list[tuple[float, int, int, int]] = []
    while waiting or following is not None:
        while following is not None and (not waiting or following[0] <= waiting[0][0]):
            cost, tie, row = following
            following = next(stream, None)
            if (content := int(contents[row])) not in told:
                told.add(content)
                times = shown[int(organisations[row])]
                heappush(waiting, (cost + _cost_again(times), tie, row, times))
        if not waiting:
            continue
        cost, tie, row, times = heappop(waiting)
        organisation = int(organisations[row]) if ranked.varied else NO_ORGANISATION
        if organisation != NO_ORGANISATION and (now := shown[organisation]) > times:
            more = _cost_again(now) - _cost_again(times)
            heappush(waiting, (cost + more, tie, row, now))
            continue
        shown[organisation] += organisation != NO_ORGANISATION
        yield row


def _cost_again(times: int) -> float:
    """What it costs a listing that its organisation was shown so often already."""
    return _SAME_ORGANISATION * max(0, times + 1 - _FEW_OF_ONE)


def _descend(index: Index, ranked: Ranked) -> Iterator[tuple[float, int, int]]:
    """The allowed rows as (cost, id, row), the best first, sorted no further than is asked for."""
    rows = np.flatnonzero(ranked.allowed)
    costs = -ranked.score[rows]
    done, size = 0, _FIRST_SORTED
    while done < len(rows):
        end = min(done + size, len(rows))
        if end < len(rows):
            part = np.argpartition(costs[done:], end - done - 1) + done
            rows[done:], costs[done:] = rows[part], costs[part]
        ids = index.entries.ids[rows[done:end]]
        for at in np.lexsort((ids, costs[done:end])):
            yield float(costs[done + at]), int(ids[at]), int(rows[done + at])
        done, size = end, size * 8


def _allow(
    index: Index,
    query: Query,
    verdicts: Mapping[Demand, Verdicts],
    label_numbers: Sequence[int],
) -> Rows:
    facts = index.entries.facts
    allowed: Rows = (facts["status"] != _CLOSED) & ~index.find_flag(HIDDEN)
    if query.kinds:
        allowed &= np.isin(facts["kind"], [KINDS.index(kind) for kind in query.kinds])
    if query.strands:
        allowed &= facts["strands"] & sum(1 << STRANDS.index(one) for one in query.strands) != 0
    if query.free:
        allowed &= index.find_flag(FREE)
    if query.exclude:
        excluded = np.isin(index.entries.ids, list(query.exclude))
        # What was shown under one id is not to come back under another.
        allowed &= ~np.isin(facts["content"], facts["content"][excluded])
    for label in label_numbers:
        allowed &= index.find_label(label)
    for judged in verdicts.values():
        allowed &= judged >= 0
    return allowed


def _measure_staleness(index: Index, today: date) -> Scores:
    """0 for what was looked at in the last half year or does not say, 1 after two years."""
    assured = index.entries.facts["assured"]
    days = (count_days(today) - assured - _FRESH_DAYS) / (_STALE_DAYS - _FRESH_DAYS)
    return np.where(assured == UNKNOWN, 0, np.clip(days, 0, 1)).astype(np.float32)


_PHRASES = re.compile(r",|\bor\b|\band\b")


def _stem_set(text: str) -> frozenset[str]:
    return frozenset(find_stems(text))


def _is_about(stored: StoredListing, unwanted: Sequence[frozenset[str]]) -> bool:
    gist = _stem_set(f"{stored.listing.name} {' '.join(stored.listing.topics)}")
    return any(stems <= gist for stems in unwanted)
