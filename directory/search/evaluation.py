"""Measures how good a ranking is, by residents' queries with judged answers.

Owns the measures and the format of a file of judged queries. A ranking is any function from a query
to ranked keys. Must know nothing of how a ranking is made.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from directory.errors import SourceError

Rank = Callable[[str], Sequence[str]]
"""From a query to keys, `source:key`, the best first. Twenty are enough."""

_NDCG_CUTOFF, _RECALL_CUTOFF = 10, 20
_GRADES = range(4)
# The least grade of a listing that answers the query, for recall and for the reciprocal rank.
_USEFUL = 2
_RESAMPLES = 10_000
_FUSION_K = 60


@dataclass(frozen=True)
class JudgedQuery:
    """A query, its style, and the grade, from 0 to 3, of each judged listing by its key."""

    qid: str
    query: str
    style: str
    grades: Mapping[str, int]


@dataclass(frozen=True)
class QueryScore:
    """The measures of one query, each from 0 to 1.

    Without a listing of grade 2 or 3, `recall` and `reciprocal_rank` are None.
    """

    ndcg: float
    recall: float | None
    reciprocal_rank: float | None


@dataclass(frozen=True)
class Mean:
    """A mean over queries, with its 95% bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class QualitySummary:
    """The measures of a ranking over `queries` queries; None if no query has the measure."""

    queries: int
    ndcg: Mean
    recall: Mean | None
    reciprocal_rank: Mean | None


def read_judged_queries(path: Path) -> list[JudgedQuery]:
    """The judged queries of a file with one JSON object a line.

    Raises SourceError, with the line and the fault, for a file of another format.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path} could not be read as text: {error}") from error
    queries: list[JudgedQuery] = []
    seen: set[str] = set()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            judged = _read_line(line)
            if judged.qid in seen:
                raise ValueError(f'"qid" {judged.qid} is in the file twice')
        except ValueError as error:
            raise SourceError(f"{path}, line {number}: {error}.") from error
        seen.add(judged.qid)
        queries.append(judged)
    if not queries:
        raise SourceError(f"{path} holds no judged queries.")
    return queries


def _read_line(line: str) -> JudgedQuery:
    try:
        document: Any = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON ({error.msg} at character {error.pos + 1})") from error
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")
    texts: dict[str, str] = {}
    for name in ("qid", "query", "style"):
        value = document.get(name)
        if not isinstance(value, str) or not value.strip():
            raise ValueError(f'"{name}" must be words')
        texts[name] = value
    grades = document.get("judgments")
    if not isinstance(grades, dict):
        raise ValueError('"judgments" must be an object of grades by source:key')
    for key, grade in grades.items():
        if ":" not in key:
            raise ValueError(f'"{key}" is not of the form source:key')
        if isinstance(grade, bool) or grade not in _GRADES:
            raise ValueError(f'the grade of "{key}" must be 0, 1, 2 or 3, not {grade!r}')
    if not any(grades.values()):
        raise ValueError("no listing has a grade above 0, so nothing could be found")
    return JudgedQuery(**texts, grades={key: int(grade) for key, grade in grades.items()})


def score_query(ranked: Sequence[str], grades: Mapping[str, int]) -> QueryScore:
    """nDCG@10 (gain 2^grade - 1), recall@20 of grades 2 and 3, and 1 / the rank of the first.

    A listing that was not judged counts as 0. A key that is ranked twice counts once.
    """
    ranked = list(dict.fromkeys(ranked))
    ranked_grades = [grades.get(key, 0) for key in ranked]
    useful = sum(grade >= _USEFUL for grade in grades.values())
    first = next((rank for rank, grade in enumerate(ranked_grades, 1) if grade >= _USEFUL), 0)
    recalled = sum(grade >= _USEFUL for grade in ranked_grades[:_RECALL_CUTOFF])
    ideal = _compute_dcg(sorted(grades.values(), reverse=True))
    return QueryScore(
        ndcg=_compute_dcg(ranked_grades) / ideal if ideal else 0.0,
        recall=recalled / useful if useful else None,
        reciprocal_rank=(1 / first if first else 0.0) if useful else None,
    )


def _compute_dcg(grades: Sequence[int]) -> float:
    """The discounted cumulative gain of the first ten grades."""
    return sum(
        float(2**grade - 1) / math.log2(rank + 1)
        for rank, grade in enumerate(grades[:_NDCG_CUTOFF], 1)
    )


def score_queries(rank: Rank, judged: Sequence[JudgedQuery]) -> list[QueryScore]:
    """The measures of every query, in the order given."""
    return [score_query(rank(query.query), query.grades) for query in judged]


def summarise(scores: Sequence[QueryScore]) -> QualitySummary:
    """Means over the queries, with intervals. Raises ValueError for no scores."""
    recalls = [score.recall for score in scores if score.recall is not None]
    firsts = [score.reciprocal_rank for score in scores if score.reciprocal_rank is not None]
    return QualitySummary(
        queries=len(scores),
        ndcg=estimate_mean([score.ndcg for score in scores]),
        recall=estimate_mean(recalls) if recalls else None,
        reciprocal_rank=estimate_mean(firsts) if firsts else None,
    )


def summarise_styles(
    scores: Sequence[QueryScore], judged: Sequence[JudgedQuery]
) -> dict[str, QualitySummary]:
    """As `summarise`, for the queries of each style, by its name."""
    by_style: dict[str, list[QueryScore]] = {}
    for score, query in zip(scores, judged, strict=True):
        by_style.setdefault(query.style, []).append(score)
    return {style: summarise(by_style[style]) for style in sorted(by_style)}


def compare_scores(scores: Sequence[QueryScore], others: Sequence[QueryScore]) -> Mean:
    """How much higher nDCG@10 is than the others', by a paired bootstrap over the queries.

    An interval wholly above 0 means that the difference is not due to chance.
    """
    pairs = zip(scores, others, strict=True)
    return estimate_mean([score.ndcg - other.ndcg for score, other in pairs])


def estimate_mean(values: Sequence[float]) -> Mean:
    """The mean and its 95% bootstrap interval; equal values always give equal results."""
    if not values:
        raise ValueError("there are no values to average")
    measured = np.array(values, dtype=np.float64)
    picks = np.random.default_rng(0).integers(0, len(measured), (_RESAMPLES, len(measured)))
    low, high = np.percentile(measured[picks].mean(axis=1), [2.5, 97.5])
    return Mean(value=float(measured.mean()), low=float(low), high=float(high))


def fuse_ranks(*orders: Sequence[str]) -> list[str]:
    """Reciprocal rank fusion (k = 60) of rankings of keys: the baseline to beat."""
    fused: dict[str, float] = {}
    for order in orders:
        for rank, key in enumerate(order, 1):
            fused[key] = fused.get(key, 0.0) + 1 / (_FUSION_K + rank)
    return sorted(fused, key=lambda key: -fused[key])
