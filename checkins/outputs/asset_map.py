"""Need beside supply: what was looked for and not found, next to what there is, area by area.

Owns the reading of listings by strand: a strand with no line in an area has no listing there, where
listings were counted at all. Searches that named no area have no supply to be set beside.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from checkins.disclosure import Cell, Mark
from checkins.figures import UNMET_NEED, Figures

#: The family of community-centred approaches (Public Health England, 2018).
STRANDS = {
    "strengthening_communities": "Strengthening communities",
    "volunteer_and_peer_roles": "Volunteer and peer roles",
    "collaborations_and_partnerships": "Collaborations and partnerships",
    "access_to_community_resources": "Access to community resources",
}


@dataclass(frozen=True)
class Topic:
    """A topic and how many searches for it found nothing good."""

    code: str
    words: str
    cell: Cell


@dataclass(frozen=True)
class Place:
    """One area: its topics by count, and its listings by strand in the order of the strands.

    `needs` is None where no search was counted there; `is_withheld` where they are not shown.
    `listings` is None where none could be counted under that name.
    """

    area: str
    needs: tuple[Topic, ...] | None
    is_withheld: bool
    listings: tuple[int, ...] | None

    @property
    def counted(self) -> tuple[Topic, ...]:
        """The topics with a count above nought, the largest first."""
        shown = [topic for topic in self.needs or () if topic.cell.count]
        return tuple(sorted(shown, key=lambda topic: -(topic.cell.count or 0)))

    @property
    def small(self) -> tuple[Topic, ...]:
        """The topics with 1 to 7 searches."""
        return tuple(one for one in self.needs or () if one.cell.mark is Mark.SUPPRESSED)


def list_strands(figures: Figures) -> dict[str, str]:
    """The strands by code, those that are not in the guidance last."""
    others = {one.strand: one.strand for one in figures.supply if one.strand not in STRANDS}
    return STRANDS | others


def summarise_areas(figures: Figures) -> tuple[Place, ...]:
    """Every area of which needs or listings were counted, in the release's order."""
    order = dict.fromkeys(
        (
            *figures.areas,
            *(block.group for block in figures.needs),
            *(one.area for one in figures.supply),
        )
    )
    needs = {block.group: block.cells for block in figures.needs}
    supply: dict[str, dict[str, int]] = {}
    for one in figures.supply:
        supply.setdefault(one.area, {})[one.strand] = one.listings
    strands = list_strands(figures)
    return tuple(
        Place(
            area,
            _topics(figures, needs[area]) if area in needs else None,
            area in needs and all(cell.mark is Mark.WITHHELD for cell in needs[area]),
            tuple(supply.get(area, {}).get(strand, 0) for strand in strands)
            if area in supply or (supply and area in figures.areas)
            else None,
        )
        for area in order
        if area in needs or area in supply or (supply and area in figures.areas)
    )


def _topics(figures: Figures, cells: Sequence[Cell]) -> tuple[Topic, ...]:
    answers = figures.measure(UNMET_NEED).answers
    return tuple(
        Topic(code, words, cell) for (code, words), cell in zip(answers, cells, strict=True)
    )
