"""The `connector` command: reads what was asked, hands it on, prints what came back.

A user's own mistake is told in one line with exit code 1, never as a traceback.
"""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from bot.errors import SetupError
from bot.settings import Settings
from checkins.errors import CheckinsError
from directory.errors import DirectoryError
from directory.importing import Progress as TellProgress
from directory.notes import Notebook

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
directory_app = typer.Typer(no_args_is_help=True, help="Fill and search the directory.")
checkins_app = typer.Typer(no_args_is_help=True, help="Publish anonymous check-ins.")
app.add_typer(directory_app, name="directory")
app.add_typer(checkins_app, name="checkins")

nlu_app = typer.Typer(no_args_is_help=True, help="Try what Rasa learnt.")
safety_app = typer.Typer(no_args_is_help=True, help="Try the crisis guard.")
app.add_typer(nlu_app, name="nlu")
app.add_typer(safety_app, name="safety")

_JSONL = Annotated[Path, typer.Argument(help='One JSON object with a "text" a line.')]


class InputError(Exception):
    """A file that was handed to a command is not what it takes."""


# Results go to standard output; progress, and what went wrong, to standard error.
_out = Console(highlight=False, soft_wrap=True)
_aside = Console(stderr=True, highlight=False, soft_wrap=True)


@contextmanager
def _show_progress() -> Iterator[TellProgress]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=_aside) as bars:
        tasks = {}

        def tell(step: str, done: int, total: int | None) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step, total=total)
            bars.update(tasks[step], completed=done, total=total)

        yield tell


@app.callback()
def _start() -> None:
    """Community Connector: a chat that finds local groups by meaning."""


@app.command()
def run() -> None:
    """Prepare what is missing, then serve the chat until Ctrl-C."""
    from bot.app import serve

    serve(Settings())


@directory_app.command("import")
def import_sources(
    sources: Annotated[list[str], typer.Argument(help="Files or API addresses.")],
    source_name: Annotated[
        str, typer.Option("--source", help="Name to keep it under; the file's own if not given.")
    ] = "",
    notice: Annotated[
        str | None, typer.Option(help="Words shown with each of its listings; kept if not given.")
    ] = None,
    timeout: Annotated[float, typer.Option(help="Seconds one answer of an API may take.")] = 20.0,
) -> None:
    """Take Open Referral UK files, API addresses or CSV templates into the directory."""
    from directory.embeddings import Encoder, prepare
    from directory.importing import import_listings
    from directory.sources.reading import name_source, read_source
    from directory.store import migrate, open_database

    settings = Settings()
    if source_name and len(sources) > 1:
        raise DirectoryError("--source names one source; import several one at a time.")
    prepare(settings.encoder_folder)
    engine = open_database(settings.directory_url)
    migrate(engine)
    encoder = Encoder(settings.encoder_folder)
    for source in sources:
        started = time.monotonic()
        with _show_progress() as progress:
            report = import_listings(
                engine,
                encoder,
                source_name or name_source(source),
                read_source(source, progress=progress, timeout=timeout),
                notice=notice,
                progress=progress,
            )
        _out.print(
            f"{report.source}: {report.added} added, {report.updated} updated, "
            f"{report.unchanged} unchanged, {len(report.quarantined)} quarantined.",
            markup=False,
        )
        for rejected in report.quarantined:
            _out.print(
                f"  quarantined {rejected.name or rejected.key!r}: {rejected.reason}", markup=False
            )
        listings = report.added + report.updated + report.unchanged
        seconds = max(time.monotonic() - started, 0.001)
        _out.print(f"{listings} listings in {seconds:.0f} s, {listings / seconds:.0f} a second.")


@directory_app.command()
def search(
    words: Annotated[str, typer.Argument(help="What to look for, in your own words.")],
    limit: Annotated[int, typer.Option(min=1, max=100)] = 5,
    kind: Annotated[list[str] | None, typer.Option(help="group, service, ...; repeatable.")] = None,
    near: Annotated[str, typer.Option(help="A postcode, its first half, or a place.")] = "",
    free: Annotated[bool, typer.Option("--free", help="Only what is free.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False,
) -> None:
    """Print the listings that fit best, each with the reason."""
    from directory.catalogue import Catalogue
    from directory.embeddings import Encoder, prepare
    from directory.listings import KINDS
    from directory.search import Query
    from directory.showing import summarise
    from directory.store import migrate, open_database

    settings = Settings()
    if wrong := set(kind or ()) - set(KINDS):
        raise DirectoryError(f"No kind is called {wrong.pop()!r}; use {', '.join(KINDS)}.")
    prepare(settings.encoder_folder)
    engine = open_database(settings.directory_url)
    migrate(engine)
    encoder = Encoder(settings.encoder_folder)
    encoder.warm()
    catalogue = Catalogue(engine, encoder)
    if not len(catalogue):
        raise DirectoryError("The directory is empty. Fill it with: connector directory import")
    query = Query(
        words,
        kinds=frozenset(kind or ()),
        near=catalogue.require_area(near) if near else None,
        free=free,
        limit=limit,
    )
    found = [summarise(hit) for hit in catalogue.search(query)]
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
        return
    if not found:
        _out.print("Nothing fits. Try fewer conditions, or other words.")
    for number, summary in enumerate(found, start=1):
        _print_summary(number, summary)


def _print_summary(number: int, summary: dict[str, object]) -> None:
    _out.print(Text.assemble((f"{number}. {summary['name']}", "bold"), f"  ({summary['kind']})"))
    table = Table.grid(padding=(0, 1))
    for label in ("reasons", "when", "where", "cost", "who", "wanted", "alert", "notice"):
        value = summary[label]
        if value:
            shown = "; ".join(value) if isinstance(value, list) else str(value)
            # As text: a listing's own brackets are not markup.
            table.add_row(f"   {'why' if label == 'reasons' else label}:", Text(shown))
    _out.print(table)


@directory_app.command()
def notes(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Print the notes that residents sent to the team."""
    from dataclasses import asdict

    for note in _open_notebook().read_notes():
        if as_json:
            print(json.dumps(asdict(note), ensure_ascii=False))
        else:
            about = f" of {note.about}" if note.about else ""
            _out.print(f"{note.week}, {note.kind}{about}: {note.text}", markup=False)


@directory_app.command()
def feedback(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Print how many found the chat useful, by week."""
    for week, counts in _open_notebook().read_feedback().items():
        if as_json:
            print(json.dumps({"week": week, **counts}))
        else:
            _out.print(f"{week}: {', '.join(f'{one} {count}' for one, count in counts.items())}")


def _open_notebook() -> Notebook:
    from directory.store import migrate, open_database

    engine = open_database(Settings().directory_url)
    migrate(engine)
    return Notebook(engine)


@checkins_app.command()
def release(
    start: Annotated[str, typer.Option("--from", help="First day, a Monday: 2026-10-05.")],
    end: Annotated[str, typer.Option("--to", help="Last day, a Sunday: 2026-11-01.")],
    out: Annotated[Path, typer.Option(help="Folder to write; must not hold a release yet.")],
) -> None:
    """Write a table of check-ins that is safe to publish."""
    from checkins.migrating import migrate
    from checkins.release import release as write_release
    from checkins.store import CheckIns, open_engine

    settings = Settings()
    migrate(settings.checkins_url)
    checkins = CheckIns(open_engine(settings.checkins_url))
    done = write_release(checkins, _day(start), _day(end), out, settings.checkin_areas)
    left_out = ", ".join(done.areas_left_out) or "none"
    _out.print(f"{done.folder}: {done.rows} rows for {', '.join(done.areas_shown)}.")
    _out.print(
        f"Suppressed cells: {done.cells_suppressed}; withheld: {done.cells_withheld}; "
        f"areas left out: {left_out}."
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CheckinsError(f"{text!r} is not a day such as 2026-10-05.") from None


@nlu_app.command("parse")
def parse_file(file: _JSONL) -> None:
    """Print what the trained model takes each text for."""
    from bot.app import prepare_all
    from bot.rasa_training import parse
    from directory.embeddings import Encoder

    texts = list(_read_texts(file))
    settings = Settings()
    model = prepare_all(settings, Encoder(settings.encoder_folder))
    for parsed in parse(texts, model, settings.encoder_folder):
        print(json.dumps(parsed, ensure_ascii=False))


@safety_app.command("scan")
def scan_file(file: _JSONL) -> None:
    """Print the crisis guard's label of each text: crisis, support or none."""
    from bot.safety import Guard
    from directory.embeddings import Encoder, prepare

    texts = list(_read_texts(file))
    settings = Settings()
    prepare(settings.encoder_folder)
    guard = Guard(Encoder(settings.encoder_folder).encode)
    for text in texts:
        print(json.dumps({"text": text, "label": guard.label(text)}, ensure_ascii=False))


def _read_texts(file: Path) -> Iterator[str]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file} cannot be read: {type(error).__name__}.") from None
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield str(json.loads(line)["text"])
            except (ValueError, KeyError, TypeError):
                reason = 'is not a JSON object with a "text"'
                raise InputError(f"{file}, line {number} {reason}.") from None


def main() -> None:
    """The entry point: a known error becomes one line and exit code 1."""
    try:
        app()
    except (DirectoryError, CheckinsError, SetupError, InputError) as error:
        _fail(str(error))
    except ValidationError as error:
        # A setting's value may be a secret: only its name and what is wrong are told.
        problem = error.errors()[0]
        name = str(problem["loc"][0]).upper()
        _fail(f"The setting {name} is wrong: {problem['msg']}. See docs/settings.md.")
    except SettingsError as error:
        # Told without a value: 'error parsing value for field "checkin_areas" from source ...'.
        name = str(error).partition('"')[2].partition('"')[0].upper()
        _fail(f"The setting {name} is not a JSON list or value. See docs/settings.md.")


def _fail(line: str) -> NoReturn:
    _aside.print(line, style="red", markup=False)
    sys.exit(1)
