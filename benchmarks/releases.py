"""Time and memory of a release, compared with a plain pandas group-by; and times of the attack.

Each method runs in its own process, in turns, over the same database of check-ins.
"""

import json
import secrets
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
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
from checkins.periods import parse_period
from checkins.questions import load_questions
from checkins.release.attack import attack_releases
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
_METHODS = ("release", "pandas")


def measure(folder: Path, *, quick: bool) -> list[Table]:
    """A table of the release of 1,000,000 check-ins (quick: 20,000), and one of attacks."""
    checkins = 20_000 if quick else 1_000_000
    url = f"sqlite:///{folder / 'checkins.db'}"
    print(f"  filling {checkins:,} check-ins ...", file=sys.stderr, flush=True)
    _fill_database(url, checkins)
    quarters = [f"{YEAR}-Q{quarter}" for quarter in ((1, 2) if quick else (1, 2, 3, 4))]
    # A different period each time: a repeated one would be read from the ledger.
    rows = tuple(_compare(url, period) for period in (*quarters, YEAR))
    columns = ("period", "release s", "pandas s", "x pandas", "release MiB", "pandas MiB")
    note = (
        f"{checkins:,} fictional check-ins of nine questions in ten areas, a quarter of them in "
        "each quarter; the year is compared with its quarters. Peak memory of each process, "
        "including its imports and those of pandas. Pandas only counts the same rows, by area "
        "and by age band."
    )
    return [Table("A release", columns, rows, note), _measure_attacks(quick=quick)]


def _fill_database(url: str, checkins: int) -> None:
    """Fill the database with copies of up to 20,000 imagined check-ins, in random weeks."""
    migrate(url)
    engine = open_engine(url)
    year = parse_period(YEAR)
    questions = load_questions().get_set("full")
    first = insert_fictional_year(engine, year, AREAS, questions, checkins=min(checkins, _DISTINCT))
    with engine.connect() as connection:
        imagined = [
            dict(row) for row in connection.execute(select(CheckInRow.__table__)).mappings()
        ]
    generator = np.random.default_rng(1)
    weeks = [format_week(year.start + timedelta(weeks=number)) for number in range(52)]
    remaining = checkins - first
    with engine.begin() as connection:
        while remaining > 0:
            portion = min(remaining, 50_000)
            rows = [
                {
                    **imagined[int(number)],
                    "week": weeks[int(week)],
                    "random_key": secrets.token_hex(16),
                }
                for number, week in zip(
                    generator.integers(len(imagined), size=portion),
                    generator.integers(len(weeks), size=portion),
                    strict=True,
                )
            ]
            connection.execute(insert(CheckInRow), rows)
            remaining -= portion
    engine.dispose()


def _compare(url: str, period: str) -> tuple[str, ...]:
    figures = {method: _run(method, url, period) for method in _METHODS}
    return (
        period,
        *(f"{figures[method]['seconds']:.1f}" for method in _METHODS),
        f"{figures['release']['seconds'] / figures['pandas']['seconds']:.2f}",
        *(f"{figures[method]['bytes'] / 2**20:,.0f}" for method in _METHODS),
    )


def _run(method: str, url: str, period: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.release_process", method, url, period]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    figures: dict[str, float] = json.loads(process.stdout)
    return figures


def _measure_attacks(*, quick: bool) -> Table:
    generator = np.random.default_rng(2)
    grids = [(3, 1), (10, 1), (10, 5)] if quick else [(3, 1), (10, 1), (90, 1), (10, 5), (90, 5)]
    rows = []
    for areas, releases in grids:
        figures = _imagine_releases(areas, releases, generator)
        timings = time_in_rounds({"attack": partial(_attack, figures)}, steps=1, rounds=3)
        tried = attack_releases(figures).tried
        rows.append(
            (
                f"{areas} areas, {'a quarter' if releases == 1 else 'four quarters and a year'}",
                f"{tried:,}",
                f"{timings['attack'].p50 / 1000:.2f}",
            )
        )
    note = "One question of four answers, six age bands, 60 check-ins in each area and quarter."
    return Table("The attack, by grid", ("grid", "hidden counts", "s"), tuple(rows), note)


def _attack(figures: Sequence[Figures], _step: int) -> object:
    return attack_releases(figures)


def _imagine_releases(
    areas: int, releases: int, generator: np.random.Generator
) -> Sequence[Figures]:
    names = tuple(f"Area {number}" for number in range(areas))
    question = Measure("q", "A question?", (("1", "A"), ("2", "B"), ("3", "C"), ("4", "D")))
    figures: list[Figures] = []
    year = RawCounts()
    for quarter in range(1, 5 if releases > 1 else 2):
        counts = RawCounts()
        for area in names:
            for band, answers in zip(
                AGE_BANDS, generator.multinomial(10, [0.45, 0.35, 0.15, 0.05], size=6), strict=True
            ):
                for group in (("area", area), ("age_band", band)):
                    for raw in (counts, year):
                        raw.checkins[group] += int(answers.sum())
                        for code, number in zip("1234", answers, strict=True):
                            raw.answers[group, "q"][code] += int(number)
        figures.append(_release(counts, f"{YEAR}-Q{quarter}", names, question, figures))
    if releases > 1:
        figures.append(_release(year, YEAR, names, question, figures))
    return figures


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
        period=parse_period(period),
        policy=Policy.ROUND_5,
        areas=areas,
        measures=[question],
    )
    return suppress_leaks(figures, earlier)
