"""Markdown tables of figures, to read in a terminal and to paste into a page."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.timing import Timings


class LeftOutError(Exception):
    """A part cannot be measured here; the message says why in one line."""


@dataclass(frozen=True)
class Table:
    """A heading, named columns, rows of text, and a line or two on what was measured."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""

    def __str__(self) -> str:
        lines = [self.columns, *self.rows]
        widths = [max(len(line[place]) for line in lines) for place in range(len(self.columns))]
        # The first column holds words, the others figures.
        rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
        shown = [_join(self.columns, widths), _join(rule, widths)]
        shown += [_join(row, widths) for row in self.rows]
        note = f"\n\n{self.note}" if self.note else ""
        return f"### {self.title}\n\n" + "\n".join(shown) + note


def _join(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = zip(cells, widths, strict=True)
    padded = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)]
    return f"| {' | '.join(padded)} |"


def compare(
    title: str, timings: dict[str, Timings], *, beside: str, what: str, note: str = ""
) -> Table:
    """p50 and p95 of each, and how many times the median of `beside` each median is."""
    base = timings[beside].p50
    rows = tuple(
        (name, f"{one.p50:.2f}", f"{one.p95:.2f}", f"{one.p50 / base:.2f}", str(one.seconds.size))
        for name, one in timings.items()
    )
    return Table(title, (what, "p50 ms", "p95 ms", f"x {beside}", "times"), rows, note)
