"""From raw counts to figures that can be published, beside everything published before.

Owns which groups and blocks are shown, and complementary suppression: a block is withheld
wherever the attacker of `checkins.attack` could bound a hidden count more narrowly than promised,
by a margin or by an earlier release. Must never show what `checkins.disclosure` did not make.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from checkins.attack import Leak, attack_measure, find_codes
from checkins.checkin import AGE_BANDS
from checkins.counting import Counts
from checkins.disclosure import (
    Policy,
    group_is_shown,
    protect_block,
    withhold,
)
from checkins.errors import ReleaseError
from checkins.figures import (
    EVERYWHERE,
    UNMET_NEED,
    USEFULNESS,
    Block,
    Dimension,
    Figures,
    Measure,
    Supply,
)
from checkins.periods import Period


@dataclass(frozen=True)
class Reach:
    """What the directory counted in a period, raw: for `protect` alone.

    `unmet` is how many searches found nothing good, by area and then topic; `useful` how many
    gave each answer. `topics` and `useful_answers` are pairs of code and words, all there are.
    """

    topics: tuple[tuple[str, str], ...] = ()
    unmet: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    useful_answers: tuple[tuple[str, str], ...] = ()
    useful: Mapping[str, int] = field(default_factory=dict)
    supply: tuple[Supply, ...] = ()


NO_REACH = Reach()


def protect(
    counts: Counts,
    reach: Reach,
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
    asked = [one for one in measures if any((group, one.code) in counts.answers for group in shown)]
    needs = Measure(UNMET_NEED, "Searches that found nothing good, by topic", reach.topics)
    useful = Measure(USEFULNESS, "Was this useful?", reach.useful_answers)
    answered = any(reach.useful.values())
    return Figures(
        period=period,
        policy=policy,
        question_sets=tuple(sorted(counts.question_sets)),
        measures=(*asked, *((needs,) if reach.unmet else ()), *((useful,) if answered else ())),
        areas=tuple(areas),
        areas_left_out=tuple(area for area in areas if ("area", area) not in shown),
        age_bands=tuple(AGE_BANDS),
        age_bands_left_out=tuple(band for band in AGE_BANDS if ("age_band", band) not in shown),
        blocks=tuple(
            _count(counts, measure, group, policy) for measure in asked for group in shown
        ),
        needs=tuple(
            _reach_block(found, needs, area, policy) for area, found in sorted(reach.unmet.items())
        ),
        usefulness=_reach_block(reach.useful, useful, EVERYWHERE, policy) if answered else None,
        supply=reach.supply,
        fictional=fictional,
    )


def complement(figures: Figures, earlier: Sequence[Figures]) -> Figures:
    """The same figures with blocks withheld until nothing hidden can be bounded too narrowly.

    Raises ReleaseError where it still could be with all of a measure withheld, or where
    the figures do not fit to the earlier ones.
    """
    for measure in find_codes([*earlier, figures]):
        while leaks := attack_measure([*earlier, figures], measure).leaks:
            for leak in leaks:
                figures = _close(figures, earlier, leak)
    return figures


def _count(counts: Counts, measure: Measure, group: tuple[Dimension, str], policy: Policy) -> Block:
    found = counts.count(group, measure)
    numbers = found or [0] * len(measure.answers)
    cells = protect_block(numbers, policy, asked=found is not None)
    return Block(*group, measure.code, cells)


def _reach_block(found: Mapping[str, int], measure: Measure, group: str, policy: Policy) -> Block:
    numbers = [found.get(code, 0) for code, _ in measure.answers]
    return Block("area", group, measure.code, protect_block(numbers, policy))


def _close(figures: Figures, earlier: Sequence[Figures], leak: Leak) -> Figures:
    """Withhold the block that closes the leak: of the same group if one does, else the smallest.

    Where none does so alone, the smallest goes, and what is left is tried again.
    """
    at = leak.place

    def leaks(candidate: Figures) -> bool:
        return bool(attack_measure([*earlier, candidate], at.measure, only=at).leaks)

    while leaks(figures):
        shown = [
            block
            for block in figures.every_block()
            if block.measure == at.measure and any(cell.count is not None for cell in block.cells)
        ]
        if not shown:
            raise ReleaseError(
                f"This release would reveal a count that is not to be shown. {leak}. Release a "
                "period that has no week in common with earlier releases."
            )
        shown.sort(key=lambda one: (one.group != at.group, sum(c.count or 0 for c in one.cells)))
        candidates = (_without(figures, block) for block in shown)
        figures = next(
            (one for one in candidates if not leaks(one)), _without(figures, _smallest(shown))
        )
    return figures


def _smallest(blocks: Sequence[Block]) -> Block:
    return min(blocks, key=lambda block: sum(cell.count or 0 for cell in block.cells))


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
