"""Trains Rasa's models and parses texts with them, in Rasa's own environment.

Rasa pins old versions of its libraries, so it lives in `.venv-rasa` and runs only as a child
process.
"""

import ctypes
import gzip
import hashlib
import json
import os
import signal
import subprocess
import sys
import tarfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from bot.errors import SetupError
from bot.settings import ROOT

RASA_PYTHON = ROOT / ".venv-rasa" / "bin" / "python"
_MODEL_SOURCES = (
    "config.yml",
    "nlu/domain",
    "nlu/data",
    "nlu/components",
    "nlu/requirements.txt",
)
_MODEL_SUFFIX = ".tar.gz"
_INHERITED_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")


class RasaSetupError(SetupError):
    """Rasa cannot be trained or started; the message says what to do."""


def build_environment(encoder: Path, actions_port: int) -> dict[str, str]:
    """The environment of Rasa's process: none of our secrets, no telemetry, no noise."""
    inherited = {name: os.environ[name] for name in _INHERITED_VARIABLES if name in os.environ}
    return {
        **inherited,
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


def find_model_path(folder: Path) -> Path:
    """The path of the model for the current training data; its name is a fingerprint of that."""
    fingerprint = hashlib.sha256()
    for path in _list_model_sources():
        fingerprint.update(str(path.relative_to(ROOT)).encode())
        fingerprint.update(path.read_bytes())
    return folder / f"{fingerprint.hexdigest()[:16]}{_MODEL_SUFFIX}"


def is_model_sound(model: Path) -> bool:
    """Whether the file is there, undamaged by its own checksum, and holds a model of Rasa's."""
    try:
        with gzip.open(model) as content, tarfile.open(fileobj=content) as archive:
            names = archive.getnames()
            while content.read(1 << 20):
                pass  # the checksum stands at the end
    except (OSError, EOFError, zlib.error, tarfile.TarError):
        return False
    return "metadata.json" in names


def train_model(model: Path, encoder: Path, log_file: Path) -> None:
    """Train `model`, which takes about a minute. Raises RasaSetupError with where to look."""
    if not RASA_PYTHON.exists():
        raise RasaSetupError("Rasa's environment .venv-rasa is missing. Start with: make run")
    model.parent.mkdir(parents=True, exist_ok=True)
    # Rasa writes a model bit by bit, and may be killed meanwhile.
    unfinished = model.with_name(f"unfinished-{os.getpid()}{_MODEL_SUFFIX}")
    command = [
        *(str(RASA_PYTHON), "-m", "rasa", "train", "--config", "config.yml"),
        *("--domain", "nlu/domain", "--data", "nlu/data", "--out", str(model.parent)),
        *("--fixed-model-name", unfinished.name.removesuffix(_MODEL_SUFFIX)),
    ]
    with log_file.open("wb") as output:
        exit_code = subprocess.call(  # noqa: S603
            command,
            cwd=ROOT,
            env=build_environment(encoder, 0),
            stdout=output,
            stderr=output,
            preexec_fn=end_with_parent(),
        )
    if exit_code != 0 or not is_model_sound(unfinished):
        unfinished.unlink(missing_ok=True)
        raise RasaSetupError(f"Rasa could not be trained. The reason is at the end of {log_file}.")
    unfinished.replace(model)


def parse_texts(texts: Sequence[str], model: Path, encoder: Path) -> Iterator[dict[str, Any]]:
    """Each text as `model` parses it, without a server. Raises RasaSetupError.

    The shape of a result is that of `nlu.components.parse`.
    """
    command = [str(RASA_PYTHON), "-m", "nlu.components.parse", str(model)]
    process = subprocess.run(  # noqa: S603
        command,
        cwd=ROOT,
        env=build_environment(encoder, 0),
        input="".join(json.dumps(text) + "\n" for text in texts),
        capture_output=True,
        text=True,
    )
    if process.returncode != 0:
        raise RasaSetupError("Rasa could not parse. Try again after: make run")
    return (json.loads(line) for line in process.stdout.splitlines())


def end_with_parent() -> Callable[[], None] | None:
    """On Linux, a hook that has the kernel end Rasa even if this process is killed."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl
    set_parent_death_signal = 1

    def prepare_child() -> None:
        # Ctrl-C reaches the whole terminal group, but we end Rasa ourselves, in order.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        prctl(set_parent_death_signal, signal.SIGTERM)

    return prepare_child


def _list_model_sources() -> Iterator[Path]:
    for name in _MODEL_SOURCES:
        source = ROOT / name
        paths = source.rglob("*") if source.is_dir() else (source,)
        yield from sorted(
            path for path in paths if path.is_file() and "__pycache__" not in path.parts
        )
