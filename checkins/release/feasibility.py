"""Bounds hidden counts: how narrowly, given everything that must hold for them.

Owns the unknowns, the sums that connect them, and the integer solver. `attack` decides what the
unknowns stand for, and which sums must hold.
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
class CellKey:
    """The key of a count in a release. `period` can name a difference between releases."""

    period: str
    dimension: Dimension
    group: str
    measure: str
    answer: str


@dataclass(frozen=True)
class Leak:
    """A hidden count that can be bounded to `low`..`high`, which is narrower than promised."""

    cell: CellKey
    low: int
    high: int

    def __str__(self) -> str:
        cell = self.cell
        bounds = str(self.low) if self.low == self.high else f"from {self.low} to {self.high}"
        return (
            f"{cell.period}, {cell.measure}, {cell.group}, answer {cell.answer}: "
            f"it can only be {bounds}"
        )


@dataclass
class HiddenCount:
    """The values that must remain possible for a hidden count.

    If `exact`, these are all values from `lowest` to `highest`. Otherwise as many values must
    remain possible, and the least of them must not exceed `highest` unless it `may_be_large`.
    """

    cell: CellKey
    lowest: int
    highest: int
    exact: bool
    may_be_large: bool = True


@dataclass
class System:
    """Integer unknowns with their bounds, and bounded sums of them."""

    low: list[int] = field(default_factory=list)
    high: list[int | None] = field(default_factory=list)
    hidden: dict[int, HiddenCount] = field(default_factory=dict)
    #: For each sum: the unknowns with their factors, and the lowest and highest value.
    sums: list[tuple[dict[int, int], float, float]] = field(default_factory=list)

    def add(self, bounds: tuple[int, int | None]) -> int:
        """Add an unknown with its lowest and highest value (None: no limit). Returns its index."""
        self.low.append(bounds[0])
        self.high.append(bounds[1])
        return len(self.low) - 1

    def bind(self, plus: Iterable[int], minus: Iterable[int], low: float, high: float) -> None:
        """Keep the sum of some unknowns, minus the sum of others, between `low` and `high`."""
        factors = dict.fromkeys(plus, 1) | dict.fromkeys(minus, -1)
        if factors:
            self.sums.append((factors, low, high))

    def find_leaks(self) -> Iterator[Leak]:
        """The hidden counts for which too few values remain possible.

        Raises InconsistentReleasesError if nothing is possible, ReleaseError if the solver fails.
        """
        if not self.hidden:
            return
        solver = _Solver(self)
        undecided = list(self.hidden)
        # One population can show for many counts at once that they may be as low or as high as
        # promised.
        while undecided:
            for sign in (1, -1):
                solver.minimise(np.array(undecided), sign)
            before = len(undecided)
            undecided = [
                index for index in undecided if not solver.shows_wide(index, self.hidden[index])
            ]
            if len(undecided) == before:
                break
        for index in undecided:
            hidden = self.hidden[index]
            if solver.shows_wide(index, hidden):
                continue
            low, high = solver.bound(index)
            if not _is_wide(hidden, low, high) and not self._is_harmless(index, low, high):
                yield Leak(hidden.cell, low, high)

    def _is_harmless(self, index: int, low: int, high: int) -> bool:
        """Whether a known count is no secret: it is large, or published zeros imply it is zero."""
        hidden = self.hidden[index]
        if hidden.exact:
            return False
        if low > hidden.highest:
            return hidden.may_be_large
        return high == 0 and _Solver(self._keep_zeros()).bound(index)[1] == 0

    def _keep_zeros(self) -> "System":
        """The system with the information of published zeros only."""
        high = [0 if value == 0 else None for value in self.high]
        links = [bound for bound in self.sums if bound[1] == 0 and bound[2] in (0, np.inf)]
        return System([0] * len(high), high, {}, links)


def _is_wide(hidden: HiddenCount, low: int, high: int) -> bool:
    """Whether two possible values span everything that must remain possible."""
    if hidden.exact:
        return low <= hidden.lowest and high >= hidden.highest
    if low > hidden.highest and not hidden.may_be_large:
        return False
    return high - low >= hidden.highest - hidden.lowest


class _Solver:
    """Minimises and maximises unknowns, and remembers the extremes of all solutions."""

    def __init__(self, system: System) -> None:
        # Larger than any published count allows, so that an unknown without a limit stays free.
        ceiling = 100 + sum(value for value in system.high if value is not None)
        high = [ceiling if value is None else value for value in system.high]
        self._bounds = Bounds(system.low, high)
        self._size = len(high)
        self._sums = _make_constraint(system.sums, self._size)
        self._lowest = np.full(self._size, np.iinfo(np.int64).max)
        self._highest = np.full(self._size, np.iinfo(np.int64).min)

    def minimise(self, indices: NDArray[np.int64], sign: int) -> NDArray[np.int64]:
        """A population that minimises the sum of those unknowns; sign -1 maximises it."""
        objective = np.zeros(self._size)
        objective[indices] = sign
        result = milp(objective, constraints=self._sums, bounds=self._bounds)
        # The relaxed problem is far quicker, and its solution is nearly always integral.
        if result.x is not None and not np.allclose(result.x, np.rint(result.x), rtol=0, atol=1e-6):
            result = milp(
                objective,
                constraints=self._sums,
                bounds=self._bounds,
                integrality=np.ones(self._size),
            )
        if result.status == _INFEASIBLE:
            raise InconsistentReleasesError(
                "These releases do not fit together: no check-ins could have produced them. "
                "Were check-ins added or removed after a release, or was a release changed?"
            )
        if result.x is None:
            raise ReleaseError(f"The check of the releases failed: {result.message}")
        population: NDArray[np.int64] = np.rint(result.x).astype(np.int64)
        np.minimum(self._lowest, population, out=self._lowest)
        np.maximum(self._highest, population, out=self._highest)
        return population

    def shows_wide(self, index: int, hidden: HiddenCount) -> bool:
        """Whether the solutions so far show that this count is as uncertain as promised."""
        return _is_wide(hidden, int(self._lowest[index]), int(self._highest[index]))

    def bound(self, index: int) -> tuple[int, int]:
        """The lowest and highest possible value of an unknown."""
        indices = np.array([index])
        return int(self.minimise(indices, 1)[index]), int(self.minimise(indices, -1)[index])


def _make_constraint(
    sums: Sequence[tuple[dict[int, int], float, float]], size: int
) -> LinearConstraint | tuple[()]:
    if not sums:
        return ()
    ends = np.cumsum([0, *(len(factors) for factors, _, _ in sums)])
    columns = [column for factors, _, _ in sums for column in factors]
    values = [float(value) for factors, _, _ in sums for value in factors.values()]
    matrix = csr_array((values, columns, ends), shape=(len(sums), size))
    return LinearConstraint(matrix, [low for _, low, _ in sums], [high for _, _, high in sums])
