"""A year of fictional check-ins, which shows what a release looks like before there are real ones.

Their question set is marked, so that every release of them is marked as fictional. Must never be
inserted into a database with real check-ins.
"""

import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
from sqlalchemy import Engine, insert, select

from checkins.checkin import AGE_BANDS, FICTIONAL_PREFIX, format_week
from checkins.errors import CheckInsError
from checkins.models import CheckInRow
from checkins.periods import Period
from checkins.questions import PREFER_NOT_CODE, Question, QuestionSet
from checkins.release.secondary_suppression import DirectoryCounts

_BATCH_ROWS = 5_000
#: How much less connected people of each age band are; 1 is a large effect.
_AGE_EFFECTS = (0.35, 0.1, -0.05, -0.1, -0.25, 0.3)
#: Questions whose first answer is the least connected one; in others it is the last.
_REVERSED = ("lonely",)
#: Questions whose answers do not depend on connection.
_INDEPENDENT = ("involved",)
_LONELINESS = ("companionship", "left_out", "isolated", "lonely")


def insert_fictional_year(
    engine: Engine,
    year: Period,
    areas: Sequence[str],
    questions: QuestionSet,
    *,
    checkins: int = 6_000,
    seed: int = 2_718,
) -> int:
    """Insert fictional check-ins for a year, more of them in the first areas.

    Returns their number. Raises CheckInsError if the database holds other check-ins.
    """
    _check_empty(engine)
    with engine.begin() as connection:
        rows = list(_make_rows(year, areas, questions, checkins, np.random.default_rng(seed)))
        for start in range(0, len(rows), _BATCH_ROWS):
            connection.execute(insert(CheckInRow), rows[start : start + _BATCH_ROWS])
    return len(rows)


def make_fictional_counts(
    directory_counts: DirectoryCounts, areas: Sequence[str], seed: int
) -> DirectoryCounts:
    """The counts with fictional unmet needs and fictional usefulness added."""
    chance = np.random.default_rng(seed)
    topics = [code for code, _ in directory_counts.topics]
    searched_topics = chance.choice(topics, size=min(6, len(topics)), replace=False)
    unmet = {
        area: {
            str(topic): int(chance.poisson(14 / (1 + rank)))
            for rank, topic in enumerate(searched_topics)
        }
        for area in areas
    }
    useful = {
        code: int(chance.poisson(60 / 3**rank))
        for rank, (code, _) in enumerate(directory_counts.useful_answers)
    }
    return replace(directory_counts, unmet=unmet, useful=useful)


def _check_empty(engine: Engine) -> None:
    with engine.connect() as connection:
        sets = connection.execute(select(CheckInRow.question_set).distinct()).scalars().all()
    if any(not name.startswith(FICTIONAL_PREFIX) for name in sets):
        raise CheckInsError(
            "There are real check-ins in this database. Use a separate one for the demonstration: "
            "CHECKINS_DATABASE_URL=sqlite:///var/demo.db"
        )
    if sets:
        raise CheckInsError(
            "The demonstration is already in this database. Delete the database's file to start "
            "again, or release one of its periods."
        )


def _make_rows(
    year: Period,
    areas: Sequence[str],
    questions: QuestionSet,
    checkins: int,
    chance: np.random.Generator,
) -> Iterator[dict[str, str | None]]:
    bands = [*AGE_BANDS, None]
    shares = 1 / np.sqrt(np.arange(1, len(areas) + 1))
    moods = chance.normal(0, 0.25, len(areas))
    for _ in range(checkins):
        area = int(chance.choice(len(areas), p=shares / shares.sum()))
        band = int(chance.choice(len(bands), p=[0.1, 0.12, 0.18, 0.2, 0.16, 0.14, 0.1]))
        week = int(chance.integers(year.weeks))
        # Winter is lonelier than summer, and people differ.
        season = 0.2 * np.cos(2 * np.pi * week / year.weeks)
        age = _AGE_EFFECTS[band] if band < len(_AGE_EFFECTS) else 0.0
        distance = moods[area] + season + age + chance.normal(0, 0.8)
        answers = {
            question.code: _choose_answer(question, distance, chance)
            for question in questions.questions
        }
        yield {
            "random_key": secrets.token_hex(16),
            "week": format_week(year.start + timedelta(weeks=week)),
            "area": areas[area],
            "age_band": bands[band],
            "answers": json.dumps(answers, sort_keys=True, separators=(",", ":")),
            "question_set": FICTIONAL_PREFIX + questions.version,
        }


def _choose_answer(question: Question, distance: float, chance: np.random.Generator) -> str:
    if chance.random() < 0.03:
        return PREFER_NOT_CODE
    codes = [answer.code for answer in question.answers]
    if question.code in _INDEPENDENT:
        return str(chance.choice(codes))
    position = distance + chance.normal(0, 0.5)
    # Most people are not lonely; answers on belonging and trust are spread more evenly.
    first = 0.1 if question.code in _LONELINESS else -0.5
    steps = np.linspace(first, first + 1.6, len(codes) - 1)
    index = int(np.searchsorted(steps, position))
    return codes[-1 - index] if question.code in _REVERSED else codes[index]
