"""Where commands print: results to standard output, progress and what went wrong to the other."""

from collections.abc import Iterator, Mapping
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
from rich.table import Table

from directory.importing.importer import ImportReport
from directory.progress import Progress as TellProgress
from directory.search.evaluation import Mean, Summary

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
    bars = Progress(*columns, console=ASIDE)
    tasks: dict[str, TaskID] = {}

    def tell(step: str, done: int, total: int | None) -> None:
        bars.start()
        if step not in tasks:
            tasks[step] = bars.add_task(step, total=total)
        bars.update(tasks[step], completed=done, total=total)

    try:
        yield tell
    finally:
        # Where there was nothing to tell, not even an empty line is printed.
        if tasks:
            bars.stop()


def describe_import(report: ImportReport) -> None:
    """What an import did, every row that was quarantined and every one with a fault: and why."""
    OUT.print(
        f"{report.source}: {report.added} added, {report.updated} updated, "
        f"{report.unchanged} unchanged, {report.closed} closed, "
        f"{len(report.quarantined)} quarantined.",
        markup=False,
    )
    for rejected in report.quarantined:
        OUT.print(
            f"  quarantined {rejected.name or rejected.key!r}: {rejected.reason}", markup=False
        )
    if report.doubtful:
        OUT.print(f"{len(report.doubtful)} were taken without what could not be read:")
    for listing in report.doubtful:
        OUT.print(f"  {listing.name!r}: {'; '.join(listing.doubts)}", markup=False)


def tabulate_quality(told: Mapping[str, Summary], gains: Mapping[str, Mean]) -> Table:
    """A row for each ranking: means with 95% intervals, and the default's gain over it."""
    columns = ("ranking", "nDCG@10", "recall@20", "MRR", "default better by")
    table = Table(*columns, title=f"{next(iter(told.values())).queries} judged queries")
    for name, one in told.items():
        means = (one.ndcg, one.recall, one.reciprocal_rank, gains.get(name))
        table.add_row(name, *map(_show_mean, means))
    return table


def tabulate_styles(styles: Mapping[str, Mapping[str, Summary]]) -> Table:
    """nDCG@10 by style of query, a row for each ranking."""
    names = list(next(iter(styles.values())))
    table = Table("nDCG@10", *names)
    for ranking, by_style in styles.items():
        table.add_row(ranking, *(f"{by_style[name].ndcg.value:.3f}" for name in names))
    return table


def _show_mean(mean: Mean | None) -> str:
    return "" if mean is None else f"{mean.value:.3f} [{mean.low:.3f}, {mean.high:.3f}]"
