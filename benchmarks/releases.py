"""Seconds and memory of a release beside a plain pandas group-by, and of the attack by grid.

Each way runs in a process of its own over the same database of check-ins, by turns.
"""

import json
import secrets
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np
from sqlalchemy import insert, select

from benchmarks.tables import Table
from benchmarks.timing import time_in_rounds
from bot.settings import ROOT
from checkins.checkin import AGE_BANDS, format_week
from checkins.demo import insert_fictional_year
from checkins.disclosure import Policy
from checkins.figures import Figures, Measure
from checkins.migration import migrate
from checkins.models import CheckInRow
from checkins.periods import read_period
from checkins.questions import load_questions
from checkins.release.attack import attack
from checkins.release.count import RawCounts
from checkins.release.secondary_suppression import (
    NO_DIRECTORY_COUNTS,
    build_figures,
    suppress_leaks,
)
from checkins.store import open_engine

YEAR = "2025"
AREAS = tuple(f"Area {number}" for number in range(1, 11))
_DISTINCT = 20_000
_WAYS = ("release", "pandas")


def measure(folder: Path, *, quick: bool) -> list[Table]:
    """A table of the release of 1,000,000 check-ins (quick: 20,000), and one of attacks."""
    checkins = 20_000 if quick else 1_000_000
    url = f"sqlite:///{folder / 'checkins.db'}"
    print(f"  filling {checkins:,} check-ins ...", file=sys.stderr, flush=True)
    _fill(url, checkins)
    quarters = [f"{YEAR}-Q{quarter}" for quarter in ((1, 2) if quick else (1, 2, 3, 4))]
    # Each time another period: the same one would be read from the ledger.
    rows = tuple(_compare(url, period) for period in (*quarters, YEAR))
    columns = ("period", "release s", "pandas s", "x pandas", "release MiB", "pandas MiB")
    note = (
        f"{checkins:,} fictional check-ins of nine questions in ten areas, a quarter of them in "
        "each quarter; the year is set beside its quarters. Most memory of each process, its "
        "imports and those of pandas included. Pandas only counts: the same rows, by area "
        "and by age band."
    )
    return [Table("A release", columns, rows, note), _measure_attacks(quick=quick)]


def _fill(url: str, checkins: int) -> None:
    """Every check-in is one of some thousand imagined ones, in a week of its own."""
    migrate(url)
    engine = open_engine(url)
    year = read_period(YEAR)
    questions = load_questions().get_set("full")
    first = insert_fictional_year(engine, year, AREAS, questions, checkins=min(checkins, _DISTINCT))
    with engine.connect() as connection:
        known = [dict(row) for row in connection.execute(select(CheckInRow.__table__)).mappings()]
    chance = np.random.default_rng(1)
    weeks = [format_week(year.start + timedelta(weeks=number)) for number in range(52)]
    left = checkins - first
    with engine.begin() as connection:
        while left > 0:
            portion = min(left, 50_000)
            rows = [
                {
                    **known[int(one)],
                    "week": weeks[int(week)],
                    "random_key": secrets.token_hex(16),
                }
                for one, week in zip(
                    chance.integers(len(known), size=portion),
                    chance.integers(len(weeks), size=portion),
                    strict=True,
                )
            ]
            connection.execute(insert(CheckInRow), rows)
            left -= portion
    engine.dispose()


def _compare(url: str, period: str) -> tuple[str, ...]:
    found = {way: _run(way, url, period) for way in _WAYS}
    return (
        period,
        *(f"{found[way]['seconds']:.1f}" for way in _WAYS),
        f"{found['release']['seconds'] / found['pandas']['seconds']:.2f}",
        *(f"{found[way]['bytes'] / 2**20:,.0f}" for way in _WAYS),
    )


def _run(way: str, url: str, period: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.release_process", way, url, period]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    told: dict[str, float] = json.loads(done.stdout)
    return told


def _measure_attacks(*, quick: bool) -> Table:
    chance = np.random.default_rng(2)
    grids = [(3, 1), (10, 1), (10, 5)] if quick else [(3, 1), (10, 1), (90, 1), (10, 5), (90, 5)]
    rows = []
    for areas, releases in grids:
        made = _imagine_releases(areas, releases, chance)
        taken = time_in_rounds({"attack": lambda _, m=made: attack(m)}, steps=1, rounds=3)
        tried = attack(made).tried
        rows.append(
            (
                f"{areas} areas, {'a quarter' if releases == 1 else 'four quarters and a year'}",
                f"{tried:,}",
                f"{taken['attack'].p50 / 1000:.2f}",
            )
        )
    note = "One question of four answers, six age bands, 60 check-ins in each area and quarter."
    return Table("The attack, by grid", ("grid", "hidden counts", "s"), tuple(rows), note)


def _imagine_releases(areas: int, releases: int, chance: np.random.Generator) -> Sequence[Figures]:
    names = tuple(f"Area {number}" for number in range(areas))
    question = Measure("q", "A question?", (("1", "A"), ("2", "B"), ("3", "C"), ("4", "D")))
    made: list[Figures] = []
    year = RawCounts()
    for quarter in range(1, 5 if releases > 1 else 2):
        counts = RawCounts()
        for area in names:
            for band, answers in zip(
                AGE_BANDS, chance.multinomial(10, [0.45, 0.35, 0.15, 0.05], size=6), strict=True
            ):
                for group in (("area", area), ("age_band", band)):
                    for found in (counts, year):
                        found.people[group] += int(answers.sum())
                        for code, number in zip("1234", answers, strict=True):
                            found.answers[group, "q"][code] += int(number)
        made.append(_release(counts, f"{YEAR}-Q{quarter}", names, question, made))
    if releases > 1:
        made.append(_release(year, YEAR, names, question, made))
    return made


def _release(
    counts: RawCounts,
    period: str,
    areas: tuple[str, ...],
    question: Measure,
    earlier: Sequence[Figures],
) -> Figures:
    figures = build_figures(
        counts,
        NO_DIRECTORY_COUNTS,
        period=read_period(period),
        policy=Policy.ROUND_5,
        areas=areas,
        measures=[question],
    )
    return suppress_leaks(figures, earlier)
