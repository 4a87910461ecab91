"""What a reader could work out from releases, with every rule known and a solver at hand.

Owns the attacker: it sees what was published, and sets up all that must hold of the raw counts;
how narrowly each count that is not shown is then bounded is for `feasibility`. Must never see
a raw count; it is as good a check as its list of what must hold, which is in
`docs/explanation/disclosure-control.md`.
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
    read_cell,
)
from checkins.errors import InconsistentReleasesError
from checkins.figures import DIRECTORY_MEASURES, Dimension, Figures
from checkins.release.feasibility import Hidden, Leak, Place, System

_OPEN = (0, None)


@dataclass(frozen=True)
class Attack:
    """What came of an attack: how many hidden counts were tried, and which were too well known."""

    tried: int
    leaks: tuple[Leak, ...]


def attack(releases: Sequence[Figures]) -> Attack:
    """Try every hidden count of these releases, and of the differences between them.

    Raises ReleaseError if no population at all could have given them.
    """
    done = []
    for measure in find_codes(releases):
        try:
            done.append(attack_measure(releases, measure))
        except InconsistentReleasesError:
            if measure not in DIRECTORY_MEASURES:
                raise
            # Another directory was counted: releases of reach say nothing about each other.
            done += [attack_measure([one], measure) for one in releases]
    return Attack(sum(one.tried for one in done), tuple(leak for one in done for leak in one.leaks))


def find_codes(releases: Sequence[Figures]) -> list[str]:
    """Every measure that one of these releases has."""
    return sorted({measure.code for one in releases for measure in one.measures})


def attack_measure(
    releases: Sequence[Figures],
    measure: str,
    *,
    earlier: Sequence[Figures] = (),
    only: Place | None = None,
) -> Attack:
    """The same for one measure alone: measures share no count, so that is the whole of it.

    What `earlier` releases withheld may not turn out to be surely large either: that would say
    that all in the block gave one answer. With `only`, no other count than that one is tried.
    """
    system = _set_up(releases, measure)
    periods = {one.period.name for one in earlier}
    for hidden in system.hidden.values():
        hidden.may_be_large = hidden.place.period not in periods
    if only:
        system.hidden = {at: one for at, one in system.hidden.items() if one.place == only}
    return Attack(len(system.hidden), tuple(system.find_leaks()))


@dataclass(frozen=True)
class _Table:
    """One release's blocks of a measure, as unknowns: by dimension and group, then by answer."""

    figures: Figures
    unknowns: dict[tuple[Dimension, str], dict[str, int]]

    def find(self, dimension: Dimension, answer: str) -> list[int]:
        return [one[answer] for (kind, _), one in self.unknowns.items() if kind == dimension]


def _set_up(releases: Sequence[Figures], measure: str) -> System:
    system = System()
    # Wide periods first, so that what lies within one comes after it.
    ordered = sorted(releases, key=lambda one: (one.period.start, -one.period.end.toordinal()))
    answers = {
        code: None
        for one in releases
        if one.has(measure)
        for code, _ in one.measure(measure).answers
    }
    tables = [_add_table(system, one, measure, answers) for one in ordered]
    for table in tables:
        if not table.figures.has(measure):
            continue
        for answer, _ in table.figures.measure(measure).answers:
            # Everybody counted by age is counted by area; not everybody tells an age.
            if ages := table.find("age_band", answer):
                system.bind(table.find("area", answer), ages, 0, np.inf)
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
    """`answers` are all that any release has of the measure: in a group left out, each is small."""
    unknowns: dict[tuple[Dimension, str], dict[str, int]] = {}
    for block in figures.all_blocks():
        if block.measure != measure:
            continue
        place = (block.dimension, block.group)
        unknowns[place] = {
            code: _add_cell(
                system, figures.policy, cell, Place(figures.period.name, *place, measure, code)
            )
            for (code, _), cell in zip(figures.measure(measure).answers, block.cells, strict=True)
        }
        if not {cell.mark for cell in block.cells} & {Mark.WITHHELD, Mark.NOT_ASKED}:
            system.bind(unknowns[place].values(), (), ANSWERS_MINIMUM, np.inf)
        elif measure in DIRECTORY_MEASURES:
            # Where nothing was counted there is no block.
            system.bind(unknowns[place].values(), (), 1, np.inf)
    for place in figures.find_left_out(measure):
        unknowns[place] = {
            code: _add_hidden(
                system,
                (0, GROUP_MINIMUM - 1),
                figures.policy,
                Place(figures.period.name, *place, measure, code),
            )
            for code in answers
        }
        system.bind(unknowns[place].values(), (), 0, GROUP_MINIMUM - 1)
    return _Table(figures, unknowns)


def _add_cell(system: System, policy: Policy, cell: Cell, place: Place) -> int:
    low, high = read_cell(cell)
    if high is None:
        return _add_hidden(system, (low, high), policy, place)
    at = system.add((low, high))
    if 0 < low <= high <= policy.small:
        system.hidden[at] = Hidden(place, low, high, exact=True)
    return at


def _add_hidden(system: System, known: tuple[int, int | None], policy: Policy, place: Place) -> int:
    at = system.add(known)
    system.hidden[at] = Hidden(place, 1, policy.small, exact=False)
    return at


def _find_parts(table: _Table, later: Sequence[_Table]) -> list[_Table]:
    """The largest releases within this one; what lies within those is bound to them."""
    parts: list[_Table] = []
    for other in later:
        period = other.figures.period
        if table.figures.period.holds(period) and not any(
            part.figures.period.holds(period) for part in parts
        ):
            parts.append(other)
    return parts


def _equate(
    system: System, whole: _Table, parts: Sequence[_Table], *, rest: bool, measure: str
) -> None:
    """Bind the counts of a period to those of its parts, and to what the parts leave over."""
    # Reach has no list of groups: one that is missing from it had nothing to count. Of a question,
    # a group or answer that is missing was not on the list then, which says nothing.
    same_answers = {
        one.figures.measure(measure).answers for one in (whole, *parts) if one.figures.has(measure)
    }
    missing = (0, 0) if measure in DIRECTORY_MEASURES and len(same_answers) == 1 else _OPEN
    rests: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    same_people = all(part.figures.has_same_areas(whole.figures.areas) for part in parts)
    for place, code in ((place, code) for place, found in whole.unknowns.items() for code in found):
        # By age, those are counted who live in an area on the list, whatever list that was.
        if place[0] == "age_band" and not same_people:
            continue
        pieces = [part.unknowns.get(place, {}).get(code) for part in parts]
        unknowns = [system.add(missing) if piece is None else piece for piece in pieces]
        if rest:
            names = ", ".join(part.figures.period.name for part in parts)
            named = Place(f"{whole.figures.period.name} without {names}", *place, measure, code)
            unknowns.append(_add_hidden(system, _OPEN, whole.figures.policy, named))
            rests[place[0], code].append(unknowns[-1])
        system.bind([whole.unknowns[place][code]], unknowns, 0, 0)
    for (dimension, code), ages in list(rests.items()):
        if dimension == "age_band" and whole.figures.has(measure):
            system.bind(rests["area", code], ages, 0, np.inf)
