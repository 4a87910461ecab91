"""Need and supply by area: searches that found nothing good, and the listings that exist.

A strand without a line in an area counts as zero listings there, if listings were counted at
all. Searches that named no area have no supply to compare with.
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
class UnmetTopic:
    """A topic, and the number of searches for it that found nothing good."""

    code: str
    name: str
    cell: Cell


@dataclass(frozen=True)
class AreaOverview:
    """The needs of one area, and its listings in the order of the strands.

    `needs` is None if no search was counted there; `is_withheld` means that they are not shown.
    `listings` is None if none could be counted under that name.
    """

    area: str
    needs: tuple[UnmetTopic, ...] | None
    is_withheld: bool
    listings: tuple[int, ...] | None

    @property
    def counted_topics(self) -> tuple[UnmetTopic, ...]:
        """The topics with a count above zero, the largest first."""
        shown = [topic for topic in self.needs or () if topic.cell.count]
        return tuple(sorted(shown, key=lambda topic: -(topic.cell.count or 0)))

    @property
    def small_topics(self) -> tuple[UnmetTopic, ...]:
        """The topics with 1 to 7 searches."""
        return tuple(topic for topic in self.needs or () if topic.cell.mark is Mark.SUPPRESSED)


def list_strands(figures: Figures) -> dict[str, str]:
    """The names of strands by code. Strands that are not in the guidance come last."""
    unlisted = {
        count.strand: count.strand
        for count in figures.listing_counts
        if count.strand not in STRANDS
    }
    return STRANDS | unlisted


def summarise_areas(figures: Figures) -> tuple[AreaOverview, ...]:
    """Every area with counted needs or listings, in the order of the release."""
    order = dict.fromkeys(
        (
            *figures.areas,
            *(block.group for block in figures.needs),
            *(count.area for count in figures.listing_counts),
        )
    )
    needs = {block.group: block.cells for block in figures.needs}
    listing_counts: dict[str, dict[str, int]] = {}
    for count in figures.listing_counts:
        listing_counts.setdefault(count.area, {})[count.strand] = count.listings
    strands = list_strands(figures)
    return tuple(
        AreaOverview(
            area,
            _make_topics(figures, needs[area]) if area in needs else None,
            area in needs and all(cell.mark is Mark.WITHHELD for cell in needs[area]),
            tuple(listing_counts.get(area, {}).get(strand, 0) for strand in strands)
            if area in listing_counts or (listing_counts and area in figures.areas)
            else None,
        )
        for area in order
        if area in needs or area in listing_counts or (listing_counts and area in figures.areas)
    )


def _make_topics(figures: Figures, cells: Sequence[Cell]) -> tuple[UnmetTopic, ...]:
    answers = figures.get_measure(UNMET_NEED).answers
    return tuple(
        UnmetTopic(code, name, cell) for (code, name), cell in zip(answers, cells, strict=True)
    )
