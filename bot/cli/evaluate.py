"""The commands that try what was learnt on a file of texts."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from bot.errors import InputError
from bot.settings import Settings

nlu_app = typer.Typer(no_args_is_help=True, help="Try what Rasa learnt.")
safety_app = typer.Typer(no_args_is_help=True, help="Try the crisis guard.")

_JSONL = Annotated[Path, typer.Argument(help='One JSON object with a "text" a line.')]


@nlu_app.command("parse")
def parse_file(file: _JSONL) -> None:
    """Print what the trained model takes each text for."""
    from bot.app import prepare_all
    from bot.rasa.training import parse_texts
    from directory.encoder import Encoder

    texts = list(_read_texts(file))
    settings = Settings()
    model = prepare_all(settings, Encoder(settings.encoder_folder))
    for parsed in parse_texts(texts, model, settings.encoder_folder):
        print(json.dumps(parsed, ensure_ascii=False))


@safety_app.command("scan")
def scan_file(file: _JSONL) -> None:
    """Print the crisis guard's label of each text: crisis, support or none."""
    from bot.safety.guard import Guard
    from directory.encoder import Encoder, prepare_encoder

    texts = list(_read_texts(file))
    settings = Settings()
    prepare_encoder(settings.encoder_folder)
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
