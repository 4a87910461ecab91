"""Ranks the listings of an index for a query: which are allowed, and the score of each.

Owns what distance, needs and freshness cost. How words and meaning are fused is in `scoring`,
and which of the best are shown is in `selection`. Must never read a listing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from directory.encoder import Vectors
from directory.indexing.entries import UNKNOWN, count_days
from directory.indexing.words import find_stems, number_stem
from directory.search.criteria import Criterion, NeedCriterion
from directory.search.filters import Rows, make_filters
from directory.search.index import Index
from directory.search.query import GOOD_ENOUGH, Query
from directory.search.scoring import NO_TOPIC, make_ranking_query, score_listings
from directory.search.vector_scan import Scores

# All costs and gains are in units of cosine. docs/decisions/search-ranking.md has the reasons.
# The most that shared words add to a listing's fit.
_WORDS_FIT = np.float32(0.15)
# The cost of a mile: a ten-mile trip outweighs a fair difference in fit.
MILE_COST = 0.02
_MAX_MILES = 10.0
# The cost of a mile for a person who asked for nearer listings.
_NEAREST_MILE_COST = 0.1
# The gain for a listing that is known to meet a criterion.
_SUITED = 0.2
_SUITED_BY_CRITERION: dict[Criterion, float] = {
    NeedCriterion("women"): 0.4,
    NeedCriterion("men"): 0.4,
}
# The cost of likeness to something the person wants to avoid.
_AVOIDED = 0.3
# The cost of a listing that was last checked `_STALE_DAYS` ago or more.
_STALE = 0.02
_FRESH_DAYS, _STALE_DAYS = 180.0, 730.0
# The scan is off by 0.003: no listing this far down can belong to the first ten.
_MAX_REFINED = 200


@dataclass(frozen=True)
class Ranked:
    """Every row's score, and which rows are allowed at all.

    `words` is BM25 scaled so that the best listing has 1; it is all there is without a `vector`.
    `topic` is what the query is plainly about: a listing mainly about it fits, whatever its words.
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
        is_about = index.traits.take(rows).are_about(self.topic)
        return np.where(is_about, np.maximum(fit, np.float32(GOOD_ENOUGH)), fit)

    def find_fitting(self, index: Index) -> Rows:
        """The allowed rows that are likely to be what the person means."""
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
    """Score every row; by words alone without a `vector`, while the encoder is loading.

    `vector` encodes the query's `text` and `avoided` its `avoid`, each of shape (384,);
    `label_numbers` are those of its labels.
    """
    verdicts = {criterion: index.judge(criterion, today) for criterion in query.list_criteria()}
    allowed = _find_allowed(index, query, label_numbers)
    for judged in verdicts.values():
        allowed &= judged >= 0
    words = index.inverted_index.score(map(number_stem, find_stems(query.text)))
    words /= max(float(words.max(initial=0.0)), 1e-6)
    costs = np.float32(_STALE) * _measure_staleness(index, today)
    if query.near is not None:
        # An unknown distance costs nothing: area-wide and online groups are never hidden.
        miles = np.nan_to_num(index.measure_miles(query.near), nan=0.0)
        mile_cost = np.float32(_NEAREST_MILE_COST if query.nearest else MILE_COST)
        costs += mile_cost * np.minimum(miles, np.float32(_MAX_MILES))
    for criterion, judged in verdicts.items():
        costs -= np.float32(_SUITED_BY_CRITERION.get(criterion, _SUITED)) * (judged > 0)
    if avoided is not None:
        costs += np.float32(_AVOIDED) * index.scan.score(avoided)
    if vector is None:
        # With nothing else to go by, a listing without one of the words is a guess.
        return Ranked(words - costs, words, allowed & (words > 0), None, today)
    ranking_query = make_ranking_query(query.text, vector)
    likeness = index.scan.score(ranking_query.aim)
    score = score_listings(ranking_query, likeness, words, index.traits) - costs
    # The scan's rounding matters only among the first few.
    best = _find_best(np.where(allowed, score, -np.inf), _MAX_REFINED)
    exact = index.scan.refine(best, ranking_query.aim)
    score[best] = (
        score_listings(ranking_query, exact, words[best], index.traits.take(best)) - costs[best]
    )
    return Ranked(score, words, allowed, vector, today, ranking_query.clear_topic)


def rank_baseline(index: Index, text: str, vector: Vectors | None) -> Ranked:
    """Score by the cosine to `vector` alone or, without one, by the words of `text` alone.

    Nothing else counts: this is a baseline to compare `rank` with.
    """
    allowed = _find_allowed(index, Query(text), ())
    if vector is not None:
        words = np.zeros(len(index), dtype=np.float32)
        score = index.scan.score(vector)
        return Ranked(score, words, allowed, vector, date.min, varied=False)
    words = index.inverted_index.score(map(number_stem, find_stems(text)))
    return Ranked(words, words, allowed & (words > 0), None, date.min, varied=False)


def _find_best(score: Scores, count: int) -> NDArray[np.intp]:
    if len(score) <= count:
        return np.arange(len(score))
    return np.argpartition(-score, count)[:count]


def _find_allowed(index: Index, query: Query, label_numbers: Sequence[int]) -> Rows:
    allowed = np.ones(len(index), dtype=bool)
    for query_filter in make_filters(query, label_numbers):
        allowed &= query_filter.find_rows(index)
    return allowed


def _measure_staleness(index: Index, today: date) -> Scores:
    """0 where the listing was checked in the last half year or does not say, 1 after two years."""
    assured = index.entries.facts["assured"]
    days = (count_days(today) - assured - _FRESH_DAYS) / (_STALE_DAYS - _FRESH_DAYS)
    return np.where(assured == UNKNOWN, 0, np.clip(days, 0, 1)).astype(np.float32)
