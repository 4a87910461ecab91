"""`connector safety`: tries the crisis guard on a file of texts."""

import json
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.texts import read_talks
from bot.settings import Settings

_FILE_HELP = 'JSON lines: one object with a "text", or with a list of "turns", on each line.'

app = typer.Typer(no_args_is_help=True, help="Try the crisis guard.")


@app.callback()
def _group() -> None:
    """Keep `scan` a subcommand, although it is the only one."""


@app.command("scan")
def scan_file(file: Annotated[Path, typer.Argument(help=_FILE_HELP)]) -> None:
    """Print the guard's label of each text or turn: crisis, support or none."""
    from bot.safety.guard import Guard
    from directory.encoder import Encoder, prepare_encoder

    talks = list(read_talks(file))
    settings = Settings()
    prepare_encoder(settings.encoder_folder)
    guard = Guard(Encoder(settings.encoder_folder).encode)
    for talk in talks:
        if isinstance(talk, str):
            found: dict[str, object] = {"text": talk, "label": guard.label(talk)}
        else:
            found = {"turns": talk, "labels": [guard.label(turn) for turn in talk]}
        print(json.dumps(found, ensure_ascii=False))
