"""Preparation before the first start: makes what is missing, and upgrades what is old.

Owns the order of these steps. Must never change a listing or a check-in that is there already, or
fill a directory that was lost with the example town.
"""

from pathlib import Path

from bot.errors import StartError
from bot.rasa.training import find_model_path, is_model_sound, train_model
from bot.settings import ROOT, Settings
from bot.terminal import ERR, show_progress, show_step
from checkins.migration import migrate as migrate_checkins
from directory.database import find_database_file
from directory.encoder import Encoder, is_encoder_prepared, prepare_encoder
from directory.importing.importer import import_listings
from directory.importing.upgrade import open_directory
from directory.search.service import count_listings
from directory.sources.detect import read_source

EXAMPLE = ROOT / "examples" / "larkhaven.csv"
EXAMPLE_NOTICE = "Fictional example: this place does not exist."


# While such a file exists, a database that is missing or empty was lost, and is not made anew.
_DIRECTORY_MARKER = "directory-in-use.txt"
_CHECKINS_MARKER = "check-ins-in-use.txt"
_MARKER_TEXT = (
    "A database has been in use here. While this file exists, the program does not begin with a\n"
    "new one when that database is gone. See docs/how-to/recover-a-database.md.\n"
)


def prepare_all(settings: Settings, encoder: Encoder, *, load_example: bool = False) -> Path:
    """Prepare the encoder, both databases, the listings and Rasa's model.

    Returns the path of the model. The first start with an empty directory loads the example town;
    later ones do so only with `load_example`. Raises StartError if a database was lost.
    """
    if not is_encoder_prepared(settings.encoder_folder):
        with show_step("Preparing the sentence encoder (about 15 s)"):
            prepare_encoder(settings.encoder_folder)
    _prepare_directory(settings, encoder, load_example)
    _prepare_checkins(settings)
    model = find_model_path(settings.connector_var / "models")
    if not is_model_sound(model):
        if model.exists():
            ERR.print("Rasa's model is damaged, so it is made again.")
        with show_step("Training Rasa (about a minute)"):
            train_model(
                model, settings.encoder_folder, settings.connector_var / "rasa-training.log"
            )
    return model


def _prepare_directory(settings: Settings, encoder: Encoder, load_example: bool) -> None:
    marker = settings.connector_var / _DIRECTORY_MARKER
    file = find_database_file(settings.directory_url)
    may_begin = load_example or not marker.exists()
    # Before it is opened, because opening it makes a new file.
    if not may_begin and file and not file.exists():
        raise _make_lost_error(f"The directory's database {file} is gone")
    with show_progress() as progress:
        engine = open_directory(settings.directory_url, progress)
    if count_listings(engine) == 0:
        if not may_begin:
            raise _make_lost_error("The directory is empty")
        with show_step("Loading the example town of Larkhaven (about 15 s)"):
            rows = read_source(str(EXAMPLE))
            import_listings(engine, encoder, EXAMPLE.stem, rows, notice=EXAMPLE_NOTICE)
    engine.dispose()
    marker.write_text(_MARKER_TEXT, encoding="utf-8")


def _make_lost_error(what: str) -> StartError:
    return StartError(
        f"{what}, but it had listings before. Put it back from a backup, or begin anew: with "
        "listings of your own (.venv/bin/connector directory import FILE), or with the example "
        "town (.venv/bin/connector run --example-town)."
    )


def _prepare_checkins(settings: Settings) -> None:
    marker = settings.connector_var / _CHECKINS_MARKER
    file = find_database_file(settings.checkins_url)
    if marker.exists() and file and not file.exists():
        raise StartError(
            f"The check-ins database {file} is gone, and with it the releases that new ones are "
            f"compared with. Put it back from a backup; to begin a new one, delete {marker}."
        )
    migrate_checkins(settings.checkins_url)
    marker.write_text(_MARKER_TEXT, encoding="utf-8")
