"""The figures of one release: what may leave, in the shape that every file of it is made from.

Owns the shape. Everything in it can be published; no raw count of people is ever in it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from checkins.disclosure import Cell, Mark, Policy
from checkins.periods import Period

#: A question is counted by area, and again by age band.
Dimension = Literal["area", "age_band"]

#: The measure that counts searches which found nothing good, by topic.
UNMET_NEED = "unmet_need"
#: The measure that counts answers to whether the chat was useful.
USEFULNESS = "usefulness"
#: Both are counted by the directory, not in check-ins.
DIRECTORY_MEASURES = (UNMET_NEED, USEFULNESS)
#: The one group of a measure that is not counted by area.
EVERYWHERE = "Everywhere"


@dataclass(frozen=True)
class Measure:
    """What is counted: a question, a score, or a measure of reach.

    `text` is the wording in full; `answers` are pairs of code and words, in published order.
    """

    code: str
    text: str
    answers: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Block:
    """One measure in one group: a cell for each answer of the measure, in its order.

    `group` is an area's name or an age band's code; a block is shown or withheld as one.
    """

    dimension: Dimension
    group: str
    measure: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class ListingCount:
    """How many listings of one strand there are in one area: public already, so exact."""

    area: str
    strand: str
    listings: int


@dataclass(frozen=True)
class Figures:
    """All figures of a release.

    `areas` and `age_bands` are the whole lists, in order; those `left_out` had fewer
    than 10 check-ins, or none, and have no blocks. `blocks` are of questions and scores;
    `needs` of `UNMET_NEED`, by area; `usefulness` is one block, or None where nobody answered.
    `supply` is as of the day the release was made. `fictional` marks a demonstration.
    """

    period: Period
    policy: Policy
    question_sets: tuple[str, ...]
    measures: tuple[Measure, ...]
    areas: tuple[str, ...]
    areas_left_out: tuple[str, ...]
    age_bands: tuple[str, ...]
    age_bands_left_out: tuple[str, ...]
    blocks: tuple[Block, ...]
    needs: tuple[Block, ...] = ()
    usefulness: Block | None = None
    supply: tuple[ListingCount, ...] = ()
    fictional: bool = False

    @property
    def areas_shown(self) -> tuple[str, ...]:
        """The areas that were not left out, in order."""
        return tuple(area for area in self.areas if area not in self.areas_left_out)

    def has(self, code: str) -> bool:
        """Whether there is a measure of that code."""
        return any(measure.code == code for measure in self.measures)

    def has_same_areas(self, areas: Iterable[str]) -> bool:
        """Whether the list of areas is the same, in whatever order."""
        return set(self.areas) == set(areas)

    def measure(self, code: str) -> Measure:
        """The measure of that code. Raises KeyError."""
        return {measure.code: measure for measure in self.measures}[code]

    def all_blocks(self) -> tuple[Block, ...]:
        """The blocks of questions, of unmet needs and of usefulness."""
        asked = (self.usefulness,) if self.usefulness else ()
        return (*self.blocks, *self.needs, *asked)

    def count(self, mark: Mark) -> int:
        """How many cells of all blocks have that mark."""
        return sum(cell.mark is mark for block in self.all_blocks() for cell in block.cells)

    def list_blocks(self, dimension: Dimension) -> list[Block]:
        """The blocks of questions and scores that are counted so."""
        return [block for block in self.blocks if block.dimension == dimension]

    def find_left_out(self, measure: str) -> list[tuple[Dimension, str]]:
        """The groups that are on the list but have no block of that measure for want of people.

        Reach is not counted by those lists, so it has none.
        """
        if measure in DIRECTORY_MEASURES:
            return []
        return [
            *(("area", area) for area in self.areas_left_out),
            *(("age_band", band) for band in self.age_bands_left_out),
        ]
