"""Counting the stored check-ins of a period: raw counts, on their way to disclosure control.

Owns the one query that reads check-ins. Must never hand a count to anybody but
`release`, or keep rows: they are read in portions and only ever added up.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, select

from checkins.checkin import AGE_BANDS
from checkins.figures import Dimension, Measure
from checkins.models import CheckInRow
from checkins.periods import Period
from checkins.questions import QuestionBook
from checkins.store import connect

_PORTION = 20_000

Group = tuple[Dimension, str]
#: Week, area, age band and question set; of a row, its answers as well.
_Kind = tuple[str, str, str | None, str]
_Row = tuple[str, str, str | None, str, str]

_UNANSWERED, _UNASKED, _WIDTH = 9, 10, 11  # a question has nine answers at most


@dataclass
class RawCounts:
    """Raw counts of one period: of check-ins, and of answers, by area and by age band.

    Only check-ins of the areas asked for are in it. A group and measure that is not in
    `answers` was not asked.
    """

    people: Counter[Group] = field(default_factory=Counter)
    answers: defaultdict[tuple[Group, str], Counter[str]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    question_sets: defaultdict[Group, set[str]] = field(default_factory=lambda: defaultdict(set))

    def count(self, group: Group, measure: Measure) -> list[int] | None:
        """The count of each answer in order, or None where the measure was not asked."""
        found = self.answers.get((group, measure.code))
        return None if found is None else [found[code] for code, _ in measure.answers]


def count_checkins(
    engine: Engine, periods: Sequence[Period], areas: Sequence[str], book: QuestionBook
) -> list[RawCounts]:
    """Count every check-in of each period in those areas, reading it once. Raises StoreError."""
    measures = list(find_measures(book))
    tally = _Tally(measures, book)
    first = min(period.first_week for period in periods)
    last = max(period.last_week for period in periods)
    for portion in _read_portions(engine, first, last, areas):
        tally.add(portion)
    return [_sum_up(tally, period, measures) for period in periods]


def _sum_up(tally: "_Tally", period: Period, measures: Sequence[Measure]) -> RawCounts:
    counts = RawCounts()
    for (week, area, age_band, question_set), table in tally.tables():
        if not period.first_week <= week <= period.last_week:
            continue
        groups: list[Group] = [("area", area)]
        if age_band in AGE_BANDS:
            groups.append(("age_band", age_band))
        for group in groups:
            counts.question_sets[group].add(question_set)
            counts.people[group] += int(table[0].sum())
            for measure, row in zip(measures, table, strict=True):
                if row[_UNASKED] < row.sum():
                    found = counts.answers[group, measure.code]
                    for place, (code, _) in enumerate(measure.answers):
                        found[code] += int(row[place])
    return counts


class _Tally:
    """Check-ins by week, area, age band and question set: how many gave which answer.

    A table has shape (measures, `_WIDTH`): the answers in order, then those who were asked
    and gave none, then those who were not asked.
    """

    def __init__(self, measures: Sequence[Measure], book: QuestionBook) -> None:
        self._plans = [_plan(measure, book) for measure in measures]
        self._groups: dict[_Kind, int] = {}
        self._counts = np.zeros((0, len(measures), _WIDTH), dtype=np.int64)

    def add(self, portion: Sequence[_Row]) -> None:
        known: dict[str, int] = {}
        groups = np.array([self._groups.setdefault(row[:4], len(self._groups)) for row in portion])
        readings = np.array([known.setdefault(row[4], len(known)) for row in portion])
        codes = np.array([self._read(answers) for answers in known])
        more = np.zeros((len(self._groups), len(self._plans), _WIDTH), dtype=np.int64)
        more[: len(self._counts)] = self._counts
        for place in range(len(self._plans)):
            cells = groups * _WIDTH + codes[readings, place]
            found = np.bincount(cells, minlength=len(more) * _WIDTH)
            more[:, place] += found.reshape(-1, _WIDTH)
        self._counts = more

    def tables(self) -> Iterator[tuple[_Kind, NDArray[np.int64]]]:
        return zip(self._groups, self._counts, strict=True)

    def _read(self, answers: str) -> list[int]:
        """For each measure, the place of its answer in a table's row."""
        given = json.loads(answers)
        return [
            plan.find([given[code] for code in plan.codes])
            if all(code in given for code in plan.codes)
            else _UNASKED
            for plan in self._plans
        ]


@dataclass(frozen=True)
class _Plan:
    """Which questions a measure takes, and the place of each answer, or of each sum of answers."""

    codes: tuple[str, ...]
    places: dict[str | int, int]

    def find(self, given: list[str]) -> int:
        if len(given) == 1:
            return self.places.get(given[0], _UNANSWERED)
        if not all(answer.isdigit() for answer in given):
            return _UNANSWERED
        return self.places[sum(map(int, given))]


def _plan(measure: Measure, book: QuestionBook) -> _Plan:
    for score in book.scores:
        if score.code == measure.code:
            return _Plan(
                score.questions,
                {
                    points: place
                    for place, band in enumerate(score.bands)
                    for points in range(band.lowest, band.highest + 1)
                },
            )
    return _Plan((measure.code,), {code: place for place, (code, _) in enumerate(measure.answers)})


def find_measures(book: QuestionBook) -> Iterator[Measure]:
    """What can be counted of a book's questions: each, or the score that its items make up."""
    items = {code: score for score in book.scores for code in score.questions}
    for question in book.questions:
        score = items.get(question.code)
        if score is None:
            answers = tuple((answer.code, answer.text) for answer in question.answers)
            yield Measure(question.code, question.text, answers)
        elif question.code == score.questions[0]:
            bands = tuple((band.code, band.text) for band in score.bands)
            yield Measure(score.code, score.text, bands)


def _read_portions(
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
        yield from connection.execution_options(yield_per=_PORTION).execute(query).partitions()
