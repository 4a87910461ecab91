"""A year of fictional check-ins, to show what a release looks like before there are real ones.

Owns what they say. They are marked by the name of their question set, so that every release of
them says that it is fictional; must never be filled in beside a real check-in.
"""

import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
from sqlalchemy import Engine, insert, select

from checkins.checkin import AGE_BANDS, FICTIONAL_PREFIX, format_week
from checkins.errors import CheckinsError
from checkins.models import CheckInRow
from checkins.periods import Period
from checkins.questions import PREFER_NOT_CODE, Question, QuestionSet
from checkins.release.secondary_suppression import DirectoryCounts

_PORTION = 5_000
#: How much less connected people of each age band are, on a scale where one is a lot.
_BY_AGE = (0.35, 0.1, -0.05, -0.1, -0.25, 0.3)
#: Questions whose first answer is the least connected one.
_FROM_LONELY = ("lonely",)
#: Questions whose last answer is the least connected one are all others but this.
_UNRELATED = ("involved",)
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
    """Fill a year with so many fictional check-ins, more of them in the first areas.

    Returns how many. Raises CheckinsError where there are other check-ins in the database.
    """
    _check_alone(engine)
    with engine.begin() as connection:
        rows = list(_imagine(year, areas, questions, checkins, np.random.default_rng(seed)))
        for start in range(0, len(rows), _PORTION):
            connection.execute(insert(CheckInRow), rows[start : start + _PORTION])
    return len(rows)


def make_fictional_counts(
    reach: DirectoryCounts, areas: Sequence[str], seed: int
) -> DirectoryCounts:
    """The same with fictional searches that found nothing good, and fictional usefulness."""
    chance = np.random.default_rng(seed)
    topics = [code for code, _ in reach.topics]
    wanted = chance.choice(topics, size=min(6, len(topics)), replace=False)
    unmet = {
        area: {
            str(topic): int(chance.poisson(14 / (1 + place))) for place, topic in enumerate(wanted)
        }
        for area in areas
    }
    useful = {
        code: int(chance.poisson(60 / 3**place))
        for place, (code, _) in enumerate(reach.useful_answers)
    }
    return replace(reach, unmet=unmet, useful=useful)


def _check_alone(engine: Engine) -> None:
    with engine.connect() as connection:
        sets = connection.execute(select(CheckInRow.question_set).distinct()).scalars().all()
    if any(not name.startswith(FICTIONAL_PREFIX) for name in sets):
        raise CheckinsError(
            "There are real check-ins in this database. Give the demonstration one of its own: "
            "CHECKINS_DATABASE_URL=sqlite:///var/demo.db"
        )
    if sets:
        raise CheckinsError(
            "The demonstration is in this database already. Remove the database's file to begin "
            "again, or release one of its periods."
        )


def _imagine(
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
        # Winter is lonelier than summer, and everybody is as they are.
        season = 0.2 * np.cos(2 * np.pi * week / year.weeks)
        age = _BY_AGE[band] if band < len(_BY_AGE) else 0.0
        apart = moods[area] + season + age + chance.normal(0, 0.8)
        answers = {
            question.code: _answer(question, apart, chance) for question in questions.questions
        }
        yield {
            "random_key": secrets.token_hex(16),
            "week": format_week(year.start + timedelta(weeks=week)),
            "area": areas[area],
            "age_band": bands[band],
            "answers": json.dumps(answers, sort_keys=True, separators=(",", ":")),
            "question_set": FICTIONAL_PREFIX + questions.version,
        }


def _answer(question: Question, apart: float, chance: np.random.Generator) -> str:
    if chance.random() < 0.03:
        return PREFER_NOT_CODE
    codes = [answer.code for answer in question.answers]
    if question.code in _UNRELATED:
        return str(chance.choice(codes))
    felt = apart + chance.normal(0, 0.5)
    # Most people are not lonely; belonging and trust are spread more evenly.
    first = 0.1 if question.code in _LONELINESS else -0.5
    steps = np.linspace(first, first + 1.6, len(codes) - 1)
    place = int(np.searchsorted(steps, felt))
    return codes[-1 - place] if question.code in _FROM_LONELY else codes[place]
