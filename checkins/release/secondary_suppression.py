"""From raw counts to figures that can be published, beside everything published before.

Owns which groups and blocks are shown, and complementary suppression: a block is withheld
wherever the attacker of `attack` could bound a hidden count more narrowly than promised,
by a margin or by an earlier release. Must never show what `disclosure` did not make.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from checkins.checkin import AGE_BANDS
from checkins.disclosure import (
    Policy,
    group_is_shown,
    protect_block,
    withhold,
)
from checkins.errors import InconsistentReleasesError, ReleaseError
from checkins.figures import (
    DIRECTORY_MEASURES,
    EVERYWHERE,
    UNMET_NEED,
    USEFULNESS,
    Block,
    Dimension,
    Figures,
    ListingCount,
    Measure,
)
from checkins.periods import Period
from checkins.release.attack import Attack, attack_measure, find_codes
from checkins.release.count import RawCounts
from checkins.release.feasibility import Leak, Place


@dataclass(frozen=True)
class DirectoryCounts:
    """What the directory counted in a period, raw: for `protect` alone.

    `unmet` is how many searches found nothing good, by area and then topic; `useful` how many
    gave each answer. `topics` and `useful_answers` are pairs of code and words, all there are.
    """

    topics: tuple[tuple[str, str], ...] = ()
    unmet: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    useful_answers: tuple[tuple[str, str], ...] = ()
    useful: Mapping[str, int] = field(default_factory=dict)
    supply: tuple[ListingCount, ...] = ()


NO_DIRECTORY_COUNTS = DirectoryCounts()


def build_figures(
    counts: RawCounts,
    reach: DirectoryCounts,
    *,
    period: Period,
    policy: Policy,
    areas: Sequence[str],
    measures: Sequence[Measure],
    fictional: bool = False,
) -> Figures:
    """The figures of one period, each block as `disclosure.protect_block` lets it be shown."""
    groups: list[tuple[Dimension, str]] = [
        *(("area", area) for area in areas),
        *(("age_band", band) for band in AGE_BANDS),
    ]
    shown = [group for group in groups if group_is_shown(counts.people[group])]
    needs = Measure(UNMET_NEED, "Searches that found nothing good, by topic", reach.topics)
    useful = Measure(USEFULNESS, "Was this useful?", reach.useful_answers)
    answered = any(reach.useful.values())
    unmet = {area: found for area, found in sorted(reach.unmet.items()) if any(found.values())}
    # Every question that there is, asked or not: a reader knows that one not asked has no counts.
    blocks = [_count(counts, measure, group, policy) for measure in measures for group in shown]
    return Figures(
        period=period,
        policy=policy,
        question_sets=tuple(
            sorted(
                set().union(*(counts.question_sets[kind] for kind in shown if kind[0] == "area"))
            )
        ),
        measures=(*measures, *((needs,) if unmet else ()), *((useful,) if answered else ())),
        areas=tuple(areas),
        areas_left_out=tuple(area for area in areas if ("area", area) not in shown),
        age_bands=tuple(AGE_BANDS),
        age_bands_left_out=tuple(band for band in AGE_BANDS if ("age_band", band) not in shown),
        blocks=tuple(blocks),
        needs=tuple(_reach_block(found, needs, area, policy) for area, found in unmet.items()),
        usefulness=_reach_block(reach.useful, useful, EVERYWHERE, policy) if answered else None,
        supply=reach.supply,
        fictional=fictional,
    )


def suppress_leaks(figures: Figures, earlier: Sequence[Figures]) -> Figures:
    """The same figures with blocks withheld until they give no hidden count away.

    What earlier releases alone give away is theirs, and is not made worse. Raises ReleaseError
    where a count would be given away with all of a measure withheld, or where the figures do not
    fit to the earlier ones.
    """
    for measure in find_codes([*earlier, figures]):
        try:
            figures = _Beside(earlier, measure).close(figures)
        except InconsistentReleasesError:
            if measure not in DIRECTORY_MEASURES:
                raise
            # The directory is another one than then. Check-ins can be released all the same.
            for block in figures.all_blocks():
                if block.measure == measure:
                    figures = _without(figures, block)
    return figures


class _Beside:
    """Earlier releases, and what they give away of one measure by themselves."""

    def __init__(self, earlier: Sequence[Figures], measure: str) -> None:
        self._earlier = earlier
        self._measure = measure
        self._known = {leak.place: leak for leak in self._attack(()).leaks}

    def close(self, figures: Figures) -> Figures:
        """The figures with as many blocks withheld as it takes."""
        while leaks := self._find_new(figures):
            for leak in leaks:
                figures = self._close_one(figures, leak.place)
        return figures

    def _attack(self, more: Sequence[Figures], only: Place | None = None) -> Attack:
        releases = [*self._earlier, *more]
        return attack_measure(releases, self._measure, earlier=self._earlier, only=only)

    def _find_new(self, figures: Figures, only: Place | None = None) -> list[Leak]:
        return [
            leak
            for leak in self._attack([figures], only).leaks
            if (known := self._known.get(leak.place)) is None
            or leak.low > known.low
            or leak.high < known.high
        ]

    def _close_one(self, figures: Figures, at: Place) -> Figures:
        """Withhold the block that closes a leak: of its group if one does, else the smallest.

        Where none does so alone, the smallest goes, and what is left is tried again.
        """
        while self._find_new(figures, at):
            shown = [
                block
                for block in figures.all_blocks()
                if block.measure == self._measure
                and any(cell.count is not None for cell in block.cells)
            ]
            if not shown:
                raise ReleaseError(
                    "This release would reveal a count that is not to be shown: "
                    f"{at.period}, {at.measure}, {at.group}, answer {at.answer}. Release a period "
                    "that has no week in common with earlier releases."
                )
            shown.sort(key=lambda block: (block.group != at.group, _size(block)))
            candidates = (_without(figures, block) for block in shown)
            figures = next(
                (one for one in candidates if not self._find_new(one, at)),
                _without(figures, min(shown, key=_size)),
            )
        return figures


def _size(block: Block) -> int:
    return sum(cell.count or 0 for cell in block.cells)


def _count(
    counts: RawCounts, measure: Measure, group: tuple[Dimension, str], policy: Policy
) -> Block:
    found = counts.count(group, measure)
    numbers = found or [0] * len(measure.answers)
    cells = protect_block(numbers, policy, asked=found is not None)
    return Block(*group, measure.code, cells)


def _reach_block(found: Mapping[str, int], measure: Measure, group: str, policy: Policy) -> Block:
    numbers = [found.get(code, 0) for code, _ in measure.answers]
    return Block("area", group, measure.code, protect_block(numbers, policy))


def _without(figures: Figures, block: Block) -> Figures:
    def change(blocks: Sequence[Block]) -> Iterator[Block]:
        for one in blocks:
            yield replace(one, cells=withhold(one.cells)) if one == block else one

    asked = figures.usefulness
    return replace(
        figures,
        blocks=tuple(change(figures.blocks)),
        needs=tuple(change(figures.needs)),
        usefulness=next(change([asked])) if asked else None,
    )
