"""Where commands print: results to standard output, progress and what went wrong to the other."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from directory.importing import Progress as TellProgress

OUT = Console(highlight=False, soft_wrap=True)
ASIDE = Console(stderr=True, highlight=False, soft_wrap=True)


@contextmanager
def show_progress() -> Iterator[TellProgress]:
    """Bars on the terminal for as long as something is done, one a step."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=ASIDE) as bars:
        tasks = {}

        def tell(step: str, done: int, total: int | None) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step, total=total)
            bars.update(tasks[step], completed=done, total=total)

        yield tell
