"""Percentages and likely ranges, worked out from published cells and nothing else.

Owns what is honest to say of a share where some cells are not shown. Whoever has the tables can
work out the same again (docs/reference/release-tables.md), so a rate gives nothing away that
a cell did not.
"""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, sqrt
from typing import Literal

from checkins.disclosure import Cell, Mark, read_cell, total

#: 95% of a normal distribution lies within this many standard deviations.
_Z = 1.959963984540054

Change = Literal["higher", "lower", "unclear"]


@dataclass(frozen=True)
class Rate:
    """The share of some answers among all answers, in whole percent from 0 to 100.

    `count` and `base` are sums of published cells. `percent` is None where there is no count to
    show; `low` and `high` are None where the whole block is withheld or was not asked.
    """

    count: Cell
    base: Cell
    percent: int | None = None
    low: int | None = None
    high: int | None = None

    @property
    def is_partial(self) -> bool:
        """Whether the percentage hangs on cells that are not shown. A true zero does not."""
        return self.base.mark is Mark.PARTIAL and self.count.mark is not Mark.ZERO


def wilson_interval(successes: float, failures: float) -> tuple[float, float]:
    """The 95% interval of a proportion (Wilson 1927), from 0 to 1; there must be an answer."""
    answers = successes + failures
    centre = successes + _Z * _Z / 2
    reach = _Z * sqrt(successes * failures / answers + _Z * _Z / 4)
    low, high = (centre - reach) / (answers + _Z * _Z), (centre + reach) / (answers + _Z * _Z)
    return max(0.0, low), min(1.0, high)


def compute_rate(blocks: Sequence[Sequence[Cell]], answers: Container[int]) -> Rate:
    """The rate of the answers at those places, over one block or several taken together.

    A suppressed cell is taken as the middle of what it can be for the percentage. The range runs
    from the lowest interval to the highest that its values allow. Blocks that are withheld are not
    in the rate, as nobody can say how many people they hold. Percentages are rounded, ranges
    rounded outwards.
    """
    parts = [cell for cells in blocks for place, cell in enumerate(cells) if place in answers]
    count = parts[0] if len(parts) == 1 else total(parts)
    base = total(cell for cells in blocks for cell in cells)
    shown = [cells for cells in blocks if not any(_is_closed(cell) for cell in cells)]
    among = _add_up(cell for cells in shown for at, cell in enumerate(cells) if at in answers)
    others = _add_up(cell for cells in shown for at, cell in enumerate(cells) if at not in answers)
    if among.high + others.high == 0:
        return Rate(count, base)
    middle = 100 * among.middle / (among.middle + others.middle)
    return Rate(
        count,
        base,
        None if count.count is None else floor(middle + 0.5),
        floor(_steady(wilson_interval(among.low, others.high)[0])),
        ceil(_steady(wilson_interval(among.high, others.low)[1])),
    )


def compare(one: Rate, other: Rate) -> Change:
    """Whether the first is clearly higher or lower than the other (Newcombe 1998, method 10).

    Read from the published whole percents and their ranges, so that a reader can check it.
    """
    if _is_clearly_above(one, other):
        return "higher"
    return "lower" if _is_clearly_above(other, one) else "unclear"


@dataclass(frozen=True)
class _Sum:
    """What cells add up to: the counts shown, and the least, middle and most for the others."""

    low: int
    middle: float
    high: int


def _add_up(cells: Iterable[Cell]) -> _Sum:
    low = high = 0
    for cell in cells:
        if cell.count is None:
            least, most = read_cell(cell)
            low, high = low + least, high + (least if most is None else most)
        else:
            low, high = low + cell.count, high + cell.count
    return _Sum(low, (low + high) / 2, high)


def _is_closed(cell: Cell) -> bool:
    return cell.mark in (Mark.WITHHELD, Mark.NOT_ASKED)


def _steady(share: float) -> float:
    # Without the last digits of a float, which would push a whole percent over an edge.
    return round(100 * share, 9)


def _is_clearly_above(one: Rate, other: Rate) -> bool:
    if one.percent is None or one.low is None or other.percent is None or other.high is None:
        return False
    slack = sqrt((one.percent - one.low) ** 2 + (other.high - other.percent) ** 2)
    return one.percent - other.percent > slack
