"""Notices when unusually many check-ins come within an hour, which may have been made up.

Owns the times of the last hour's check-ins, in memory only. Must never hold who sent one, and never
give out a time: what leaves is the largest number that came within any hour of a week.
"""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from checkins.disclosure import GROUP_MINIMUM, ROUNDED_TO

#: Stands for all areas together.
ALL_AREAS = ""
#: A week, and an area or `ALL_AREAS`.
WeekAndArea = tuple[str, str]

_HOUR = 3600.0


@dataclass(frozen=True)
class Burst:
    """Most check-ins of a week in one area, or in all areas together, came within one hour."""

    week: str
    area: str

    def __str__(self) -> str:
        return f"{self.week} in {self.area}" if self.area else f"{self.week} in all areas together"


class BurstWatch:
    """The largest number of check-ins within an hour, by week and area; thread-safe.

    `clock` returns monotonic seconds. A time is forgotten an hour later, when the next check-in
    comes or the numbers are read.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._latest: deque[tuple[float, WeekAndArea]] = deque()
        self._counts: Counter[WeekAndArea] = Counter()
        self._largest: dict[WeekAndArea, int] = {}

    def add(self, week: str, area: str) -> None:
        """Count a check-in that was stored just now."""
        with self._lock:
            self._forget_old()
            for key in ((week, area), (week, ALL_AREAS)):
                self._latest.append((self._clock(), key))
                self._counts[key] += 1
                self._largest[key] = max(self._largest.get(key, 0), self._counts[key])

    def read_largest(self) -> dict[WeekAndArea, int]:
        """The numbers that may be stored: at least 10, and rounded down to a multiple of 5."""
        with self._lock:
            self._forget_old()
            return {
                key: count - count % ROUNDED_TO
                for key, count in self._largest.items()
                if count >= GROUP_MINIMUM
            }

    def _forget_old(self) -> None:
        while self._latest and self._latest[0][0] <= self._clock() - _HOUR:
            _, key = self._latest.popleft()
            self._counts[key] -= 1


def find_bursts(
    largest: Mapping[WeekAndArea, int], totals: Mapping[WeekAndArea, int]
) -> tuple[Burst, ...]:
    """The weeks and areas of which most check-ins came within an hour, in order.

    `totals` counts the check-ins of each week, in each area and in all areas.
    """
    return tuple(
        Burst(*key) for key in sorted(largest) if key in totals and 2 * largest[key] > totals[key]
    )
