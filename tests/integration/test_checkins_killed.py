"""A program killed during 500 sends loses no acknowledged check-in, and stores none twice.

A real process handles Send and is killed by SIGKILL repeatedly while it does. After each kill
another process takes over, and the person presses Send again.
"""

import os
import random
import select
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import date
from itertools import product
from pathlib import Path

import pytest

from bot.checkin_flow import CheckInFlow
from bot.messages import Choices
from bot.settings import ROOT
from checkins.checkin import CheckIn
from checkins.draft import Stub
from checkins.questions import load_questions
from checkins.store import open_engine

SENDS = 500
KEY = b"sixteen bytes or more"
BOOK = load_questions()
CORE = BOOK.get_set("core")
# Each check-in has a different combination of answers, so that duplicates can be counted.
AREAS = [f"Area {number}" for number in range(25)]

# Forks for each new process, as starting Python takes as long as a hundred sends.
_SENDER = """
import os, signal, sys
from datetime import date
from bot.checkin_flow import CheckInFlow
from checkins.questions import load_questions
from checkins.store import CheckInRepository, open_engine

def serve(url):
    flow = CheckInFlow(
        load_questions().get_set("core"), [f"Area {n}" for n in range(25)],
        CheckInRepository(open_engine(url)), lambda: date(2026, 11, 22), b"sixteen bytes or more",
    )
    os.write(1, f"started {os.getpid()}\\n".encode())
    while True:
        line = b""
        while not line.endswith(b"\\n"):
            line += os.read(0, 1) or os._exit(0)
        # The previous process may have been killed while it read a line.
        if line.count(b" ") != 1:
            continue
        number, tap = line.decode().split(" ")
        (reply,) = flow.answer(tap.rstrip())
        if number == "unanswered":
            os.kill(os.getpid(), signal.SIGKILL)
        os.write(1, f"{number} {reply.text.splitlines()[0]}\\n".encode())

while True:
    child = os.fork()
    if child == 0:
        serve(sys.argv[1])
    if os.waitpid(child, 0)[1] == 0:
        break
"""


class _NoStore:
    """A store for making taps only: a send raises an error."""

    def record(self, checkin: CheckIn, stub: Stub) -> bool:  # noqa: ARG002
        raise AssertionError

    def was_sent(self, stub: Stub) -> bool:  # noqa: ARG002
        return False


def make_send_taps() -> list[str]:
    """The taps of Send of 500 drafts, each with different answers."""
    flow = CheckInFlow(CORE, AREAS, _NoStore(), lambda: date(2026, 11, 22), KEY)
    taps = []
    for area, belonging, lonely in product(AREAS, range(4), range(5)):
        replies = flow.start()
        for label in ("Yes, I am 16 or over", area, "75 or over", belonging, lonely, "Send"):
            (page,) = replies
            assert isinstance(page, Choices)
            if isinstance(label, int):
                tap = page.options[label].tap
            else:
                (tap,) = [option.tap for option in page.options if option.label == label]
            if label != "Send":
                replies = flow.answer(tap)
        taps.append(tap)
    assert len(set(taps)) == SENDS
    return taps


class Sender:
    """The process that is killed, and its successors."""

    def __init__(self, url: str, errors: Path) -> None:
        self._errors = errors.open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SENDER, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd=ROOT,
        )
        self._read = b""
        self.pid = 0
        self.starts = 0

    def send_tap(self, number: int | str, tap: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{number} {tap}\n".encode())
        self._process.stdin.flush()

    def read_line(self, seconds: float) -> str | None:
        """The next line of output, or None if there is none within that time."""
        assert self._process.stdout
        deadline = time.monotonic() + seconds
        while b"\n" not in self._read:
            remaining = max(0.0, deadline - time.monotonic())
            if not select.select([self._process.stdout], [], [], remaining)[0]:
                return None
            self._read += os.read(self._process.stdout.fileno(), 4096)
        output, _, self._read = self._read.partition(b"\n")
        line = output.decode()
        if line.startswith("started "):
            self.pid = int(line.removeprefix("started "))
            self.starts += 1
        return line

    def wait_for_start(self) -> None:
        starts = self.starts
        while self.starts == starts:
            assert self.read_line(60) is not None

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def stop(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        assert self._process.wait(30) == 0
        self._process.stdout.close()
        self._errors.close()


@pytest.mark.timeout(900)
def test_no_kill_loses_or_doubles_a_check_in(checkins_url: str, tmp_path: Path) -> None:
    send_taps = make_send_taps()
    chance = random.Random(2026)
    sender = Sender(checkins_url, tmp_path / "errors")
    sender.wait_for_start()
    acknowledged: dict[int, str] = {}
    typical_seconds = 0.02
    kills = 0
    # One process stores a check-in and is killed before it can answer.
    sender.send_tap("unanswered", send_taps[-1])
    sender.wait_for_start()
    for number, tap in enumerate(send_taps):
        kill_pending = number % 3 == 0
        while number not in acknowledged:
            sent_at = time.monotonic()
            sender.send_tap(number, tap)
            # The kill can come before the process has read the tap, or after it has answered.
            reply = sender.read_line(
                chance.uniform(0, 1.5 * typical_seconds) if kill_pending else 30
            )
            if kill_pending and reply is None:
                kill_pending = False
                kills += 1
                sender.kill()
                sender.wait_for_start()
            assert reply is not None or not kill_pending
            if reply is not None and not reply.startswith("started "):
                answered_number, _, text = reply.partition(" ")
                acknowledged[int(answered_number)] = text
                typical_seconds = 0.9 * typical_seconds + 0.1 * (time.monotonic() - sent_at)
    sender.stop()
    assert kills > SENDS / 10
    assert (tmp_path / "errors").read_text() == ""
    assert "had sent your answers" in acknowledged[SENDS - 1]
    engine = open_engine(checkins_url)
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT area, answers FROM check_ins").all()
        stubs = connection.exec_driver_sql("SELECT count(*) FROM stubs").scalar_one()
    engine.dispose()
    stored = Counter(tuple(row) for row in rows)
    assert len(stored) == SENDS
    assert set(stored.values()) == {1}
    assert stubs == SENDS
