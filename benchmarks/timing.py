"""Timing several things side by side, so that whatever else the machine does hits all alike.

Owns the rounds and the percentiles. Knows nothing of what is timed.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

_T = TypeVar("_T")


@dataclass(frozen=True)
class Timings:
    """How long one thing took: `seconds` has shape (rounds, steps)."""

    seconds: NDArray[np.float64]

    @property
    def p50(self) -> float:
        """The median, in milliseconds."""
        return float(np.percentile(self.seconds, 50)) * 1000

    @property
    def p95(self) -> float:
        """What 19 in 20 stay under, in milliseconds."""
        return float(np.percentile(self.seconds, 95)) * 1000

    def pick(self, steps: Sequence[int]) -> "Timings":
        """The same, of some steps only."""
        return Timings(self.seconds[:, list(steps)])


def time_in_rounds(
    tasks: Mapping[str, Callable[[int], object]], *, steps: int, rounds: int, warm: bool = True
) -> dict[str, Timings]:
    """Run step 0 of every task, then step 1 of every task, and so on, `rounds` times over.

    Who goes first changes with each step: what comes second finds caches that the first
    has filled. With `warm`, one more round is run before and not counted.
    """
    names = list(tasks)
    seconds = {name: np.zeros((rounds, steps)) for name in names}
    for number in range(-1 if warm else 0, rounds):
        for step in range(steps):
            turn = (number + step) % len(names)
            for name in names[turn:] + names[:turn]:
                started = time.perf_counter()
                tasks[name](step)
                taken = time.perf_counter() - started
                if number >= 0:
                    seconds[name][number, step] = taken
    return {name: Timings(taken) for name, taken in seconds.items()}


def time_once(task: Callable[[], _T]) -> tuple[float, _T]:
    """How long it took, in milliseconds, and what it gave."""
    started = time.perf_counter()
    given = task()
    return (time.perf_counter() - started) * 1000, given
