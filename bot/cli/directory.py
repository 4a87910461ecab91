"""`connector directory`: imports listings, searches them and prints what residents reported."""

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from bot.cli.reports import print_import_report, tabulate_quality, tabulate_styles
from bot.settings import Settings
from bot.terminal import OUT, show_progress
from directory.errors import DirectoryError
from directory.notes import Notebook

app = typer.Typer(no_args_is_help=True, help="Import listings, search them and read feedback.")


@app.command("import")
def import_sources(
    sources: Annotated[list[str], typer.Argument(help="Files or API addresses.")],
    source_name: Annotated[
        str, typer.Option("--source", help="Name of the source; default: the name of the file.")
    ] = "",
    notice: Annotated[
        str | None, typer.Option(help="Text shown with each of its listings; default: unchanged.")
    ] = None,
    timeout: Annotated[
        float, typer.Option(help="Seconds to wait for each response of an API.")
    ] = 20.0,
    accept_loss: Annotated[
        bool,
        typer.Option("--accept-loss", help="Import even if most of its listings would be closed."),
    ] = False,
) -> None:
    """Import Open Referral UK files, API addresses or CSV templates."""
    from directory.encoder import Encoder, prepare_encoder
    from directory.importing.importer import import_listings
    from directory.importing.upgrade import open_directory
    from directory.sources.detect import name_source, read_source

    settings = Settings()
    if source_name and len(sources) > 1:
        raise DirectoryError(
            "--source names a single source. Import several sources one at a time."
        )
    prepare_encoder(settings.encoder_folder)
    with show_progress() as progress:
        engine = open_directory(settings.directory_url, progress)
    encoder = Encoder(settings.encoder_folder)
    for source in sources:
        started = time.monotonic()
        with show_progress() as progress:
            report = import_listings(
                engine,
                encoder,
                source_name or name_source(source),
                read_source(
                    source,
                    progress=progress,
                    timeout=timeout,
                    allow_private=settings.fetch_private,
                ),
                notice=notice,
                progress=progress,
                accept_loss=accept_loss,
            )
        print_import_report(report)
        listings = report.added + report.updated + report.unchanged
        seconds = max(time.monotonic() - started, 0.001)
        OUT.print(f"{listings} listings in {seconds:.0f} s, {listings / seconds:.0f} a second.")
    linked = report.linked
    if linked and (linked.hidden or linked.waiting):
        OUT.print(
            f"Duplicates: {linked.hidden} are hidden; {linked.waiting} possible pairs "
            "wait for a navigator's decision."
        )


@app.command()
def search(
    words: Annotated[str, typer.Argument(help="What to look for, in everyday words.")],
    limit: Annotated[int, typer.Option(min=1, max=100)] = 5,
    kind: Annotated[
        list[str] | None, typer.Option(help="group, service, ...; can be repeated.")
    ] = None,
    near: Annotated[str, typer.Option(help="A postcode, its first half, or a place.")] = "",
    within: Annotated[
        float | None, typer.Option(help="At most this many miles from --near.")
    ] = None,
    strand: Annotated[list[str] | None, typer.Option(help="Strand; can be repeated.")] = None,
    need: Annotated[
        list[str] | None,
        typer.Option(help="step-free, women, tuesday, evening, ...; can be repeated."),
    ] = None,
    age: Annotated[int | None, typer.Option(min=0, max=120, help="Age of the person.")] = None,
    this_week: Annotated[
        bool, typer.Option("--this-week", help="Only what is on in the next 7 days.")
    ] = False,
    free: Annotated[bool, typer.Option("--free", help="Only what is free.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON array.")] = False,
) -> None:
    """Print the best listings, each with the reasons."""
    from directory.encoder import Encoder, prepare_encoder
    from directory.importing.upgrade import open_directory
    from directory.indexing.needs import NEEDS
    from directory.indexing.times import TIME_ORDER
    from directory.listing import KINDS, STRANDS
    from directory.schedule import list_this_week
    from directory.search.query import Query
    from directory.search.results import describe_hit
    from directory.search.service import SearchService

    settings = Settings()
    for option, values, known in (
        ("kind", kind, KINDS),
        ("strand", strand, STRANDS),
        ("need", need, (*NEEDS, *TIME_ORDER)),
    ):
        if wrong := set(values or ()) - set(known):
            raise DirectoryError(f"No {option} is called {wrong.pop()!r}; use {', '.join(known)}.")
    prepare_encoder(settings.encoder_folder)
    engine = open_directory(settings.directory_url)
    encoder = Encoder(settings.encoder_folder)
    encoder.load()
    search_service = SearchService(engine, encoder)
    if not len(search_service):
        raise DirectoryError("The directory is empty. Fill it with: connector directory import")
    query = Query(
        words,
        kinds=frozenset(kind or ()),
        strands=frozenset(strand or ()),
        near=search_service.require_area(near) if near else None,
        within=within,
        needs=frozenset(need or ()),
        age=age,
        dates=list_this_week() if this_week else None,
        free=free,
        limit=limit,
    )
    summaries = [describe_hit(hit) for hit in search_service.search(query)]
    if as_json:
        print(json.dumps(summaries, ensure_ascii=False, indent=2))
        return
    if not summaries:
        OUT.print("No listing matches. Try fewer filters, or other words.")
    for number, summary in enumerate(summaries, start=1):
        _print_summary(number, summary)


def _print_summary(number: int, summary: dict[str, object]) -> None:
    OUT.print(Text.assemble((f"{number}. {summary['name']}", "bold"), f"  ({summary['kind']})"))
    table = Table.grid(padding=(0, 1))
    for label in ("reasons", "when", "where", "cost", "who", "wanted", "alert", "notice"):
        value = summary[label]
        if value:
            cell = "; ".join(value) if isinstance(value, list) else str(value)
            # As Text, because brackets in a listing are not markup.
            table.add_row(f"   {'why' if label == 'reasons' else label}:", Text(cell))
    OUT.print(table)


@app.command()
def evaluate(
    judged: Annotated[Path, typer.Argument(help="Judged queries as JSON lines.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print how well judged queries are answered, compared with plainer rankings."""
    from directory.encoder import Encoder, prepare_encoder
    from directory.importing.upgrade import open_directory
    from directory.search.baselines import DEFAULT_RANKING, list_rankings
    from directory.search.evaluation import (
        compare_scores,
        read_judged_queries,
        score_queries,
        summarise,
        summarise_styles,
    )
    from directory.search.service import SearchService

    queries = read_judged_queries(judged)
    settings = Settings()
    prepare_encoder(settings.encoder_folder)
    encoder = Encoder(settings.encoder_folder)
    encoder.load()
    search_service = SearchService(open_directory(settings.directory_url), encoder)
    missing = search_service.find_missing_sources(
        key.partition(":")[0] for query in queries for key in query.grades
    )
    if missing:
        raise DirectoryError(
            f"No source is called {', '.join(missing)}. Import it under that name: "
            "connector directory import FILE --source NAME"
        )
    scores = {
        name: score_queries(rank, queries) for name, rank in list_rankings(search_service).items()
    }
    summaries = {name: summarise(scored) for name, scored in scores.items()}
    styles = {name: summarise_styles(scored, queries) for name, scored in scores.items()}
    gains = {
        name: compare_scores(scores[DEFAULT_RANKING], baseline)
        for name, baseline in scores.items()
        if name != DEFAULT_RANKING
    }
    if as_json:
        rankings = {
            name: {
                **asdict(summaries[name]),
                "styles": {style: asdict(summary) for style, summary in styles[name].items()},
                "default_better_by": asdict(gains[name]) if name in gains else None,
            }
            for name in scores
        }
        print(json.dumps({"queries": len(queries), "rankings": rankings}, indent=2))
        return
    OUT.print(tabulate_quality(summaries, gains))
    OUT.print(tabulate_styles(styles))


@app.command()
def notes(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON lines.")] = False,
) -> None:
    """Print the notes that residents sent to the team."""
    for note in _open_notebook().read_notes():
        if as_json:
            print(json.dumps(asdict(note), ensure_ascii=False))
        else:
            about = f" of {note.about}" if note.about else ""
            OUT.print(f"{note.week}, {note.kind}{about}: {note.text}", markup=False)


@app.command()
def feedback(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON lines.")] = False,
) -> None:
    """Print how many people found the chat useful, by week."""
    for week, counts in _open_notebook().read_feedback().items():
        if as_json:
            print(json.dumps({"week": week, **counts}))
        else:
            OUT.print(
                f"{week}: {', '.join(f'{answer} {count}' for answer, count in counts.items())}"
            )


@app.command()
def unmet(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON lines.")] = False,
) -> None:
    """Print how many searches found nothing good, by week, topic and area."""
    for need in _open_notebook().read_unmet_needs():
        if as_json:
            print(json.dumps(asdict(need), ensure_ascii=False))
        else:
            where = f" near {need.area}" if need.area else ""
            OUT.print(f"{need.week}, {need.category or 'other'}{where}: {need.count}", markup=False)


def _open_notebook() -> Notebook:
    from directory.importing.upgrade import open_directory

    return Notebook(open_directory(Settings().directory_url))
