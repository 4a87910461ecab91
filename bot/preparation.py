"""Preparation before the first start: makes what is missing, and upgrades what is old.

Owns the order of these steps. Must never change a listing or a check-in that is there already.
"""

from pathlib import Path

from bot.rasa.training import find_model_path, train_model
from bot.settings import ROOT, Settings
from bot.terminal import show_progress, show_step
from checkins.migration import migrate as migrate_checkins
from directory.encoder import Encoder, is_encoder_prepared, prepare_encoder
from directory.importing.importer import import_listings
from directory.importing.upgrade import open_directory
from directory.search.service import count_listings
from directory.sources.detect import read_source

EXAMPLE = ROOT / "examples" / "larkhaven.csv"
EXAMPLE_NOTICE = "Fictional example: this place does not exist."


def prepare_all(settings: Settings, encoder: Encoder) -> Path:
    """Prepare the encoder, both databases, the listings and Rasa's model.

    Returns the path of the model. An empty directory gets the example town.
    """
    if not is_encoder_prepared(settings.encoder_folder):
        with show_step("Preparing the sentence encoder (about 15 s)"):
            prepare_encoder(settings.encoder_folder)
    with show_progress() as progress:
        engine = open_directory(settings.directory_url, progress)
    if count_listings(engine) == 0:
        with show_step("Loading the example town of Larkhaven (about 15 s)"):
            rows = read_source(str(EXAMPLE))
            import_listings(engine, encoder, EXAMPLE.stem, rows, notice=EXAMPLE_NOTICE)
    engine.dispose()
    migrate_checkins(settings.checkins_url)
    model = find_model_path(settings.connector_var / "models")
    if not model.exists():
        with show_step("Training Rasa (about a minute)"):
            train_model(
                model, settings.encoder_folder, settings.connector_var / "rasa-training.log"
            )
    return model
