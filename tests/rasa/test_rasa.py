"""Rasa's own tests of what was trained: no prediction may be wrong."""

import subprocess
from pathlib import Path

from bot.rasa.training import RASA_PYTHON, build_environment, find_model_path, train_model
from bot.settings import ROOT
from directory.encoder import prepare_encoder


def test_rasa_predicts_every_story(tmp_path: Path) -> None:
    encoder = ROOT / "var" / "encoder"
    prepare_encoder(encoder)
    model = find_model_path(ROOT / "var" / "models")
    if not model.exists():
        train_model(model, encoder, tmp_path / "training.log")
    command = [RASA_PYTHON, "-m", "rasa", "test", "core", "--e2e", "--fail-on-prediction-errors"]
    command += ["--stories", str(Path(__file__).parent), "--model", str(model)]
    done = subprocess.run(
        [*command, "--out", str(tmp_path)],
        cwd=ROOT,
        env=build_environment(encoder, 0),
        capture_output=True,
        text=True,
        timeout=300,
    )
    failed = tmp_path / "failed_test_stories.yml"
    assert done.returncode == 0, failed.read_text() if failed.exists() else done.stderr[-3000:]
