"""Rasa's models: trained, named and tried, in Rasa's own environment.

Rasa pins libraries of its age, so it lives in `.venv-rasa`, and we only ever start it.
"""

import ctypes
import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from bot.errors import SetupError
from bot.settings import ROOT

RASA_PYTHON = ROOT / ".venv-rasa" / "bin" / "python"
_LEARNT_FROM = (
    "config.yml",
    "nlu/domain",
    "nlu/data",
    "nlu/components",
    "nlu/requirements.txt",
)
_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")


class RasaSetupError(SetupError):
    """Rasa cannot be trained or started; the message says what to do."""


def rasa_environment(encoder: Path, actions_port: int) -> dict[str, str]:
    """What Rasa's process is told: nothing of ours that is secret, no telemetry, no noise."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    return {
        **kept,
        "CONNECTOR_ENCODER": str(encoder),
        "ACTIONS_PORT": str(actions_port),
        "RASA_TELEMETRY_ENABLED": "false",
        "LOG_LEVEL": "WARNING",
        "LOG_LEVEL_LIBRARIES": "ERROR",
        "PYTHONWARNINGS": "ignore",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "",
    }


def name_model(models: Path) -> Path:
    """Where the model for the training data as it is now belongs: its name is a fingerprint."""
    fingerprint = hashlib.sha256()
    for path in _training_files():
        fingerprint.update(str(path.relative_to(ROOT)).encode())
        fingerprint.update(path.read_bytes())
    return models / f"{fingerprint.hexdigest()[:16]}.tar.gz"


def _training_files() -> Iterator[Path]:
    for name in _LEARNT_FROM:
        path = ROOT / name
        found = path.rglob("*") if path.is_dir() else (path,)
        yield from sorted(one for one in found if one.is_file() and "__pycache__" not in one.parts)


def train(model: Path, encoder: Path, log_file: Path) -> None:
    """Train `model`; takes about a minute. Raises RasaSetupError with where to look."""
    if not RASA_PYTHON.exists():
        raise RasaSetupError("Rasa's environment .venv-rasa is missing. Start with: make run")
    model.parent.mkdir(parents=True, exist_ok=True)
    command = [
        *(str(RASA_PYTHON), "-m", "rasa", "train", "--config", "config.yml"),
        *("--domain", "nlu/domain", "--data", "nlu/data", "--out", str(model.parent)),
        *("--fixed-model-name", model.name.removesuffix(".tar.gz")),
    ]
    with log_file.open("wb") as output:
        code = subprocess.call(  # noqa: S603
            command,
            cwd=ROOT,
            env=rasa_environment(encoder, 0),
            stdout=output,
            stderr=output,
            preexec_fn=end_with_parent(),
        )
    if code != 0 or not model.exists():
        raise RasaSetupError(f"Rasa could not be trained. The reason is at the end of {log_file}.")


def parse(texts: Sequence[str], model: Path, encoder: Path) -> Iterator[dict[str, Any]]:
    """What `model` takes each text for; needs no server. Raises RasaSetupError."""
    command = [str(RASA_PYTHON), "-m", "nlu.components.parse", str(model)]
    done = subprocess.run(  # noqa: S603
        command,
        cwd=ROOT,
        env=rasa_environment(encoder, 0),
        input="".join(json.dumps(text) + "\n" for text in texts),
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise RasaSetupError("Rasa could not parse. Try again after: make run")
    return (json.loads(line) for line in done.stdout.splitlines())


def end_with_parent() -> Callable[[], None] | None:
    """On Linux, have the kernel end Rasa even if we are killed without a chance to."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl
    set_parent_death_signal = 1

    def ask_kernel() -> None:
        # Ctrl-C reaches the whole terminal group: Rasa is ended by us, in order.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        prctl(set_parent_death_signal, signal.SIGTERM)

    return ask_kernel
