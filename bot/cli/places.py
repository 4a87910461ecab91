"""`connector places`: imports postcodes and place names."""

from pathlib import Path
from typing import Annotated

import typer

from bot.settings import Settings
from bot.terminal import OUT, show_progress

app = typer.Typer(no_args_is_help=True, help="Import postcodes and place names.")


@app.callback()
def _group() -> None:
    """Keep `import` a subcommand, although it is the only one."""


@app.command("import")
def import_file(
    file: Annotated[
        Path, typer.Argument(help="GeoNames' postal file or the ONS Postcode Directory.")
    ],
) -> None:
    """Import postcodes and place names from a gazetteer file."""
    from directory.importing.gazetteer_import import import_places
    from directory.importing.upgrade import open_directory

    with show_progress() as progress:
        count = import_places(open_directory(Settings().directory_url), file, progress)
    OUT.print(f"{count:,} places from {file.name}.", markup=False)
