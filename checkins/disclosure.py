"""What may be said of a count of people.

Owns the rules that turn raw counts into cells that can be published. Must never
return a raw count, and must stay pure: numbers in, cells out. The rounding and the
suppression are those of NHS England's Hospital Episode Statistics since 2018; why
each of the others is needed is in `docs/checkins.md`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

#: Counts from 1 to this are not published.
SUPPRESSED_UP_TO = 7
#: Other counts are rounded to the nearest multiple of this.
ROUNDED_TO = 5
#: An area with fewer check-ins than this is left out.
AREA_MINIMUM = 10
#: A question with fewer answers than this in an area is withheld there.
ANSWERS_MINIMUM = 10


class Mark(StrEnum):
    """What a cell says. A cell without a count is never a zero."""

    ROUNDED = "rounded"
    ZERO = "zero"
    SUPPRESSED = "suppressed"
    WITHHELD = "withheld"
    NOT_ASKED = "not_asked"
    PARTIAL = "partial"


@dataclass(frozen=True)
class Cell:
    """A count fit to publish. `count` is a multiple of 5, or None where there is none to show."""

    count: int | None
    mark: Mark


WITHHELD = Cell(None, Mark.WITHHELD)
NOT_ASKED = Cell(None, Mark.NOT_ASKED)


def protect_count(count: int) -> Cell:
    """The cell for one raw count, which must not be negative (ValueError)."""
    if count < 0:
        raise ValueError("a count is never negative")
    if count == 0:
        return Cell(0, Mark.ZERO)
    if count <= SUPPRESSED_UP_TO:
        return Cell(None, Mark.SUPPRESSED)
    return Cell((count + ROUNDED_TO // 2) // ROUNDED_TO * ROUNDED_TO, Mark.ROUNDED)


def area_is_shown(checkins: int) -> bool:
    """Whether an area with that many check-ins appears at all."""
    return checkins >= AREA_MINIMUM


def protect_question(counts: Mapping[str, int], asked: bool) -> dict[str, Cell]:
    """The cells of one question in one area, from the raw count of each answer.

    `counts` names every answer on offer, zero or not, and leaves out those who preferred
    not to say. The whole question is withheld where there are too few answers, where all
    are alike (that would say what each person answered), or where every answer given
    would be suppressed (two such cells and a known minimum say more than 1 to 7).
    """
    if not asked:
        return dict.fromkeys(counts, NOT_ASKED)
    given = [count for count in counts.values() if count > 0]
    if (
        sum(given) < ANSWERS_MINIMUM
        or len(given) == 1
        or all(count <= SUPPRESSED_UP_TO for count in given)
    ):
        return dict.fromkeys(counts, WITHHELD)
    return {answer: protect_count(count) for answer, count in counts.items()}


def total(cells: Iterable[Cell]) -> Cell:
    """The sum of published cells: it takes no raw counts, so it can give none away.

    Marked partial where something that is not published is missing from the sum.
    """
    parts = [cell for cell in cells if cell.mark != Mark.NOT_ASKED]
    if not parts:
        return NOT_ASKED
    shown = sum(cell.count or 0 for cell in parts)
    complete = all(cell.mark in (Mark.ROUNDED, Mark.ZERO) for cell in parts)
    if shown == 0:
        return Cell(0, Mark.ZERO) if complete else WITHHELD
    return Cell(shown, Mark.ROUNDED if complete else Mark.PARTIAL)
