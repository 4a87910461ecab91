"""The charts of the report: rows, scales and positions, which the templates place.

Every figure that is drawn also stands next to the drawing as text.
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

# The possible ends of a scale, in percent. Each divides into four whole steps.
_ENDS = (20, 40, 60, 80, 100)
#: Only the latest periods are drawn; the table next to the chart has all.
MAX_DRAWN_PERIODS = 8


@dataclass(frozen=True)
class Scale:
    """From 0 to `end` percent."""

    end: int

    @property
    def ticks(self) -> tuple[int, ...]:
        """The positions of grid lines, in percent."""
        return tuple(self.end * step // 4 for step in range(5))

    def to_x(self, percent: float) -> str:
        """The position from the left, as a CSS percentage."""
        return f"{100 * percent / self.end:.2f}%"

    def to_y(self, percent: float, low: float, high: float) -> str:
        """The vertical position in pixels; `low` is the position of 0 percent."""
        return f"{low - (low - high) * percent / self.end:.1f}"


@dataclass(frozen=True)
class GroupChart:
    """One headline by group in this release: a dot and a range for each group."""

    headline: Headline
    rows: tuple[HeadlineRow, ...]
    scale: Scale

    @property
    def national(self) -> National | None:
        """The latest national figure that can be drawn."""
        return next(
            (figure for figure in self.headline.national if figure.percent is not None), None
        )


@dataclass(frozen=True)
class TimeChart:
    """One headline in one group over time: a row for each period, None if it has none."""

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
        """The latest periods: position from the left in percent, label, row."""
        latest = list(zip(self.periods, self.rows, strict=True))[-MAX_DRAWN_PERIODS:]
        return [
            (100 * (index + 0.5) / len(latest), label_period(period), row)
            for index, (period, row) in enumerate(latest)
        ]

    @property
    def joins(self) -> list[tuple[float, int, float, int]]:
        """The lines between neighbours that both have a percentage: position, percent, twice."""
        drawn = self.drawn
        return [
            (start, before.rate.percent, end, after.rate.percent)
            for (start, _, before), (end, _, after) in pairwise(drawn)
            if before is not None and before.rate.percent is not None
            if after is not None and after.rate.percent is not None
        ]

    @property
    def description(self) -> str:
        """The chart as a sentence, for screen readers."""
        parts = (
            f"{describe_period(period)} {describe_row(row)}"
            for period, row in zip(self.periods, self.rows, strict=True)
        )
        return f"{self.headline.name}, {self.group}: " + "; ".join(parts)


@dataclass(frozen=True)
class Distribution:
    """All answers to one question: table lines by group, and those of all groups together."""

    code: str
    text: str
    answers: tuple[str, ...]
    groups: tuple[tuple[str, tuple[Mapping[str, Value], ...]], ...]
    everywhere: tuple[Mapping[str, Value], ...]


def describe_row(row: HeadlineRow | None) -> str:
    """As "57% (50% to 63%)"."""
    if row is None:
        return "no figure"
    percent, likely_range = format_percent(row.rate), format_range(row.rate)
    return f"{percent} ({likely_range})" if likely_range else percent


def make_group_charts(
    figures: Figures, rows: Sequence[HeadlineRow], dimension: Dimension
) -> dict[str, GroupChart]:
    """The charts of the headlines that were asked, by code."""
    rows_by_code: dict[str, list[HeadlineRow]] = {}
    for row in rows:
        if row.period == figures.period and row.dimension == dimension:
            rows_by_code.setdefault(row.headline.code, []).append(row)
    return {
        code: GroupChart(group[0].headline, tuple(group), _make_scale(rows, group[0].headline))
        for code, group in rows_by_code.items()
    }


def make_time_charts(rows: Sequence[HeadlineRow], code: str) -> list[TimeChart]:
    """The headline by area over time, all areas first; empty if there is only one period."""
    headline_rows = [row for row in rows if row.headline.code == code and row.dimension == "area"]
    periods = tuple(dict.fromkeys(row.period for row in headline_rows))
    if len(periods) < 2:
        return []
    rows_by_key = {(row.is_total, row.group, row.period): row for row in headline_rows}
    groups = dict.fromkeys((row.is_total, row.group) for row in headline_rows)
    return [
        TimeChart(
            headline_rows[0].headline,
            group,
            is_total,
            periods,
            tuple(rows_by_key.get((is_total, group, period)) for period in periods),
            _make_scale(rows, headline_rows[0].headline),
        )
        for is_total, group in sorted(groups, key=lambda group: not group[0])
    ]


def make_distributions(table: Table, dimension: Dimension) -> Iterator[Distribution]:
    """The distribution of each question in the table that anybody was asked."""
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
        example_lines = everywhere or tuple(next(iter(groups.values())))
        yield Distribution(
            str(code),
            str(lines[0]["question_text"]),
            tuple(str(line["answer_text"]) for line in example_lines),
            tuple((group, tuple(group_lines)) for group, group_lines in groups.items()),
            everywhere,
        )


def _make_scale(rows: Sequence[HeadlineRow], headline: Headline) -> Scale:
    """The scale of a headline: one for all its charts, so that they can be compared."""
    highest = max(
        [row.rate.high or 0 for row in rows if row.headline == headline]
        + [figure.percent or 0 for figure in headline.national]
    )
    return Scale(next(end for end in _ENDS if highest <= end))
