"""Simulates a reader who knows every rule, has every release, and has a solver.

Owns the constraints that published figures place on raw counts; `feasibility` then bounds each
hidden count. Must never see a raw count. The check is only as good as its list of constraints,
which is in `docs/explanation/disclosure-control.md`.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from checkins.disclosure import (
    ANSWERS_MINIMUM,
    GROUP_MINIMUM,
    Cell,
    Mark,
    Policy,
    bound_cell,
)
from checkins.errors import InconsistentReleasesError
from checkins.figures import DIRECTORY_MEASURES, Dimension, Figures
from checkins.release.feasibility import CellKey, HiddenCount, Leak, System

_UNBOUNDED = (0, None)


@dataclass(frozen=True)
class Attack:
    """The result of an attack: the number of hidden counts tried, and those that leak."""

    tried: int
    leaks: tuple[Leak, ...]


def attack_releases(releases: Sequence[Figures]) -> Attack:
    """Try every hidden count of these releases, and of the differences between them.

    Raises ReleaseError if no population could have produced them.
    """
    attacks = []
    for measure in list_measures(releases):
        try:
            attacks.append(attack_measure(releases, measure))
        except InconsistentReleasesError:
            if measure not in DIRECTORY_MEASURES:
                raise
            # The directory was replaced, so its counts are unrelated between releases.
            attacks += [attack_measure([release], measure) for release in releases]
    return Attack(
        sum(attack.tried for attack in attacks),
        tuple(leak for attack in attacks for leak in attack.leaks),
    )


def list_measures(releases: Sequence[Figures]) -> list[str]:
    """The codes of all measures in these releases."""
    return sorted({measure.code for release in releases for measure in release.measures})


def attack_measure(
    releases: Sequence[Figures],
    measure: str,
    *,
    earlier: Sequence[Figures] = (),
    only: CellKey | None = None,
) -> Attack:
    """Attack one measure. Measures share no counts, so each can be attacked separately.

    A count that an `earlier` release withheld must not become certainly large either: that would
    reveal that everyone in its block gave the same answer. With `only`, only that count is tried.
    """
    system = _build_system(releases, measure)
    earlier_periods = {release.period.name for release in earlier}
    for hidden in system.hidden.values():
        hidden.may_be_large = hidden.cell.period not in earlier_periods
    if only:
        system.hidden = {
            index: hidden for index, hidden in system.hidden.items() if hidden.cell == only
        }
    return Attack(len(system.hidden), tuple(system.find_leaks()))


@dataclass(frozen=True)
class _Table:
    """The blocks of one measure in a release, as unknowns by dimension and group, then answer."""

    figures: Figures
    unknowns: dict[tuple[Dimension, str], dict[str, int]]

    def list_unknowns(self, dimension: Dimension, answer: str) -> list[int]:
        return [
            answers[answer]
            for (block_dimension, _), answers in self.unknowns.items()
            if block_dimension == dimension
        ]


def _build_system(releases: Sequence[Figures], measure: str) -> System:
    system = System()
    # Longer periods first, so that a period follows the periods that contain it.
    ordered = sorted(
        releases, key=lambda release: (release.period.start, -release.period.end.toordinal())
    )
    answers = {
        code: None
        for release in releases
        if release.has_measure(measure)
        for code, _ in release.get_measure(measure).answers
    }
    tables = [_add_table(system, release, measure, answers) for release in ordered]
    for table in tables:
        if not table.figures.has_measure(measure):
            continue
        for answer, _ in table.figures.get_measure(measure).answers:
            # Everyone counted by age is also counted by area, but not everyone gives an age.
            if ages := table.list_unknowns("age_band", answer):
                system.bind(table.list_unknowns("area", answer), ages, 0, np.inf)
    for first, second in pairwise(tables):
        if first.figures.period == second.figures.period:
            _equate(system, first, [second], rest=False, measure=measure)
    distinct = [
        table
        for number, table in enumerate(tables)
        if number == 0 or table.figures.period != tables[number - 1].figures.period
    ]
    for number, table in enumerate(distinct):
        within = _find_parts(table, distinct[number + 1 :])
        if within:
            weeks = sum(part.figures.period.weeks for part in within)
            rest = weeks < table.figures.period.weeks
            _equate(system, table, within, rest=rest, measure=measure)
    return system


def _add_table(system: System, figures: Figures, measure: str, answers: Iterable[str]) -> _Table:
    """`answers` are those of the measure in any release: each is small in a group left out."""
    unknowns: dict[tuple[Dimension, str], dict[str, int]] = {}
    for block in figures.all_blocks():
        if block.measure != measure:
            continue
        group = (block.dimension, block.group)
        unknowns[group] = {
            code: _add_cell(
                system, figures.policy, cell, CellKey(figures.period.name, *group, measure, code)
            )
            for (code, _), cell in zip(
                figures.get_measure(measure).answers, block.cells, strict=True
            )
        }
        if not {cell.mark for cell in block.cells} & {Mark.WITHHELD, Mark.NOT_ASKED}:
            system.bind(unknowns[group].values(), (), ANSWERS_MINIMUM, np.inf)
        elif measure in DIRECTORY_MEASURES:
            # A group without any count has no block.
            system.bind(unknowns[group].values(), (), 1, np.inf)
    for group in figures.list_left_out(measure):
        unknowns[group] = {
            code: _add_hidden(
                system,
                (0, GROUP_MINIMUM - 1),
                figures.policy,
                CellKey(figures.period.name, *group, measure, code),
            )
            for code in answers
        }
        system.bind(unknowns[group].values(), (), 0, GROUP_MINIMUM - 1)
    return _Table(figures, unknowns)


def _add_cell(system: System, policy: Policy, cell: Cell, key: CellKey) -> int:
    low, high = bound_cell(cell)
    if high is None:
        return _add_hidden(system, (low, high), policy, key)
    index = system.add((low, high))
    if 0 < low <= high <= policy.small:
        system.hidden[index] = HiddenCount(key, low, high, exact=True)
    return index


def _add_hidden(
    system: System, bounds: tuple[int, int | None], policy: Policy, key: CellKey
) -> int:
    index = system.add(bounds)
    system.hidden[index] = HiddenCount(key, 1, policy.small, exact=False)
    return index


def _find_parts(whole: _Table, later: Sequence[_Table]) -> list[_Table]:
    """The largest releases within this one. Smaller ones are bound to those in turn."""
    parts: list[_Table] = []
    for table in later:
        period = table.figures.period
        if whole.figures.period.contains(period) and not any(
            part.figures.period.contains(period) for part in parts
        ):
            parts.append(table)
    return parts


def _equate(
    system: System, whole: _Table, parts: Sequence[_Table], *, rest: bool, measure: str
) -> None:
    """Bind the counts of a period to those of its parts and, with `rest`, of its other weeks."""
    # A measure of the directory has no list of groups: a missing group had nothing to count. For a
    # question, a missing group or answer was not on the list at the time, which reveals nothing.
    same_answers = {
        table.figures.get_measure(measure).answers
        for table in (whole, *parts)
        if table.figures.has_measure(measure)
    }
    missing = (0, 0) if measure in DIRECTORY_MEASURES and len(same_answers) == 1 else _UNBOUNDED
    rests: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    same_areas = all(part.figures.has_same_areas(whole.figures.areas) for part in parts)
    for group, code in (
        (group, code) for group, answers in whole.unknowns.items() for code in answers
    ):
        # Age bands only count people in the areas on the list of that release.
        if group[0] == "age_band" and not same_areas:
            continue
        pieces = [part.unknowns.get(group, {}).get(code) for part in parts]
        unknowns = [system.add(missing) if piece is None else piece for piece in pieces]
        if rest:
            names = ", ".join(part.figures.period.name for part in parts)
            key = CellKey(f"{whole.figures.period.name} without {names}", *group, measure, code)
            unknowns.append(_add_hidden(system, _UNBOUNDED, whole.figures.policy, key))
            rests[group[0], code].append(unknowns[-1])
        system.bind([whole.unknowns[group][code]], unknowns, 0, 0)
    for (dimension, code), ages in list(rests.items()):
        if dimension == "age_band" and whole.figures.has_measure(measure):
            system.bind(rests["area", code], ages, 0, np.inf)
