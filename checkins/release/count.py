"""Counts the stored check-ins of a period: raw counts, before disclosure control.

Owns the only query that reads check-ins. Must never return a count to anything but `release`,
or keep rows: they are read in batches and only added up.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, select

from checkins.bursts import ALL_AREAS, WeekAndArea
from checkins.checkin import AGE_BANDS
from checkins.figures import Dimension, Measure
from checkins.models import CheckInRow
from checkins.periods import Period
from checkins.questions import QuestionBook
from checkins.store import connect

_BATCH_ROWS = 20_000

Group = tuple[Dimension, str]
#: Week, area, age band and question set. A row has its answers as well.
_Key = tuple[str, str, str | None, str]
_Row = tuple[str, str, str | None, str, str]

_UNANSWERED, _UNASKED, _WIDTH = 9, 10, 11  # a question has nine answers at most


@dataclass
class RawCounts:
    """Raw counts of one period: of check-ins and of answers, by area and by age band.

    Includes only check-ins of the given areas. A measure that a group has no entry for in
    `answers` was not asked there. `weeks` counts the check-ins of each week, in each area and in
    all areas together.
    """

    checkins: Counter[Group] = field(default_factory=Counter)
    answers: defaultdict[tuple[Group, str], Counter[str]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    question_sets: defaultdict[Group, set[str]] = field(default_factory=lambda: defaultdict(set))
    weeks: Counter[WeekAndArea] = field(default_factory=Counter)

    def list_counts(self, group: Group, measure: Measure) -> list[int] | None:
        """The count of each answer in order, or None if the measure was not asked."""
        counts = self.answers.get((group, measure.code))
        return None if counts is None else [counts[code] for code, _ in measure.answers]


def count_checkins(
    engine: Engine, periods: Sequence[Period], areas: Sequence[str], book: QuestionBook
) -> list[RawCounts]:
    """Raw counts of each period in those areas. Reads each check-in once. Raises StoreError."""
    measures = list(find_measures(book))
    tally = _Tally(measures, book)
    first = min(period.first_week for period in periods)
    last = max(period.last_week for period in periods)
    for batch in _read_batches(engine, first, last, areas):
        tally.add(batch)
    return [_sum_tables(tally, period, measures) for period in periods]


def _sum_tables(tally: "_Tally", period: Period, measures: Sequence[Measure]) -> RawCounts:
    counts = RawCounts()
    for (week, area, age_band, question_set), table in tally.list_tables():
        if not period.first_week <= week <= period.last_week:
            continue
        for key in ((week, area), (week, ALL_AREAS)):
            counts.weeks[key] += int(table[0].sum())
        groups: list[Group] = [("area", area)]
        if age_band in AGE_BANDS:
            groups.append(("age_band", age_band))
        for group in groups:
            counts.question_sets[group].add(question_set)
            counts.checkins[group] += int(table[0].sum())
            for measure, row in zip(measures, table, strict=True):
                if row[_UNASKED] < row.sum():
                    answers = counts.answers[group, measure.code]
                    for index, (code, _) in enumerate(measure.answers):
                        answers[code] += int(row[index])
    return counts


class _Tally:
    """The number of answers by week, area, age band and question set.

    A table has shape (measures, `_WIDTH`): the answers in order, then the people who were asked
    and gave none, then the people who were not asked.
    """

    def __init__(self, measures: Sequence[Measure], book: QuestionBook) -> None:
        self._plans = [_make_plan(measure, book) for measure in measures]
        self._groups: dict[_Key, int] = {}
        self._counts = np.zeros((0, len(measures), _WIDTH), dtype=np.int64)

    def add(self, batch: Sequence[_Row]) -> None:
        texts: dict[str, int] = {}
        groups = np.array([self._groups.setdefault(row[:4], len(self._groups)) for row in batch])
        answers = np.array([texts.setdefault(row[4], len(texts)) for row in batch])
        columns = np.array([self._find_columns(text) for text in texts])
        counts = np.zeros((len(self._groups), len(self._plans), _WIDTH), dtype=np.int64)
        counts[: len(self._counts)] = self._counts
        for index in range(len(self._plans)):
            cells = groups * _WIDTH + columns[answers, index]
            additions = np.bincount(cells, minlength=len(counts) * _WIDTH)
            counts[:, index] += additions.reshape(-1, _WIDTH)
        self._counts = counts

    def list_tables(self) -> Iterator[tuple[_Key, NDArray[np.int64]]]:
        return zip(self._groups, self._counts, strict=True)

    def _find_columns(self, text: str) -> list[int]:
        """For each measure, the column of its answer in a table. `text` is the stored JSON."""
        answers = json.loads(text)
        return [
            plan.find_column([answers[code] for code in plan.codes])
            if all(code in answers for code in plan.codes)
            else _UNASKED
            for plan in self._plans
        ]


@dataclass(frozen=True)
class _Plan:
    """The questions of a measure, and the column of each answer or sum of answers."""

    codes: tuple[str, ...]
    columns: dict[str | int, int]

    def find_column(self, answers: list[str]) -> int:
        if len(answers) == 1:
            return self.columns.get(answers[0], _UNANSWERED)
        if not all(answer.isdigit() for answer in answers):
            return _UNANSWERED
        return self.columns[sum(map(int, answers))]


def _make_plan(measure: Measure, book: QuestionBook) -> _Plan:
    for score in book.scores:
        if score.code == measure.code:
            return _Plan(
                score.questions,
                {
                    points: column
                    for column, band in enumerate(score.bands)
                    for points in range(band.lowest, band.highest + 1)
                },
            )
    return _Plan(
        (measure.code,), {code: column for column, (code, _) in enumerate(measure.answers)}
    )


def find_measures(book: QuestionBook) -> Iterator[Measure]:
    """The measures of a book: each question, or the score that contains it."""
    scores = {code: score for score in book.scores for code in score.questions}
    for question in book.questions:
        score = scores.get(question.code)
        if score is None:
            answers = tuple((answer.code, answer.text) for answer in question.answers)
            yield Measure(question.code, question.text, answers)
        elif question.code == score.questions[0]:
            bands = tuple((band.code, band.text) for band in score.bands)
            yield Measure(score.code, score.text, bands)


def _read_batches(
    engine: Engine, first_week: str, last_week: str, areas: Sequence[str]
) -> Iterator[Sequence[_Row]]:
    query = select(
        CheckInRow.week,
        CheckInRow.area,
        CheckInRow.age_band,
        CheckInRow.question_set,
        CheckInRow.answers,
    ).where(CheckInRow.week.between(first_week, last_week), CheckInRow.area.in_(areas))
    with connect(engine) as connection:
        yield from connection.execution_options(yield_per=_BATCH_ROWS).execute(query).partitions()
