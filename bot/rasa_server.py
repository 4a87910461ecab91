"""The Rasa server's process: started, watched, restarted and ended with ours.

Rasa lives in an environment of its own, so a process and loopback HTTP are all that
we share. Must never let a conversation reach Rasa's log: it runs without debug output.
"""

import asyncio
import ctypes
import hashlib
import json
import logging
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx

from bot.errors import SetupError
from bot.rasa import Rasa
from bot.settings import ROOT

log = logging.getLogger(__name__)

_PYTHON = ROOT / ".venv-rasa" / "bin" / "python"
_LEARNT_FROM = (
    "config.yml",
    "nlu/domain",
    "nlu/data",
    "nlu/components/sentence_featurizer.py",
    "nlu/requirements.txt",
)
_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")
_LOG_HEAD = re.compile(rb"^[\d: -]+ (WARNING|ERROR|CRITICAL) +([\w.]+)", re.M)
_LOOK_EVERY = 1.0
_MOST_TIMEOUTS = 2
_MOST_LOADING = 120.0


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
    if not _PYTHON.exists():
        raise RasaSetupError("Rasa's environment .venv-rasa is missing. Start with: make run")
    model.parent.mkdir(parents=True, exist_ok=True)
    command = [
        *(str(_PYTHON), "-m", "rasa", "train", "--config", "config.yml"),
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
            preexec_fn=_end_with_parent(),
        )
    if code != 0 or not model.exists():
        raise RasaSetupError(f"Rasa could not be trained. The reason is at the end of {log_file}.")


def parse(texts: Sequence[str], model: Path, encoder: Path) -> Iterator[dict[str, Any]]:
    """What `model` takes each text for; needs no server. Raises RasaSetupError."""
    command = [str(_PYTHON), "-m", "nlu.components.parsing", str(model)]
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


class RasaServer:
    """Keeps one Rasa server up. `starting` is true until it has answered for the first time."""

    def __init__(
        self,
        *,
        model: Path,
        encoder: Path,
        port: int,
        actions_port: int,
        timeout: float,
        log_file: Path,
    ) -> None:
        self._model = model
        self._port = port
        self._log_file = log_file
        self._env = rasa_environment(encoder, actions_port)
        self._process: asyncio.subprocess.Process | None = None
        self._watching: asyncio.Task[None] | None = None
        self._reading: asyncio.Task[None] | None = None
        self._timeouts = 0
        self._client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False)
        self.rasa = Rasa(self._client, timeout)
        self.starting = True
        self.up = False

    async def start(self) -> None:
        """Start the process and watch it; returns at once, long before Rasa is ready."""
        await self._launch()
        self._watching = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """End the process, if need be by force after 5 s."""
        if self._watching:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        await self._end()
        await self._client.aclose()

    def tell_failed(self) -> None:
        """A turn was not answered: look whether Rasa is well; the second time, restart it."""
        self._timeouts += 1

    def restart(self) -> None:
        """End Rasa within a second, and all that it remembers, and start it again."""
        self._timeouts = _MOST_TIMEOUTS

    def tell_answered(self) -> None:
        self._timeouts = 0

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        launched = loop.time()
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            ended = self._process is None or self._process.returncode is not None
            if not self.up and not ended:
                self.up = await self.rasa.healthy()
                self.starting = self.starting and not self.up
                if self.up:
                    log.info("Rasa is ready")
                    self._timeouts = 0
                elif loop.time() - launched < _MOST_LOADING:
                    continue
            lost = self._timeouts >= _MOST_TIMEOUTS or (
                self._timeouts > 0 and not await self.rasa.healthy()
            )
            if ended or not self.up or lost:
                log.warning("Rasa is not answering: restarting it")
                self.up = False
                # It is not merely slow to load any more: people may be told.
                self.starting = False
                self._timeouts = 0
                await self._end()
                await self._launch()
                launched = loop.time()

    async def _launch(self) -> None:
        command = [
            *(str(_PYTHON), "-m", "rasa", "run", "--enable-api", "--model", str(self._model)),
            *("--interface", "127.0.0.1", "--port", str(self._port)),
            *("--endpoints", "nlu/endpoints.yml", "--credentials", "nlu/credentials.yml"),
        ]
        self._process = await asyncio.create_subprocess_exec(
            *command,
            cwd=ROOT,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            preexec_fn=_end_with_parent(),
        )
        assert self._process.stdout is not None  # noqa: S101
        self._reading = asyncio.create_task(self._keep_log(self._process.stdout))

    async def _keep_log(self, output: asyncio.StreamReader) -> None:
        """Keep what Rasa prints until it is up; from then on only level and logger.

        Its errors quote slots and local variables, which hold what people said.
        """
        told = self.up
        with self._log_file.open("wb") as kept:
            while chunk := await output.read(65_536):
                told = told or self.up
                if told:
                    chunk = b"".join(b"%s %s\n" % found for found in _LOG_HEAD.findall(chunk))
                kept.write(chunk)
                kept.flush()

    async def _end(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 5.0)
        except TimeoutError:
            process.kill()
            await process.wait()
        if self._reading:
            await self._reading


def _end_with_parent() -> Callable[[], None] | None:
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
