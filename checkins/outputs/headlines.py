"""The headline rates of a release by group and period, with national figures.

Owns which answers make a headline, and which earlier releases are comparable.
"""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from pydantic import TypeAdapter

from checkins.disclosure import Mark
from checkins.figures import Dimension, Figures
from checkins.outputs.rates import Rate, compute_rate
from checkins.periods import Period

#: The group name in a line that adds up all groups shown, by dimension.
ALL_GROUPS: dict[Dimension, str] = {"area": "All areas shown", "age_band": "All age bands shown"}
#: The headlines at the start of a report and its summary, if they were asked.
LEADING = ("belonging", "lonely", "loneliness_score")
DIMENSIONS: tuple[Dimension, ...] = ("area", "age_band")


@dataclass(frozen=True)
class National:
    """A published figure for England; `percent` is set if it can be drawn."""

    year: str
    figure: str
    source: str
    percent: float | None = None


@dataclass(frozen=True)
class Headline:
    """The share of some `answers` of a measure; `words` complete "of those who answered"."""

    code: str
    measure: str
    answers: tuple[str, ...]
    name: str
    words: str
    national: tuple[National, ...]


@dataclass(frozen=True)
class Context:
    """A quoted figure for something that no release measures."""

    words: str
    year: str
    figure: str
    source: str


@dataclass(frozen=True)
class HeadlineBook:
    """The content of `headlines.toml`."""

    headlines: tuple[Headline, ...]
    context: tuple[Context, ...]


@dataclass(frozen=True)
class HeadlineRow:
    """A headline in one group, or in all groups shown, in one period."""

    period: Period
    dimension: Dimension
    group: str
    is_total: bool
    headline: Headline
    rate: Rate


@cache
def load_headlines() -> HeadlineBook:
    """The built-in `headlines.toml`."""
    text = files("checkins.outputs").joinpath("headlines.toml").read_text(encoding="utf-8")
    return TypeAdapter(HeadlineBook).validate_python(tomllib.loads(text))


def find_comparable(figures: Figures, history: Sequence[Figures]) -> tuple[Figures, ...]:
    """The earlier releases of periods of the same length, by the same policy, oldest first.

    A month is not compared with a quarter, nor a rounded count with a midpoint, because a change
    of method would look like a change over time.
    """
    by_period = {
        earlier.period.name: earlier
        for earlier in history
        if len(earlier.period.name) == len(figures.period.name)
        and ("Q" in earlier.period.name) == ("Q" in figures.period.name)
        and earlier.period.end < figures.period.start
        and (earlier.policy, earlier.fictional) == (figures.policy, figures.fictional)
    }
    return tuple(sorted(by_period.values(), key=lambda earlier: earlier.period.start))


def make_headline_rows(figures: Figures, history: Sequence[Figures]) -> tuple[HeadlineRow, ...]:
    """Every headline that was asked, oldest period first and this release last."""
    return tuple(
        row
        for release in (*find_comparable(figures, history), figures)
        for headline in load_headlines().headlines
        for dimension in DIMENSIONS
        for row in _make_rows(release, headline, dimension)
    )


def _make_rows(figures: Figures, headline: Headline, dimension: Dimension) -> Iterator[HeadlineRow]:
    blocks = [
        block for block in figures.list_blocks(dimension) if block.measure == headline.measure
    ]
    if all(cell.mark is Mark.NOT_ASKED for block in blocks for cell in block.cells):
        return
    codes = [code for code, _ in figures.get_measure(headline.measure).answers]
    if not set(headline.answers) <= set(codes):
        return  # an operator's own question under a built-in code
    indices = {codes.index(code) for code in headline.answers}
    for block in blocks:
        rate = compute_rate([block.cells], indices)
        yield HeadlineRow(figures.period, dimension, block.group, False, headline, rate)
    rate = compute_rate([block.cells for block in blocks], indices)
    yield HeadlineRow(figures.period, dimension, ALL_GROUPS[dimension], True, headline, rate)
