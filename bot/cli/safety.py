"""`connector safety`: tries the crisis guard on a file of texts."""

import json
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.texts import FILE_HELP, read_texts
from bot.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Try the crisis guard.")


@app.callback()
def _group() -> None:
    """Keep `scan` a subcommand, although it is the only one."""


@app.command("scan")
def scan_file(file: Annotated[Path, typer.Argument(help=FILE_HELP)]) -> None:
    """Print the guard's label of each text: crisis, support or none."""
    from bot.safety.guard import Guard
    from directory.encoder import Encoder, prepare_encoder

    texts = list(read_texts(file))
    settings = Settings()
    prepare_encoder(settings.encoder_folder)
    guard = Guard(Encoder(settings.encoder_folder).encode)
    for text in texts:
        print(json.dumps({"text": text, "label": guard.label(text)}, ensure_ascii=False))
