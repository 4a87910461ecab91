"""Turns raw counts into figures that can be published next to all earlier releases.

Owns which groups and blocks are shown, and secondary (complementary) suppression: a block is
withheld if `attack` could otherwise bound a hidden count more narrowly than promised, by a
margin or by an earlier release. Must never publish a cell that `disclosure` did not make.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from checkins.checkin import AGE_BANDS
from checkins.disclosure import (
    Policy,
    is_group_shown,
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
from checkins.release.attack import Attack, attack_measure, list_measures
from checkins.release.count import RawCounts
from checkins.release.feasibility import CellKey, Leak


@dataclass(frozen=True)
class DirectoryCounts:
    """The raw counts of the directory in a period, for `build_figures` only.

    `unmet` counts searches that found nothing good, by area and then topic; `useful` counts
    people by answer. `topics` and `useful_answers` are pairs of code and text, complete.
    """

    topics: tuple[tuple[str, str], ...] = ()
    unmet: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    useful_answers: tuple[tuple[str, str], ...] = ()
    useful: Mapping[str, int] = field(default_factory=dict)
    listing_counts: tuple[ListingCount, ...] = ()


NO_DIRECTORY_COUNTS = DirectoryCounts()


def build_figures(
    counts: RawCounts,
    directory_counts: DirectoryCounts,
    *,
    period: Period,
    policy: Policy,
    areas: Sequence[str],
    measures: Sequence[Measure],
    fictional: bool = False,
) -> Figures:
    """The figures of one period. `disclosure.protect_block` makes each block."""
    groups: list[tuple[Dimension, str]] = [
        *(("area", area) for area in areas),
        *(("age_band", band) for band in AGE_BANDS),
    ]
    shown = [group for group in groups if is_group_shown(counts.checkins[group])]
    needs = Measure(
        UNMET_NEED, "Searches that found nothing good, by topic", directory_counts.topics
    )
    useful = Measure(USEFULNESS, "Was this useful?", directory_counts.useful_answers)
    has_usefulness = any(directory_counts.useful.values())
    unmet = {
        area: searches
        for area, searches in sorted(directory_counts.unmet.items())
        if any(searches.values())
    }
    # Includes questions that were not asked: their blocks say so.
    blocks = [
        _count_block(counts, measure, group, policy) for measure in measures for group in shown
    ]
    return Figures(
        period=period,
        policy=policy,
        question_sets=tuple(
            sorted(
                set().union(*(counts.question_sets[group] for group in shown if group[0] == "area"))
            )
        ),
        measures=(*measures, *((needs,) if unmet else ()), *((useful,) if has_usefulness else ())),
        areas=tuple(areas),
        areas_left_out=tuple(area for area in areas if ("area", area) not in shown),
        age_bands=tuple(AGE_BANDS),
        age_bands_left_out=tuple(band for band in AGE_BANDS if ("age_band", band) not in shown),
        blocks=tuple(blocks),
        needs=tuple(
            _directory_block(searches, needs, area, policy) for area, searches in unmet.items()
        ),
        usefulness=_directory_block(directory_counts.useful, useful, EVERYWHERE, policy)
        if has_usefulness
        else None,
        listing_counts=directory_counts.listing_counts,
        fictional=fictional,
    )


def suppress_leaks(figures: Figures, earlier: Sequence[Figures]) -> Figures:
    """The figures with blocks withheld until they reveal no hidden count.

    Leaks of the earlier releases alone are only kept from getting worse. Raises ReleaseError if a
    count would be revealed even with the whole measure withheld, or if the figures are
    inconsistent with the earlier ones.
    """
    for measure in list_measures([*earlier, figures]):
        try:
            figures = _MeasureSuppression(earlier, measure).suppress(figures)
        except InconsistentReleasesError:
            if measure not in DIRECTORY_MEASURES:
                raise
            # The directory was replaced since. Check-ins can still be released.
            for block in figures.all_blocks():
                if block.measure == measure:
                    figures = _without(figures, block)
    return figures


class _MeasureSuppression:
    """Secondary suppression of one measure, given the earlier releases and their own leaks."""

    def __init__(self, earlier: Sequence[Figures], measure: str) -> None:
        self._earlier = earlier
        self._measure = measure
        self._known_leaks = {leak.cell: leak for leak in self._attack(()).leaks}

    def suppress(self, figures: Figures) -> Figures:
        """The figures with as many blocks withheld as needed."""
        while leaks := self._find_new_leaks(figures):
            for leak in leaks:
                figures = self._suppress_leak(figures, leak.cell)
        return figures

    def _attack(self, new: Sequence[Figures], only: CellKey | None = None) -> Attack:
        releases = [*self._earlier, *new]
        return attack_measure(releases, self._measure, earlier=self._earlier, only=only)

    def _find_new_leaks(self, figures: Figures, only: CellKey | None = None) -> list[Leak]:
        return [
            leak
            for leak in self._attack([figures], only).leaks
            if (known := self._known_leaks.get(leak.cell)) is None
            or leak.low > known.low
            or leak.high < known.high
        ]

    def _suppress_leak(self, figures: Figures, cell: CellKey) -> Figures:
        """Withhold the block that closes a leak: preferably of its own group, else the smallest.

        If no single block closes it, the smallest is withheld, and the search continues.
        """
        while self._find_new_leaks(figures, cell):
            shown = [
                block
                for block in figures.all_blocks()
                if block.measure == self._measure
                and any(shown_cell.count is not None for shown_cell in block.cells)
            ]
            if not shown:
                raise ReleaseError(
                    "This release would reveal a count that must not be shown: "
                    f"{cell.period}, {cell.measure}, {cell.group}, answer {cell.answer}. Release "
                    "a period that shares no week with earlier releases."
                )
            shown.sort(key=lambda block: (block.group != cell.group, _size(block)))
            candidates = (_without(figures, block) for block in shown)
            figures = next(
                (
                    candidate
                    for candidate in candidates
                    if not self._find_new_leaks(candidate, cell)
                ),
                _without(figures, min(shown, key=_size)),
            )
        return figures


def _size(block: Block) -> int:
    return sum(cell.count or 0 for cell in block.cells)


def _count_block(
    counts: RawCounts, measure: Measure, group: tuple[Dimension, str], policy: Policy
) -> Block:
    answer_counts = counts.list_counts(group, measure)
    numbers = answer_counts or [0] * len(measure.answers)
    cells = protect_block(numbers, policy, was_asked=answer_counts is not None)
    return Block(*group, measure.code, cells)


def _directory_block(
    counts: Mapping[str, int], measure: Measure, group: str, policy: Policy
) -> Block:
    numbers = [counts.get(code, 0) for code, _ in measure.answers]
    return Block("area", group, measure.code, protect_block(numbers, policy))


def _without(figures: Figures, block: Block) -> Figures:
    def replace_block(blocks: Sequence[Block]) -> Iterator[Block]:
        for candidate in blocks:
            withheld = replace(candidate, cells=withhold(candidate.cells))
            yield withheld if candidate == block else candidate

    usefulness = figures.usefulness
    return replace(
        figures,
        blocks=tuple(replace_block(figures.blocks)),
        needs=tuple(replace_block(figures.needs)),
        usefulness=next(replace_block([usefulness])) if usefulness else None,
    )
