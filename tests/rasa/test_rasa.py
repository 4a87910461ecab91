"""Rasa's own test of the trained model: no prediction may be wrong."""

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
    process = subprocess.run(
        [*command, "--out", str(tmp_path)],
        cwd=ROOT,
        env=build_environment(encoder, 0),
        capture_output=True,
        text=True,
        timeout=300,
    )
    failures = tmp_path / "failed_test_stories.yml"
    assert process.returncode == 0, (
        failures.read_text() if failures.exists() else process.stderr[-3000:]
    )
