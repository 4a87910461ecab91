"""The figures of one release, from which every file of the release is made.

Everything in them can be published. They never contain a raw count of people.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from checkins.disclosure import Cell, Mark, Policy
from checkins.periods import Period

#: Each question is counted by area, and again by age band.
Dimension = Literal["area", "age_band"]

#: The measure of searches that found nothing good, by topic.
UNMET_NEED = "unmet_need"
#: The measure of whether the chat was useful.
USEFULNESS = "usefulness"
#: The measures that the directory counts. All others are counted in check-ins.
DIRECTORY_MEASURES = (UNMET_NEED, USEFULNESS)
#: The only group of a measure that is not counted by area.
EVERYWHERE = "Everywhere"


@dataclass(frozen=True)
class Measure:
    """Something counted: a question, a score, or a measure of the directory.

    `text` is the full wording; `answers` are pairs of code and text, in published order.
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
    """The number of listings of one strand in one area. Listings are public, so it is exact."""

    area: str
    strand: str
    listings: int


@dataclass(frozen=True)
class Figures:
    """All figures of a release.

    `areas` and `age_bands` are the complete lists, in order; those `left_out` had fewer than 10
    check-ins, or none, and have no blocks. `blocks` are the blocks of questions and scores;
    `needs` those of `UNMET_NEED`, by area; `usefulness` is one block, or None if nobody answered.
    `listing_counts` are as of the day of the release. `fictional` marks a demonstration.
    `has_bursts` is true if most check-ins of some week and area came within an hour.
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
    listing_counts: tuple[ListingCount, ...] = ()
    fictional: bool = False
    has_bursts: bool = False

    @property
    def areas_shown(self) -> tuple[str, ...]:
        """The areas that were not left out, in order."""
        return tuple(area for area in self.areas if area not in self.areas_left_out)

    def has_measure(self, code: str) -> bool:
        """Whether there is a measure with that code."""
        return any(measure.code == code for measure in self.measures)

    def has_same_areas(self, areas: Iterable[str]) -> bool:
        """Whether the list of areas is the same, in any order."""
        return set(self.areas) == set(areas)

    def get_measure(self, code: str) -> Measure:
        """The measure with that code. Raises KeyError."""
        return {measure.code: measure for measure in self.measures}[code]

    def all_blocks(self) -> tuple[Block, ...]:
        """The blocks of questions, of unmet needs and of usefulness."""
        usefulness = (self.usefulness,) if self.usefulness else ()
        return (*self.blocks, *self.needs, *usefulness)

    def count_cells(self, mark: Mark) -> int:
        """The number of cells with that mark, in all blocks."""
        return sum(cell.mark is mark for block in self.all_blocks() for cell in block.cells)

    def list_blocks(self, dimension: Dimension) -> list[Block]:
        """The blocks of questions and scores in that dimension."""
        return [block for block in self.blocks if block.dimension == dimension]

    def list_left_out(self, measure: str) -> list[tuple[Dimension, str]]:
        """The groups on the lists that have no block of that measure, because they are too small.

        None for a measure of the directory, which is not counted by those lists.
        """
        if measure in DIRECTORY_MEASURES:
            return []
        return [
            *(("area", area) for area in self.areas_left_out),
            *(("age_band", band) for band in self.age_bands_left_out),
        ]
