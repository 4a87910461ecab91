"""`connector nlu`: tries the trained Rasa model on a file of texts, without a server."""

import json
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.texts import FILE_HELP, read_texts
from bot.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Try the trained Rasa model.")


@app.callback()
def _group() -> None:
    """Keep `parse` a subcommand, although it is the only one."""


@app.command("parse")
def parse_file(file: Annotated[Path, typer.Argument(help=FILE_HELP)]) -> None:
    """Print the intent and the entities of each text."""
    from bot.preparation import prepare_all
    from bot.rasa.training import parse_texts
    from directory.encoder import Encoder

    texts = list(read_texts(file))
    settings = Settings()
    model = prepare_all(settings, Encoder(settings.encoder_folder))
    for parsed in parse_texts(texts, model, settings.encoder_folder):
        print(json.dumps(parsed, ensure_ascii=False))
