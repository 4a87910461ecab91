"""Percentages and likely ranges, calculated from published cells only.

Owns the treatment of shares when some cells are not shown. A reader of the tables can repeat
every calculation (docs/reference/release-tables.md), so a rate reveals nothing that the cells
do not.
"""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, sqrt
from typing import Literal

from checkins.disclosure import Cell, Mark, bound_cell, total

#: 95% of a normal distribution lies within this many standard deviations.
_Z = 1.959963984540054

Change = Literal["higher", "lower", "unclear"]


@dataclass(frozen=True)
class Rate:
    """The share of some answers among all answers, in whole percent from 0 to 100.

    `count` and `base` are sums of published cells. `percent` is None if there is no count to
    show; `low` and `high` are None if the whole block is withheld or was not asked.
    """

    count: Cell
    base: Cell
    percent: int | None = None
    low: int | None = None
    high: int | None = None

    @property
    def is_partial(self) -> bool:
        """Whether the percentage depends on cells that are not shown. A true zero does not."""
        return self.base.mark is Mark.PARTIAL and self.count.mark is not Mark.ZERO


def wilson_interval(successes: float, failures: float) -> tuple[float, float]:
    """The 95% interval of a proportion (Wilson 1927), from 0 to 1; there must be an answer."""
    answers = successes + failures
    centre = successes + _Z * _Z / 2
    half_width = _Z * sqrt(successes * failures / answers + _Z * _Z / 4)
    low, high = (
        (centre - half_width) / (answers + _Z * _Z),
        (centre + half_width) / (answers + _Z * _Z),
    )
    return max(0.0, low), min(1.0, high)


def compute_rate(blocks: Sequence[Sequence[Cell]], answers: Container[int]) -> Rate:
    """The rate of the answers at those indices, over one block or several combined.

    For the percentage, a suppressed cell counts as the middle of its possible values. The range
    covers the intervals of all its possible values. Withheld blocks are excluded, because their
    size is unknown. Percentages are rounded, and ranges are rounded outwards.
    """
    parts = [cell for cells in blocks for index, cell in enumerate(cells) if index in answers]
    count = parts[0] if len(parts) == 1 else total(parts)
    base = total(cell for cells in blocks for cell in cells)
    shown = [cells for cells in blocks if not any(_is_unshown(cell) for cell in cells)]
    chosen = _add_up(
        cell for cells in shown for index, cell in enumerate(cells) if index in answers
    )
    remaining = _add_up(
        cell for cells in shown for index, cell in enumerate(cells) if index not in answers
    )
    if chosen.high + remaining.high == 0:
        return Rate(count, base)
    middle = 100 * chosen.middle / (chosen.middle + remaining.middle)
    return Rate(
        count,
        base,
        None if count.count is None else floor(middle + 0.5),
        floor(_round_share(wilson_interval(chosen.low, remaining.high)[0])),
        ceil(_round_share(wilson_interval(chosen.high, remaining.low)[1])),
    )


def compare(rate: Rate, reference: Rate) -> Change:
    """Whether a rate is clearly higher or lower than another (Newcombe 1998, method 10).

    Uses the published whole percentages and ranges, so that a reader can check the result.
    """
    if _is_clearly_above(rate, reference):
        return "higher"
    return "lower" if _is_clearly_above(reference, rate) else "unclear"


@dataclass(frozen=True)
class _Sum:
    """The sum of cells at the lowest, middle and highest values that they can stand for."""

    low: int
    middle: float
    high: int


def _add_up(cells: Iterable[Cell]) -> _Sum:
    low = high = 0
    for cell in cells:
        if cell.count is None:
            least, most = bound_cell(cell)
            low, high = low + least, high + (least if most is None else most)
        else:
            low, high = low + cell.count, high + cell.count
    return _Sum(low, (low + high) / 2, high)


def _is_unshown(cell: Cell) -> bool:
    return cell.mark in (Mark.WITHHELD, Mark.NOT_ASKED)


def _round_share(share: float) -> float:
    # Rounding errors in the last digits must not change a whole percentage.
    return round(100 * share, 9)


def _is_clearly_above(rate: Rate, reference: Rate) -> bool:
    if (
        rate.percent is None
        or rate.low is None
        or reference.percent is None
        or reference.high is None
    ):
        return False
    slack = sqrt((rate.percent - rate.low) ** 2 + (reference.high - reference.percent) ** 2)
    return rate.percent - reference.percent > slack
