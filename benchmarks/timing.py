"""Times several tasks in turns, so that other load on the machine affects all of them equally.

Owns the rounds and the percentiles. Must know nothing about the tasks.
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
    """The times of a task: `seconds` has shape (rounds, steps)."""

    seconds: NDArray[np.float64]

    @property
    def p50(self) -> float:
        """The median, in milliseconds."""
        return float(np.percentile(self.seconds, 50)) * 1000

    @property
    def p95(self) -> float:
        """The 95th percentile, in milliseconds."""
        return float(np.percentile(self.seconds, 95)) * 1000

    def pick(self, steps: Sequence[int]) -> "Timings":
        """The times of some steps only."""
        return Timings(self.seconds[:, list(steps)])


def time_in_rounds(
    tasks: Mapping[str, Callable[[int], object]], *, steps: int, rounds: int, warm: bool = True
) -> dict[str, Timings]:
    """Run step 0 of every task, then step 1 of every task, and so on, `rounds` times over.

    The first task changes with each step, because later ones find caches that it has filled.
    With `warm`, one more round is run first and not counted.
    """
    names = list(tasks)
    seconds = {name: np.zeros((rounds, steps)) for name in names}
    for number in range(-1 if warm else 0, rounds):
        for step in range(steps):
            first = (number + step) % len(names)
            for name in names[first:] + names[:first]:
                started = time.perf_counter()
                tasks[name](step)
                duration = time.perf_counter() - started
                if number >= 0:
                    seconds[name][number, step] = duration
    return {name: Timings(durations) for name, durations in seconds.items()}


def time_once(task: Callable[[], _T]) -> tuple[float, _T]:
    """The milliseconds that a task took, and its result."""
    started = time.perf_counter()
    result = task()
    return (time.perf_counter() - started) * 1000, result
