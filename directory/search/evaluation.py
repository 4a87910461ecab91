"""How good a ranking is, by residents' queries whose answers people judged.

Owns the reading of a judged file and the measures. Pure functions over a function from a query to
ranked keys; knows nothing of how a ranking is made.
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

_GAINED, _RECALLED = 10, 20
_GRADES = range(4)
# What counts as an answer for recall and for the first good one.
_USEFUL = 2
_RESAMPLES = 10_000
_K = 60


@dataclass(frozen=True)
class Judged:
    """A query, its style, and the grade from 0 to 3 of each listing that was judged."""

    qid: str
    query: str
    style: str
    grades: Mapping[str, int]


@dataclass(frozen=True)
class Score:
    """The measures of one query, each from 0 to 1.

    With no listing of grade 2 or 3 there is nothing to recall: both of those are None.
    """

    ndcg: float
    recall: float | None
    reciprocal_rank: float | None


@dataclass(frozen=True)
class Mean:
    """A mean over queries, with the interval that holds it in 95% of resamples of the queries."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Summary:
    """The measures of a ranking over `queries` queries; None where none of them has the measure."""

    queries: int
    ndcg: Mean
    recall: Mean | None
    reciprocal_rank: Mean | None


def read_judged(path: Path) -> list[Judged]:
    """The judged queries of a file with one JSON object a line.

    Raises SourceError, naming the line and the fault, for a file that cannot be measured by.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path} could not be read as text: {error}") from error
    judged: list[Judged] = []
    seen: set[str] = set()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            one = _read_line(line)
            if one.qid in seen:
                raise ValueError(f'"qid" {one.qid} is in the file twice')
        except ValueError as error:
            raise SourceError(f"{path}, line {number}: {error}.") from error
        seen.add(one.qid)
        judged.append(one)
    if not judged:
        raise SourceError(f"{path} holds no judged queries.")
    return judged


def _read_line(line: str) -> Judged:
    try:
        told: Any = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON ({error.msg} at character {error.pos + 1})") from error
    if not isinstance(told, dict):
        raise ValueError("not a JSON object")
    words: dict[str, str] = {}
    for name in ("qid", "query", "style"):
        value = told.get(name)
        if not isinstance(value, str) or not value.strip():
            raise ValueError(f'"{name}" must be words')
        words[name] = value
    grades = told.get("judgments")
    if not isinstance(grades, dict):
        raise ValueError('"judgments" must be an object of grades by source:key')
    for key, grade in grades.items():
        if ":" not in key:
            raise ValueError(f'"{key}" is not of the form source:key')
        if isinstance(grade, bool) or grade not in _GRADES:
            raise ValueError(f'the grade of "{key}" must be 0, 1, 2 or 3, not {grade!r}')
    if not any(grades.values()):
        raise ValueError("no listing has a grade above 0, so nothing could be found")
    return Judged(**words, grades={key: int(grade) for key, grade in grades.items()})


def score_query(ranked: Sequence[str], grades: Mapping[str, int]) -> Score:
    """nDCG@10 (gain 2^grade - 1), recall@20 of grades 2 and 3, and 1 / the rank of the first.

    What was not judged counts as 0. A key that is there twice counts once.
    """
    ranked = list(dict.fromkeys(ranked))
    found = [grades.get(key, 0) for key in ranked]
    useful = sum(grade >= _USEFUL for grade in grades.values())
    first = next((rank for rank, grade in enumerate(found, 1) if grade >= _USEFUL), 0)
    ideal = _gain(sorted(grades.values(), reverse=True))
    return Score(
        ndcg=_gain(found) / ideal if ideal else 0.0,
        recall=sum(grade >= _USEFUL for grade in found[:_RECALLED]) / useful if useful else None,
        reciprocal_rank=(1 / first if first else 0.0) if useful else None,
    )


def _gain(grades: Sequence[int]) -> float:
    return sum(
        float(2**grade - 1) / math.log2(rank + 1) for rank, grade in enumerate(grades[:_GAINED], 1)
    )


def score_queries(rank: Rank, judged: Sequence[Judged]) -> list[Score]:
    """The measures of every query, in the order given."""
    return [score_query(rank(one.query), one.grades) for one in judged]


def summarise(scores: Sequence[Score]) -> Summary:
    """Means over the queries, with intervals. Raises ValueError for no scores."""
    recalls = [score.recall for score in scores if score.recall is not None]
    firsts = [score.reciprocal_rank for score in scores if score.reciprocal_rank is not None]
    return Summary(
        queries=len(scores),
        ndcg=estimate_mean([score.ndcg for score in scores]),
        recall=estimate_mean(recalls) if recalls else None,
        reciprocal_rank=estimate_mean(firsts) if firsts else None,
    )


def summarise_styles(scores: Sequence[Score], judged: Sequence[Judged]) -> dict[str, Summary]:
    """As `summarise`, for the queries of each style, by its name."""
    styles = sorted({one.style for one in judged})
    paired = list(zip(scores, judged, strict=True))
    return {
        style: summarise([score for score, one in paired if one.style == style]) for style in styles
    }


def compare(scores: Sequence[Score], others: Sequence[Score]) -> Mean:
    """By how much nDCG@10 is better than the others', query by query (a paired bootstrap).

    With an interval wholly above 0 the difference is more than the luck of these queries.
    """
    pairs = zip(scores, others, strict=True)
    return estimate_mean([score.ndcg - other.ndcg for score, other in pairs])


def estimate_mean(values: Sequence[float]) -> Mean:
    """The mean, and its 95% bootstrap interval; the same for the same values every time."""
    if not values:
        raise ValueError("nothing to take the mean of")
    measured = np.array(values, dtype=np.float64)
    picks = np.random.default_rng(0).integers(0, len(measured), (_RESAMPLES, len(measured)))
    low, high = np.percentile(measured[picks].mean(axis=1), [2.5, 97.5])
    return Mean(value=float(measured.mean()), low=float(low), high=float(high))


def fuse_ranks(*orders: Sequence[str]) -> list[str]:
    """Plain reciprocal rank fusion (k = 60) of rankings of keys: the baseline to beat."""
    fused: dict[str, float] = {}
    for order in orders:
        for rank, key in enumerate(order, 1):
            fused[key] = fused.get(key, 0.0) + 1 / (_K + rank)
    return sorted(fused, key=lambda key: -fused[key])
