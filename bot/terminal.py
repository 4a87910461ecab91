"""Output on the terminal: results on standard output, progress and errors on standard error.

Must never print what a resident wrote, except notes on request.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from directory.progress import Progress as ReportProgress

OUT = Console(highlight=False, soft_wrap=True)
ERR = Console(stderr=True, highlight=False, soft_wrap=True)


@contextmanager
def show_progress() -> Iterator[ReportProgress]:
    """Show one progress bar for each step that is reported inside the block."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    bars = Progress(*columns, console=ERR)
    tasks: dict[str, TaskID] = {}

    def report(step: str, done: int, total: int | None) -> None:
        bars.start()
        if step not in tasks:
            tasks[step] = bars.add_task(step, total=total)
        bars.update(tasks[step], completed=done, total=total)

    try:
        yield report
    finally:
        # Stopping bars that never started would print an empty line.
        if tasks:
            bars.stop()


@contextmanager
def show_step(description: str) -> Iterator[None]:
    """Announce a slow step and its end, with a spinner if standard error is a terminal."""
    if sys.stderr.isatty():
        with ERR.status(f"{description} ..."):
            yield
    else:
        ERR.print(f"{description} ...")
        yield
    ERR.print(f"{description}: done")
