"""What the report draws: rows and positions, worked out so that the template only places them.

Owns scales. Every figure drawn stands beside its drawing as text.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from checkins.figures import Dimension, Figures
from checkins.outputs.cell_labels import format_percent, format_range
from checkins.outputs.headlines import Headline, HeadlineRow, National
from checkins.outputs.period_labels import describe_period, label_period
from checkins.outputs.release_tables import Table, Value
from checkins.periods import Period

# The ends of scale in use, in percent: each falls into four steps of whole numbers.
_ENDS = (20, 40, 60, 80, 100)
#: At most so many periods are drawn, the latest; the table beside has all.
DRAWN_PERIODS = 8


@dataclass(frozen=True)
class Scale:
    """From 0 to `end` percent."""

    end: int

    @property
    def ticks(self) -> tuple[int, ...]:
        """Where lines are drawn, in percent."""
        return tuple(self.end * step // 4 for step in range(5))

    def across(self, percent: float) -> str:
        """The place from the left, as CSS and SVG write it."""
        return f"{100 * percent / self.end:.2f}%"

    def up(self, percent: float, low: float, high: float) -> str:
        """The place between two heights in pixels, of which `low` is nearer the ground."""
        return f"{low - (low - high) * percent / self.end:.1f}"


@dataclass(frozen=True)
class Plot:
    """One headline by group in this release: a dot and a range for each."""

    headline: Headline
    rows: tuple[HeadlineRow, ...]
    scale: Scale

    @property
    def national(self) -> National | None:
        """The latest national figure that can be drawn."""
        return next((one for one in self.headline.national if one.percent is not None), None)


@dataclass(frozen=True)
class Course:
    """One headline in one group over time: a row for each period, None where it has none."""

    headline: Headline
    group: str
    is_total: bool
    periods: tuple[Period, ...]
    rows: tuple[HeadlineRow | None, ...]
    scale: Scale

    @property
    def has_range(self) -> bool:
        """Whether there is anything to draw."""
        return any(row is not None and row.rate.low is not None for row in self.rows)

    @property
    def drawn(self) -> list[tuple[float, tuple[str, str], HeadlineRow | None]]:
        """The latest periods: place from the left in percent, label, row."""
        latest = list(zip(self.periods, self.rows, strict=True))[-DRAWN_PERIODS:]
        return [
            (100 * (place + 0.5) / len(latest), label_period(period), row)
            for place, (period, row) in enumerate(latest)
        ]

    @property
    def joins(self) -> list[tuple[float, int, float, int]]:
        """The lines between neighbours that both have a percentage: place, percent, twice."""
        drawn = self.drawn
        return [
            (one, before.rate.percent, two, after.rate.percent)
            for (one, _, before), (two, _, after) in pairwise(drawn)
            if before is not None and before.rate.percent is not None
            if after is not None and after.rate.percent is not None
        ]

    @property
    def words(self) -> str:
        """All of it as a sentence, for those who hear the page."""
        parts = (
            f"{describe_period(period)} {tell(row)}"
            for period, row in zip(self.periods, self.rows, strict=True)
        )
        return f"{self.headline.name}, {self.group}: " + "; ".join(parts)


@dataclass(frozen=True)
class Distribution:
    """All answers to one question: lines of its table, by group, then all groups together."""

    code: str
    text: str
    answers: tuple[str, ...]
    groups: tuple[tuple[str, tuple[Mapping[str, Value], ...]], ...]
    everywhere: tuple[Mapping[str, Value], ...]


def tell(row: HeadlineRow | None) -> str:
    """As "57% (50% to 63%)"."""
    if row is None:
        return "no figure"
    between = format_range(row.rate)
    return f"{format_percent(row.rate)} ({between})" if between else format_percent(row.rate)


def plots(figures: Figures, rows: Sequence[HeadlineRow], dimension: Dimension) -> dict[str, Plot]:
    """By the headline's code, where it was asked."""
    found: dict[str, list[HeadlineRow]] = {}
    for row in rows:
        if row.period == figures.period and row.dimension == dimension:
            found.setdefault(row.headline.code, []).append(row)
    return {
        code: Plot(some[0].headline, tuple(some), _scale(rows, some[0].headline))
        for code, some in found.items()
    }


def courses(rows: Sequence[HeadlineRow], code: str) -> list[Course]:
    """The headline by area over time, all areas first; empty where there is one period only."""
    ours = [row for row in rows if row.headline.code == code and row.dimension == "area"]
    periods = tuple(dict.fromkeys(row.period for row in ours))
    if len(periods) < 2:
        return []
    by_place = {(row.is_total, row.group, row.period): row for row in ours}
    groups = dict.fromkeys((row.is_total, row.group) for row in ours)
    return [
        Course(
            ours[0].headline,
            group,
            is_total,
            periods,
            tuple(by_place.get((is_total, group, period)) for period in periods),
            _scale(rows, ours[0].headline),
        )
        for is_total, group in sorted(groups, key=lambda group: not group[0])
    ]


def distributions(table: Table, dimension: Dimension) -> Iterator[Distribution]:
    """Each question of the table that anybody was asked."""
    by_question: dict[Value, list[Mapping[str, Value]]] = {}
    for record in table.records():
        if record["dimension"] == dimension:
            by_question.setdefault(record["question"], []).append(record)
    for code, lines in by_question.items():
        if all(line["mark"] == "not_asked" for line in lines):
            continue
        groups: dict[str, list[Mapping[str, Value]]] = {}
        for line in lines:
            if line["sum_of"] in ("none", "answers"):
                groups.setdefault(str(line["group"]), []).append(line)
        everywhere = tuple(line for line in lines if line["sum_of"] in ("groups", "both"))
        some = everywhere or tuple(next(iter(groups.values())))
        yield Distribution(
            str(code),
            str(lines[0]["question_text"]),
            tuple(str(line["answer_text"]) for line in some),
            tuple((group, tuple(found)) for group, found in groups.items()),
            everywhere,
        )


def _scale(rows: Sequence[HeadlineRow], headline: Headline) -> Scale:
    """One scale for a headline wherever it is drawn, so that charts can be set side by side."""
    reach = max(
        [row.rate.high or 0 for row in rows if row.headline == headline]
        + [one.percent or 0 for one in headline.national]
    )
    return Scale(next(end for end in _ENDS if reach <= end))
