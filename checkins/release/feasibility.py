"""How narrowly counts that are not shown can be bounded, by all that must hold of them.

Owns the unknowns, the sums that tie them together, and the integer solver. What they stand for,
and what must hold of them, is for `attack` to say.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from checkins.errors import InconsistentReleasesError, ReleaseError
from checkins.figures import Dimension

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


@dataclass
class Hidden:
    """What has to stay possible of a hidden count: all from `lowest` to `highest` if `exact`.

    Otherwise as many values, of which the least is no more than `highest` unless it `may_be_large`.
    """

    place: Place
    lowest: int
    highest: int
    exact: bool
    may_be_large: bool = True


@dataclass
class System:
    """Integer unknowns, what each can be, and sums of them that are bounded."""

    low: list[int] = field(default_factory=list)
    high: list[int | None] = field(default_factory=list)
    hidden: dict[int, Hidden] = field(default_factory=dict)
    #: Each: unknowns with their factors, the least and the most of their sum.
    sums: list[tuple[dict[int, int], float, float]] = field(default_factory=list)

    def add(self, known: tuple[int, int | None]) -> int:
        """A new unknown, at least and at most so much; None for no most. Its number."""
        self.low.append(known[0])
        self.high.append(known[1])
        return len(self.low) - 1

    def bind(self, plus: Iterable[int], minus: Iterable[int], low: float, high: float) -> None:
        """Hold the sum of some unknowns, less that of others, between `low` and `high`."""
        factors = dict.fromkeys(plus, 1) | dict.fromkeys(minus, -1)
        if factors:
            self.sums.append((factors, low, high))

    def find_leaks(self) -> Iterator[Leak]:
        """The hidden counts of which too little stays possible.

        Raises UnfitError if nothing at all is possible, ReleaseError if the solver fails.
        """
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

    def _loosen(self) -> "System":
        """All that published zeros alone say."""
        high = [0 if value == 0 else None for value in self.high]
        links = [one for one in self.sums if one[1] == 0 and one[2] in (0, np.inf)]
        return System([0] * len(high), high, {}, links)


def _is_wide(hidden: Hidden, low: int, high: int) -> bool:
    """Whether all that has to stay possible lies between two values that are possible."""
    if hidden.exact:
        return low <= hidden.lowest and high >= hidden.highest
    if low > hidden.highest and not hidden.may_be_large:
        return False
    return high - low >= hidden.highest - hidden.lowest


class _Solver:
    """Asks for the least or most of an unknown, and remembers every population it met."""

    def __init__(self, system: System) -> None:
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
            raise InconsistentReleasesError(
                "These releases do not fit together: no check-ins at all could have given them. "
                "Were check-ins added or removed after a release, or a release changed?"
            )
        if found.x is None:
            raise ReleaseError(f"The check of the releases failed: {found.message}")
        population: NDArray[np.int64] = np.rint(found.x).astype(np.int64)
        np.minimum(self._least, population, out=self._least)
        np.maximum(self._most, population, out=self._most)
        return population

    def shows_wide(self, at: int, hidden: Hidden) -> bool:
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
