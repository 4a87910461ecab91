"""What a start makes, makes again, and refuses to make."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.errors import StartError
from bot.preparation import prepare_all
from bot.rasa.training import RasaSetupError, find_model_path, is_model_sound, train_model
from bot.settings import ROOT, Settings
from directory.encoder import Encoder
from directory.search.service import count_listings
from tests.support.example_listings import TEA
from tests.support.open_referral import fill, open_empty

MODEL = find_model_path(ROOT / "var" / "models")


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A program that has been started once, with one listing of its own."""
    for name in ("DIRECTORY_DATABASE_URL", "CHECKINS_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("encoder", "models"):
        (tmp_path / name).symlink_to(ROOT / "var" / name)
    settings = Settings(connector_var=tmp_path)
    engine = open_empty(tmp_path)
    fill(engine, "tests", [TEA])
    engine.dispose()
    return settings


def count(settings: Settings) -> int:
    engine = open_empty(settings.connector_var)
    try:
        return count_listings(engine)
    finally:
        engine.dispose()


def empty(database: Path) -> None:
    database.unlink()
    open_empty(database.parent).dispose()


@pytest.mark.parametrize("lose", [Path.unlink, empty])
def test_a_lost_directory_is_not_filled_with_the_example_town(
    settings: Settings, encoder: Encoder, lose: Callable[[Path], None]
) -> None:
    prepare_all(settings, encoder)
    database = settings.connector_var / "directory.db"
    lose(database)
    was_there = database.exists()
    for _ in range(2):
        with pytest.raises(StartError, match=r"backup.*import FILE.*--example-town"):
            prepare_all(settings, encoder)
    assert database.exists() == was_there
    assert count(settings) == 0


def test_a_lost_directory_can_begin_with_other_listings(
    settings: Settings, encoder: Encoder
) -> None:
    prepare_all(settings, encoder)
    (settings.connector_var / "directory.db").unlink()
    engine = open_empty(settings.connector_var)
    fill(engine, "backup", [TEA])
    engine.dispose()
    prepare_all(settings, encoder)
    assert count(settings) == 1


def test_the_example_town_can_be_forced(settings: Settings, encoder: Encoder) -> None:
    prepare_all(settings, encoder)
    (settings.connector_var / "directory.db").unlink()
    prepare_all(settings, encoder, load_example=True)
    assert count(settings) > 100


def test_a_lost_database_of_check_ins_is_not_made_anew(
    settings: Settings, encoder: Encoder
) -> None:
    prepare_all(settings, encoder)
    database = settings.connector_var / "checkins.db"
    database.unlink()
    with pytest.raises(StartError, match=r"check-ins database .* is gone") as error:
        prepare_all(settings, encoder)
    assert not database.exists()
    marker = Path(str(error.value).rpartition(" delete ")[2].removesuffix("."))
    marker.unlink()
    prepare_all(settings, encoder)
    assert database.exists()


@pytest.fixture
def trained() -> Path:
    """The checkout's own model."""
    if not MODEL.exists():
        pytest.skip("Rasa has not been trained for this checkout")
    return MODEL


def truncate(content: bytes) -> bytes:
    return content[:-1000]


def change_a_bit(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def make_empty(_content: bytes) -> bytes:
    return b""


@pytest.mark.parametrize("damage", [truncate, change_a_bit, make_empty])
def test_a_damaged_model_is_noticed(
    trained: Path, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    assert is_model_sound(trained)
    model = tmp_path / "model.tar.gz"
    model.write_bytes(damage(trained.read_bytes()))
    assert not is_model_sound(model)


@pytest.fixture
def rasa_that_copies(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for Rasa, which takes minutes: its model is a copy of the file returned."""
    source = tmp_path / "source.tar.gz"
    shutil.copy(trained, source)
    rasa = tmp_path / "python"
    # Its arguments end with: --out FOLDER --fixed-model-name NAME
    rasa.write_text(
        f'#!/bin/sh\nwhile [ "$1" != --out ]; do shift; done\ncp {source} "$2/$4.tar.gz"\n'
    )
    rasa.chmod(0o755)
    monkeypatch.setattr("bot.rasa.training.RASA_PYTHON", rasa)
    return source


def test_a_damaged_model_is_made_again(
    settings: Settings,
    encoder: Encoder,
    rasa_that_copies: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    models = settings.connector_var / "models"
    models.unlink()
    models.mkdir()
    model = find_model_path(models)
    model.write_bytes(truncate(rasa_that_copies.read_bytes()))
    assert prepare_all(settings, encoder) == model
    assert model.read_bytes() == rasa_that_copies.read_bytes()
    assert "damaged" in capsys.readouterr().err


def test_a_model_that_was_not_finished_is_not_kept(rasa_that_copies: Path, tmp_path: Path) -> None:
    rasa_that_copies.write_bytes(truncate(rasa_that_copies.read_bytes()))
    folder = tmp_path / "models"
    with pytest.raises(RasaSetupError):
        train_model(folder / "new.tar.gz", tmp_path, tmp_path / "log")
    assert os.listdir(folder) == []
