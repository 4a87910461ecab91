"""What a reader could work out from releases, with every rule known and a solver at hand.

Owns the attacker: it sees what was published, sets up all that must hold of the raw counts, and
asks an integer solver how narrowly each count that is not shown can be bounded. Must never see a
raw count; it is as good a check as its list of what must hold, which is in `docs/releases.md`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from checkins.disclosure import (
    ANSWERS_MINIMUM,
    GROUP_MINIMUM,
    Cell,
    Mark,
    Policy,
    read_cell,
)
from checkins.errors import ReleaseError, UnfitError
from checkins.figures import REACH, Dimension, Figures
from checkins.periods import Period

_OPEN = (0, None)
_INFEASIBLE = 2


@dataclass(frozen=True)
class Place:
    """A count that is not shown: where in which release. `period` names a rest by its parts."""

    period: str
    dimension: Dimension
    group: str
    measure: str
    answer: str


@dataclass(frozen=True)
class Leak:
    """A hidden count that can be bounded to `low`..`high`, which is narrower than promised."""

    place: Place
    low: int
    high: int

    def __str__(self) -> str:
        at = self.place
        known = str(self.low) if self.low == self.high else f"from {self.low} to {self.high}"
        return f"{at.period}, {at.measure}, {at.group}, answer {at.answer}: it can only be {known}"


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
        except UnfitError:
            if measure not in REACH:
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


@dataclass
class _Hidden:
    place: Place
    #: What has to stay possible: a suppressed count all that it stands for, others any
    #: `small` values of which the least is small.
    lowest: int
    highest: int
    exact: bool
    may_be_large: bool = True


@dataclass
class _System:
    """Integer unknowns, what each can be, and sums of them that are bounded."""

    low: list[int] = field(default_factory=list)
    high: list[int | None] = field(default_factory=list)
    hidden: dict[int, _Hidden] = field(default_factory=dict)
    #: Each: unknowns with their factors, the least and the most of their sum.
    sums: list[tuple[dict[int, int], float, float]] = field(default_factory=list)

    def add(self, known: tuple[int, int | None]) -> int:
        self.low.append(known[0])
        self.high.append(known[1])
        return len(self.low) - 1

    def bind(self, plus: Iterable[int], minus: Iterable[int], low: float, high: float) -> None:
        factors = dict.fromkeys(plus, 1) | dict.fromkeys(minus, -1)
        if factors:
            self.sums.append((factors, low, high))

    def find_leaks(self) -> Iterator[Leak]:
        if not self.hidden:
            return
        solver = _Solver(self)
        open_ones = list(self.hidden)
        # One population can show at once that many counts may be as low or as high as promised.
        while open_ones:
            for sign in (1, -1):
                solver.reach(np.array(open_ones), sign)
            before = len(open_ones)
            open_ones = [at for at in open_ones if not solver.shows_wide(at, self.hidden[at])]
            if len(open_ones) == before:
                break
        for at in open_ones:
            hidden = self.hidden[at]
            if solver.shows_wide(at, hidden):
                continue
            low, high = solver.bound(at)
            if not _is_wide(hidden, low, high) and not self._is_harmless(at, low, high):
                yield Leak(hidden.place, low, high)

    def _is_harmless(self, at: int, low: int, high: int) -> bool:
        """Whether a count is known, but no secret: large, or zero as published zeros say."""
        hidden = self.hidden[at]
        if hidden.exact:
            return False
        if low > hidden.highest:
            return hidden.may_be_large
        return high == 0 and _Solver(self._loosen()).bound(at)[1] == 0

    def _loosen(self) -> "_System":
        """All that published zeros alone say."""
        high = [0 if value == 0 else None for value in self.high]
        links = [one for one in self.sums if one[1] == 0 and one[2] in (0, np.inf)]
        return _System([0] * len(high), high, {}, links)


def _is_wide(hidden: _Hidden, low: int, high: int) -> bool:
    """Whether all that has to stay possible lies between two values that are possible."""
    if hidden.exact:
        return low <= hidden.lowest and high >= hidden.highest
    if low > hidden.highest and not hidden.may_be_large:
        return False
    return high - low >= hidden.highest - hidden.lowest


class _Solver:
    """Asks for the least or most of an unknown, and remembers every population it met."""

    def __init__(self, system: _System) -> None:
        # Larger than anything that the tables allow: a count with no highest is then still free.
        ceiling = 100 + sum(value for value in system.high if value is not None)
        high = [ceiling if value is None else value for value in system.high]
        self._bounds = Bounds(system.low, high)
        self._size = len(high)
        self._sums = _as_constraint(system.sums, self._size)
        self._least = np.full(self._size, np.iinfo(np.int64).max)
        self._most = np.full(self._size, np.iinfo(np.int64).min)

    def reach(self, places: NDArray[np.int64], sign: int) -> NDArray[np.int64]:
        """A population in which the sum of those unknowns is least, or most with sign -1."""
        aim = np.zeros(self._size)
        aim[places] = sign
        found = milp(aim, constraints=self._sums, bounds=self._bounds)
        # Without asking for whole numbers it is far quicker, and nearly always they are.
        if found.x is not None and not np.allclose(found.x, np.rint(found.x), rtol=0, atol=1e-6):
            found = milp(
                aim, constraints=self._sums, bounds=self._bounds, integrality=np.ones(self._size)
            )
        if found.status == _INFEASIBLE:
            raise UnfitError(
                "These releases do not fit together: no check-ins at all could have given them. "
                "Were check-ins added or removed after a release, or a release changed?"
            )
        if found.x is None:
            raise ReleaseError(f"The check of the releases failed: {found.message}")
        population: NDArray[np.int64] = np.rint(found.x).astype(np.int64)
        np.minimum(self._least, population, out=self._least)
        np.maximum(self._most, population, out=self._most)
        return population

    def shows_wide(self, at: int, hidden: _Hidden) -> bool:
        """Whether the populations met so far show that this count is as open as it should be."""
        return _is_wide(hidden, int(self._least[at]), int(self._most[at]))

    def bound(self, at: int) -> tuple[int, int]:
        place = np.array([at])
        return int(self.reach(place, 1)[at]), int(self.reach(place, -1)[at])


def _as_constraint(
    sums: Sequence[tuple[dict[int, int], float, float]], size: int
) -> LinearConstraint | tuple[()]:
    if not sums:
        return ()
    ends = np.cumsum([0, *(len(factors) for factors, _, _ in sums)])
    columns = [column for factors, _, _ in sums for column in factors]
    values = [float(value) for factors, _, _ in sums for value in factors.values()]
    matrix = csr_array((values, columns, ends), shape=(len(sums), size))
    return LinearConstraint(matrix, [low for _, low, _ in sums], [high for _, _, high in sums])


@dataclass(frozen=True)
class _Table:
    """One release's blocks of a measure, as unknowns: by dimension and group, then by answer."""

    figures: Figures
    unknowns: dict[tuple[Dimension, str], dict[str, int]]

    def find(self, dimension: Dimension, answer: str) -> list[int]:
        return [one[answer] for (kind, _), one in self.unknowns.items() if kind == dimension]


def _set_up(releases: Sequence[Figures], measure: str) -> _System:
    system = _System()
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
            weeks = sum(_count_weeks(part.figures.period) for part in within)
            rest = weeks < _count_weeks(table.figures.period)
            _equate(system, table, within, rest=rest, measure=measure)
    return system


def _add_table(system: _System, figures: Figures, measure: str, answers: Iterable[str]) -> _Table:
    """`answers` are all that any release has of the measure: in a group left out, each is small."""
    unknowns: dict[tuple[Dimension, str], dict[str, int]] = {}
    for block in figures.every_block():
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
        elif measure in REACH:
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


def _add_cell(system: _System, policy: Policy, cell: Cell, place: Place) -> int:
    low, high = read_cell(cell)
    if high is None:
        return _add_hidden(system, (low, high), policy, place)
    at = system.add((low, high))
    if 0 < low <= high <= policy.small:
        system.hidden[at] = _Hidden(place, low, high, exact=True)
    return at


def _add_hidden(
    system: _System, known: tuple[int, int | None], policy: Policy, place: Place
) -> int:
    at = system.add(known)
    system.hidden[at] = _Hidden(place, 1, policy.small, exact=False)
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


def _count_weeks(period: Period) -> int:
    return ((period.end - period.start).days + 1) // 7


def _equate(
    system: _System, whole: _Table, parts: Sequence[_Table], *, rest: bool, measure: str
) -> None:
    """Bind the counts of a period to those of its parts, and to what the parts leave over."""
    # Reach has no list of groups: one that is missing from it had nothing to count. Of a question,
    # a group or answer that is missing was not on the list then, which says nothing.
    same_answers = {
        one.figures.measure(measure).answers for one in (whole, *parts) if one.figures.has(measure)
    }
    missing = (0, 0) if measure in REACH and len(same_answers) == 1 else _OPEN
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
