"""A bare `rasa init` bot, the peer of the chat: no search, no actions and no guard.

It is made, trained and served in a temporary folder, and ends with its context.
"""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from benchmarks.tables import LeftOutError
from bot.rasa.training import RASA_PYTHON, build_environment

_TRAINING_TIMEOUT = 900
_LOADING_TIMEOUT = 180.0
# The stories of `rasa init`: the bot may not answer anything else.
_STORIES = (
    ("hello", "I am great"),
    ("hello", "sad", "yes"),
    ("hello", "sad", "no"),
    ("are you a bot?", "bye"),
)
MESSAGES = tuple(text for story in _STORIES for text in story)
STORY_STARTS = frozenset(sum(map(len, _STORIES[:index])) for index in range(len(_STORIES)))


@dataclass(frozen=True)
class BareBot:
    """The running server. `loaded_in` is seconds from its start to its first answer."""

    url: str
    process: psutil.Process
    trained_in: float
    loaded_in: float


@contextmanager
def run_bare_bot(folder: Path) -> Iterator[BareBot]:
    """Make, train and serve the bot inside the block. Raises LeftOutError."""
    if not RASA_PYTHON.exists():
        raise LeftOutError("Rasa's environment .venv-rasa is missing; make run makes it")
    project = folder / "bare"
    project.mkdir()
    environment = build_environment(folder, 0)
    output = folder / "bare.log"
    started = time.monotonic()
    with output.open("wb") as log:
        process = subprocess.run(
            [RASA_PYTHON, "-m", "rasa", "init", "--no-prompt", "--init-dir", project],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            timeout=_TRAINING_TIMEOUT,
            check=False,
        )
    if process.returncode != 0 or not any(project.glob("models/*.tar.gz")):
        raise RuntimeError(f"rasa init failed: {output.read_text('utf-8', 'replace')[-500:]}")
    trained_in = time.monotonic() - started
    (project / "credentials.yml").write_text("rest:\n")
    with _serve(project, environment, trained_in) as bot:
        yield bot


@contextmanager
def _serve(project: Path, environment: dict[str, str], trained_in: float) -> Iterator[BareBot]:
    port = _find_free_port()
    started = time.monotonic()
    process = subprocess.Popen(
        [
            *(RASA_PYTHON, "-m", "rasa", "run", "--enable-api", "--interface", "127.0.0.1"),
            *("--port", str(port), "--credentials", "credentials.yml"),
        ],
        cwd=project,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        loaded_in = _wait_until_up(url, process, started)
        yield BareBot(url, psutil.Process(process.pid), trained_in, loaded_in)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_up(url: str, process: subprocess.Popen[bytes], started: float) -> float:
    with httpx.Client(base_url=url, timeout=2, trust_env=False) as client:
        while time.monotonic() - started < _LOADING_TIMEOUT and process.poll() is None:
            try:
                if client.get("/status").is_success:
                    return time.monotonic() - started
            except httpx.HTTPError:
                pass
            time.sleep(0.2)
    raise RuntimeError("the bare Rasa server did not start")


def _find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class BareTalk:
    """A person who talks to the bot over the REST channel."""

    def __init__(self, bot: BareBot) -> None:
        self._client = httpx.Client(base_url=bot.url, timeout=30, trust_env=False)
        self._people = 0

    def say(self, text: str) -> list[object]:
        body = {"sender": f"person-{self._people}", "message": text}
        answer = self._client.post("/webhooks/rest/webhook", json=body)
        answer.raise_for_status()
        replies: list[object] = answer.json()
        return replies

    def start_again(self) -> None:
        """Continue as another person."""
        self._people += 1

    def close(self) -> None:
        self._client.close()
