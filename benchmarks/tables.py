"""Markdown tables of figures, for the terminal and the documents."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.timing import Timings


class LeftOutError(Exception):
    """A part cannot be measured on this machine. The message says why in one line."""


@dataclass(frozen=True)
class Table:
    """A title, named columns, rows of text, and a note on what was measured."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""

    def __str__(self) -> str:
        lines = [self.columns, *self.rows]
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.columns))]
        # The first column holds text, the others figures.
        rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
        table = [_join(self.columns, widths), _join(rule, widths)]
        table += [_join(row, widths) for row in self.rows]
        note = f"\n\n{self.note}" if self.note else ""
        return f"### {self.title}\n\n" + "\n".join(table) + note


def _join(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = zip(cells, widths, strict=True)
    padded = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)]
    return f"| {' | '.join(padded)} |"


def tabulate_timings(
    title: str, timings: dict[str, Timings], *, baseline: str, first_column: str, note: str = ""
) -> Table:
    """p50 and p95 of each task, and its median as a multiple of that of `baseline`."""
    base = timings[baseline].p50
    rows = tuple(
        (
            name,
            f"{timing.p50:.2f}",
            f"{timing.p95:.2f}",
            f"{timing.p50 / base:.2f}",
            str(timing.seconds.size),
        )
        for name, timing in timings.items()
    )
    return Table(title, (first_column, "p50 ms", "p95 ms", f"x {baseline}", "times"), rows, note)
