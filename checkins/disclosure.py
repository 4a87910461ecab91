"""Primary disclosure control: turns raw counts of people into cells that can be published.

Owns the two policies and their rules. Must never return a raw count, and must stay pure: numbers
in, cells out. Suppressing 1 to 7 and rounding to 5 is NHS England's rule for Hospital Episode
Statistics since 2018; midpoints of six are OpenSAFELY's. The reasons for the other rules are in
`docs/explanation/disclosure-control.md`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

#: Counts from 1 to this are not published, under `Policy.ROUND_5`.
SUPPRESSED_UP_TO = 7
#: Other counts are rounded to the nearest multiple of this.
ROUNDED_TO = 5
#: Under `Policy.MIDPOINT_6`, counts are grouped in steps of this.
MIDPOINT_STEP = 6
#: The largest count that a table can hold.
MAX_COUNT = 10**9
#: An area or age band with fewer check-ins than this is left out.
GROUP_MINIMUM = 10
#: A block with fewer answers than this is withheld.
ANSWERS_MINIMUM = 10


class Policy(StrEnum):
    """How counts are protected: suppressed and rounded to 5, or as the middle of a step of 6."""

    ROUND_5 = "round-5"
    MIDPOINT_6 = "midpoint-6"

    @property
    def small(self) -> int:
        """The largest count that a reader must not be able to tell from 1."""
        return SUPPRESSED_UP_TO if self is Policy.ROUND_5 else MIDPOINT_STEP


class Mark(StrEnum):
    """The meaning of a cell. A cell without a count is never a zero."""

    ROUNDED = "rounded"
    MIDPOINT = "midpoint"
    ZERO = "zero"
    SUPPRESSED = "suppressed"
    WITHHELD = "withheld"
    NOT_ASKED = "not_asked"
    PARTIAL = "partial"


_COUNTED = (Mark.ROUNDED, Mark.MIDPOINT, Mark.ZERO)


@dataclass(frozen=True)
class Cell:
    """A count that can be published. `count` is rounded, or None if none can be shown."""

    count: int | None
    mark: Mark


WITHHELD = Cell(None, Mark.WITHHELD)
NOT_ASKED = Cell(None, Mark.NOT_ASKED)


def protect_count(count: int, policy: Policy = Policy.ROUND_5) -> Cell:
    """The cell for one raw count. Raises ValueError for a negative count."""
    if count < 0:
        raise ValueError("a count is never negative")
    if count == 0:
        return Cell(0, Mark.ZERO)
    if policy is Policy.MIDPOINT_6:
        # ceil(x / 6) * 6 - 3
        return Cell((count + 5) // MIDPOINT_STEP * MIDPOINT_STEP - 3, Mark.MIDPOINT)
    if count <= SUPPRESSED_UP_TO:
        return Cell(None, Mark.SUPPRESSED)
    return Cell((count + ROUNDED_TO // 2) // ROUNDED_TO * ROUNDED_TO, Mark.ROUNDED)


def is_group_shown(checkins: int) -> bool:
    """Whether an area or age band with that many check-ins appears at all."""
    return checkins >= GROUP_MINIMUM


def protect_block(
    counts: Sequence[int], policy: Policy = Policy.ROUND_5, *, was_asked: bool = True
) -> tuple[Cell, ...]:
    """The cells of one block, from the raw count of each possible answer, including zeros.

    "Prefer not to say" is not among them. The whole block is withheld if there are too few
    answers, if all are the same (which would reveal each person's answer), or if every count is
    small (two such cells and a known minimum reveal more than 1 to 7).
    """
    if not was_asked:
        return (NOT_ASKED,) * len(counts)
    nonzero = [count for count in counts if count > 0]
    if (
        sum(nonzero) < ANSWERS_MINIMUM
        or len(nonzero) == 1
        or all(count <= policy.small for count in nonzero)
    ):
        return (WITHHELD,) * len(counts)
    return tuple(protect_count(count, policy) for count in counts)


def withhold(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """The block with nothing shown, as secondary suppression needs it."""
    return (WITHHELD,) * len(cells)


def bound_cell(cell: Cell) -> tuple[int, int | None]:
    """The lowest and highest raw count that a cell can stand for; None if there is no highest.

    Only for cells of a block. Raises ValueError for the cell of a total, which says less.
    """
    match cell.mark:
        case Mark.ROUNDED if cell.count is not None:
            return max(SUPPRESSED_UP_TO + 1, cell.count - 2), cell.count + 2
        case Mark.MIDPOINT if cell.count is not None:
            return cell.count - 2, cell.count + 3
        case Mark.ZERO | Mark.NOT_ASKED:
            return 0, 0
        case Mark.SUPPRESSED:
            return 1, SUPPRESSED_UP_TO
        case Mark.WITHHELD:
            return 0, None
    raise ValueError(f"a cell marked {cell.mark} stands for no count of its own")


def parse_cell(count: str, mark: str) -> Cell:
    """A cell of a block, from its text in a table. Raises ValueError for an impossible cell."""
    cell = Cell(int(count) if count else None, Mark(mark))
    if cell.mark is Mark.PARTIAL or (cell.count is None) == (cell.mark in _COUNTED):
        raise ValueError("a count and its mark contradict each other")
    if not 0 <= (cell.count or 0) <= MAX_COUNT:
        raise ValueError("a count is out of range")
    return cell


def total(cells: Iterable[Cell]) -> Cell:
    """The sum of published cells. It takes no raw counts, so it can reveal none.

    The mark is partial if the sum leaves out something that is not published.
    """
    parts = [cell for cell in cells if cell.mark != Mark.NOT_ASKED]
    if not parts:
        return NOT_ASKED
    shown = sum(cell.count or 0 for cell in parts)
    is_complete = all(cell.mark in _COUNTED for cell in parts)
    if shown == 0:
        return Cell(0, Mark.ZERO) if is_complete else WITHHELD
    if not is_complete:
        return Cell(shown, Mark.PARTIAL)
    has_midpoints = any(cell.mark == Mark.MIDPOINT for cell in parts)
    return Cell(shown, Mark.MIDPOINT if has_midpoints else Mark.ROUNDED)
