"""How much a source may hold: the limits of every reader, in one place.

A reader counts while it reads and stops at the first thing too many, before the work that the limit
is to prevent. Nothing here knows a format.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from directory.errors import SourceTooLargeError

MAX_RATIO = 100
"""How many times its own size an archive may unpack to. Tables of services come to 5 to 30."""
MAX_SMALL_BYTES = 1_000_000
"""What an archive may unpack to whatever its ratio."""
MAX_FILES = 500
"""Files in an archive or a folder. A data package has about twenty."""
MAX_DEPTH = 50
"""How deeply JSON may be nested. Feeds come to eight."""
MAX_COLUMNS = 20_000
"""Cells of a row. The template has 42 columns, a spreadsheet program at most 16,384."""
MAX_RECORD_LENGTH = 1_000_000
"""Letters in one row of a table, all its cells together."""
MAX_ZONE_RULES = 100
"""Rules in the time zones that a calendar defines. Each is followed from its first year on."""
MAX_YEAR = 2200
"""The last year of an event: a time zone's rules are followed until then."""
MAX_YEARS_AHEAD = 10
"""How far a rule that ends after so many repetitions is followed to find the last."""

# A text of so many letters counts as another value.
_LETTERS_A_VALUE = 100

_Row = TypeVar("_Row")


@dataclass(frozen=True)
class Limits:
    """The most that one source may hold.

    `max_bytes` is the size of a file, `max_unpacked_bytes` that of everything in an archive or a
    folder. `max_values` counts the values of JSON and the cells of tables; `max_lines` the lines of
    a calendar and the parts of its lists, which take far longer to read. `max_seconds` is for
    reading rows, of which a few may take long.
    """

    max_bytes: int
    max_unpacked_bytes: int
    max_rows: int
    max_values: int
    max_lines: int
    max_seconds: float

    def collect_rows(self, rows: Iterable[_Row], source: str) -> list[_Row]:
        """The rows as a list. Raises SourceTooLargeError at the first row or second too many."""
        deadline = time.monotonic() + self.max_seconds
        collected: list[_Row] = []
        for row in rows:
            collected.append(row)
            self.check_rows(len(collected), source)
            if time.monotonic() > deadline:
                raise SourceTooLargeError(
                    f"{source} takes longer than {self.max_seconds:.0f} seconds to read."
                )
        return collected

    def check_rows(self, count: int, source: str) -> None:
        """Raise SourceTooLargeError if `count` rows are more than a source may have."""
        if count > self.max_rows:
            raise SourceTooLargeError(f"{source} has more than {self.max_rows:,} rows.")

    def check_bytes(self, count: int, source: str) -> None:
        """Raise SourceTooLargeError if a file of `count` bytes is too large."""
        if count > self.max_bytes:
            raise SourceTooLargeError(f"{source} is larger than {_format_bytes(self.max_bytes)}.")

    def check_unpacked_bytes(self, count: int, source: str) -> None:
        """Raise SourceTooLargeError if `count` bytes are more than a source may unpack to."""
        if count > self.max_unpacked_bytes:
            raise SourceTooLargeError(
                f"{source} holds more than {_format_bytes(self.max_unpacked_bytes)} of text."
            )

    def check_values(self, count: int, source: str) -> None:
        """Raise SourceTooLargeError if `count` values are more than a source may hold."""
        if count > self.max_values:
            raise SourceTooLargeError(f"{source} holds more than {self.max_values:,} values.")

    def check_lines(self, count: int, source: str) -> None:
        """Raise SourceTooLargeError if `count` lines are more than a calendar may hold."""
        if count > self.max_lines:
            raise SourceTooLargeError(
                f"{source} holds more than {self.max_lines:,} lines and parts of lists."
            )


class ValueCounter:
    """Counts the values of a source's services before they are read.

    Services share their organisation and locations: one of a thousand values in a thousand services
    counts as a million, though it takes little room until it is read. The values that were added
    must be kept, as they are told apart by their identity.
    """

    def __init__(self, limits: Limits, source: str) -> None:
        self._limits = limits
        self._source = source
        self._counts: dict[int, int] = {}
        self._total = 0

    def add(self, value: Any) -> None:
        """Count `value` and everything in it. Raises SourceTooLargeError at the limit."""
        self._total += self._count(value)
        self._limits.check_values(self._total, self._source)

    def _count(self, value: Any) -> int:
        if isinstance(value, str):
            return 1 + len(value) // _LETTERS_A_VALUE
        if not isinstance(value, dict | list):
            return 1
        if id(value) not in self._counts:
            items = value.values() if isinstance(value, dict) else value
            self._counts[id(value)] = 1 + sum(map(self._count, items))
        return self._counts[id(value)]


def _format_bytes(count: int) -> str:
    return f"{count // 1_000_000} megabytes"


UPLOAD_LIMITS = Limits(
    max_bytes=5 * 1024 * 1024,
    max_unpacked_bytes=50_000_000,
    # About a minute's work. Larger files need the command line, which shows progress.
    max_rows=2_000,
    max_values=1_000_000,
    max_lines=300_000,
    max_seconds=30.0,
)
"""Of a file that a navigator sends to the desk."""

SOURCE_LIMITS = Limits(
    max_bytes=200_000_000,
    max_unpacked_bytes=200_000_000,
    max_rows=100_000,
    max_values=20_000_000,
    max_lines=10_000_000,
    max_seconds=1_800.0,
)
"""Of a feed, and of a file that an operator imports."""
