"""The whole program as an operator starts it: `connector run`, with the real Rasa."""

import gzip
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from bot.settings import ROOT
from directory.encoder import prepare_encoder

CONNECTOR = ROOT / ".venv" / "bin" / "connector"
_RASA_LOADS_IN = 240.0


@dataclass
class Service:
    """A running `connector run` with a data folder of its own.

    The encoder and Rasa's models are those of the checkout, as they depend on no data.
    """

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)

    def start(self) -> None:
        self.folder.mkdir(exist_ok=True)
        prepare_encoder(ROOT / "var" / "encoder")
        (ROOT / "var" / "models").mkdir(exist_ok=True)
        for shared in ("encoder", "models"):
            if not (self.folder / shared).exists():
                (self.folder / shared).symlink_to(ROOT / "var" / shared)
        self.started = time.monotonic()
        self._printed: list[str] = []
        self._address = threading.Event()
        self.process = subprocess.Popen(
            [CONNECTOR, "run"], env=self.environment, stderr=subprocess.PIPE, text=True
        )
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    @property
    def environment(self) -> dict[str, str]:
        ports = dict.fromkeys(("WEB_PORT", "RASA_PORT", "ACTIONS_PORT"), "0")
        # All tests are one client and send more messages a minute than a household would.
        variables = {"CONNECTOR_VAR": str(self.folder), "WEB_MESSAGES_A_MINUTE": "0", **ports}
        return {**os.environ, **variables, **self.settings}

    def _read(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            self._printed.append(line)
            if "http://" in line:
                self._address.set()
        self._address.set()

    @property
    def printed(self) -> str:
        """Everything the program has printed so far."""
        return "".join(self._printed)

    @property
    def url(self) -> str:
        """The chat's address, as printed. Waits until it is."""
        assert self._address.wait(300), self.printed
        addresses = [text for text in self.printed.split() if text.startswith("http://")]
        assert addresses, self.printed
        return addresses[0].rstrip("/")

    def wait_for_rasa(self) -> None:
        limit = time.monotonic() + _RASA_LOADS_IN
        while httpx.get(f"{self.url}/api/health").json()["rasa"] != "up":
            assert time.monotonic() < limit, self.printed
            time.sleep(0.2)

    @property
    def rasa(self) -> psutil.Process:
        """The Rasa server's process."""
        (child,) = psutil.Process(self.process.pid).children()
        return child

    def await_next_rasa(self, lost: psutil.Process) -> psutil.Process:
        """The process that replaces the `lost` one."""
        limit = time.monotonic() + 90  # restarts back off
        while time.monotonic() < limit:
            children = psutil.Process(self.process.pid).children()
            if children and children[0] != lost:
                return children[0]
            time.sleep(0.05)
        raise AssertionError("Rasa was not started again")

    def stop(self, signal_number: int = signal.SIGTERM) -> int:
        """Stop the program and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal_number)
        code = self.process.wait(60)
        self._reading.join(10)
        assert self.process.stderr
        self.process.stderr.close()
        return code


#: Starts a program of a test's own: see the fixture `start_service`.
StartService = Callable[..., Service]


class Talk:
    """One resident on the web page."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=30, trust_env=False)
        self.conversation: str | None = None
        self.open_checkin = ""

    def say(self, text: str) -> list[dict[str, Any]]:
        return self._send({"text": text})

    def tap(self, tap: str) -> list[dict[str, Any]]:
        return self._send({"tap": tap})

    def _send(self, message: dict[str, str]) -> list[dict[str, Any]]:
        body = {
            "conversation": self.conversation,
            "message": message,
            "open_checkin": self.open_checkin,
        }
        answer = self._client.post("/api/chat", json=body)
        answer.raise_for_status()
        content = answer.json()
        self.conversation = content["conversation"]
        replies: list[dict[str, Any]] = content["replies"]
        found = [reply["open_checkin"] for reply in replies if reply.get("open_checkin")]
        self.open_checkin = found[-1] if found else ""
        return replies

    def start_again(self) -> None:
        """Erase the conversation, so that the next message starts a new one."""
        if self.conversation:
            self._client.delete(f"/api/chat/{self.conversation}").raise_for_status()
        self.conversation = None
        self.open_checkin = ""

    def close(self) -> None:
        self._client.close()


def cards(replies: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [reply for reply in replies if reply["type"] == "listing"]


def words(replies: list[dict[str, Any]]) -> str:
    return "\n".join(reply["text"] for reply in replies if "text" in reply)


def taps(replies: list[dict[str, Any]]) -> list[str]:
    return [option["tap"] for reply in replies for option in reply.get("options", ())]


def find_tap(replies: list[dict[str, Any]], label: str) -> str:
    """The tap of the button with that label."""
    options = [option for reply in replies for option in reply.get("options", ())]
    return next(str(option["tap"]) for option in options if option["label"] == label)


def written(service: Service) -> dict[str, bytes]:
    """The content of each file that the program wrote, by name, and everything it printed.

    Links are not followed: they lead to files it never writes.
    """
    contents = {"what it printed": service.printed.encode()}
    for folder, _, names in os.walk(service.folder):
        for path in (Path(folder) / name for name in names):
            content = path.read_bytes()
            contents[path.name] = gzip.decompress(content) if path.suffix == ".gz" else content
    return contents
