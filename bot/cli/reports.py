"""The output of directory commands: reports of imports, and tables of evaluations."""

from collections.abc import Mapping

from rich.table import Table

from bot.terminal import OUT
from directory.importing.importer import ImportReport
from directory.search.evaluation import Mean, QualitySummary


def print_import_report(report: ImportReport) -> None:
    """Print what an import changed, and each quarantined or doubtful row with its reason."""
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
        OUT.print(
            f"{len(report.doubtful)} were imported without the values that could not be read:"
        )
    for listing in report.doubtful:
        OUT.print(f"  {listing.name!r}: {'; '.join(listing.doubts)}", markup=False)


def tabulate_quality(summaries: Mapping[str, QualitySummary], gains: Mapping[str, Mean]) -> Table:
    """A row for each ranking: means with 95% intervals, and the default's gain over it."""
    columns = ("ranking", "nDCG@10", "recall@20", "MRR", "default better by")
    table = Table(*columns, title=f"{next(iter(summaries.values())).queries} judged queries")
    for ranking, summary in summaries.items():
        means = (summary.ndcg, summary.recall, summary.reciprocal_rank, gains.get(ranking))
        table.add_row(ranking, *map(_format_mean, means))
    return table


def tabulate_styles(summaries: Mapping[str, Mapping[str, QualitySummary]]) -> Table:
    """nDCG@10 by style of query, a row for each ranking."""
    styles = list(next(iter(summaries.values())))
    table = Table("nDCG@10", *styles)
    for ranking, by_style in summaries.items():
        table.add_row(ranking, *(f"{by_style[style].ndcg.value:.3f}" for style in styles))
    return table


def _format_mean(mean: Mean | None) -> str:
    return "" if mean is None else f"{mean.value:.3f} [{mean.low:.3f}, {mean.high:.3f}]"
