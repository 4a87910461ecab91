"""Killed at any point of 500 sends, the program loses no acknowledged check-in and doubles none.

A real process answers Send, and is killed by SIGKILL again and again while it does. After each
kill another one takes its place, and the person presses Send once more, as one would.
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

from bot.checkin_flow import CheckinFlow
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
# Each check-in has answers that no other has, so that they can be told apart in the end.
AREAS = [f"Area {number}" for number in range(25)]

# Forks for each life, as starting Python anew takes as long as a hundred sends.
_SENDER = """
import os, sys
from datetime import date
from bot.checkin_flow import CheckinFlow
from checkins.questions import load_questions
from checkins.store import CheckInRepository, open_engine

def live(url):
    flow = CheckinFlow(
        load_questions().get_set("core"), [f"Area {n}" for n in range(25)],
        CheckInRepository(open_engine(url)), lambda: date(2026, 11, 22), b"sixteen bytes or more",
    )
    os.write(1, f"born {os.getpid()}\\n".encode())
    while True:
        line = b""
        while not line.endswith(b"\\n"):
            line += os.read(0, 1) or os._exit(0)
        # The one before may have been killed in the middle of reading a line.
        if line.count(b" ") != 1:
            continue
        number, tap = line.decode().split(" ")
        (reply,) = flow.answer(tap.rstrip())
        os.write(1, f"{number} {reply.text.splitlines()[0]}\\n".encode())

while True:
    child = os.fork()
    if child == 0:
        live(sys.argv[1])
    if os.waitpid(child, 0)[1] == 0:
        break
"""


class _NoStore:
    """Only for making taps: nothing may be sent."""

    def record(self, checkin: CheckIn, stub: Stub) -> bool:  # noqa: ARG002
        raise AssertionError

    def was_sent(self, stub: Stub) -> bool:  # noqa: ARG002
        return False


def make_sends() -> list[str]:
    """The taps of Send of as many drafts, each with other answers."""
    flow = CheckinFlow(CORE, AREAS, _NoStore(), lambda: date(2026, 11, 22), KEY)
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
        self.births = 0

    def ask(self, number: int, tap: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{number} {tap}\n".encode())
        self._process.stdin.flush()

    def hear(self, seconds: float) -> str | None:
        """The next line, or None if none comes in that time."""
        assert self._process.stdout
        deadline = time.monotonic() + seconds
        while b"\n" not in self._read:
            left = max(0.0, deadline - time.monotonic())
            if not select.select([self._process.stdout], [], [], left)[0]:
                return None
            self._read += os.read(self._process.stdout.fileno(), 4096)
        line, _, self._read = self._read.partition(b"\n")
        said = line.decode()
        if said.startswith("born "):
            self.pid = int(said.removeprefix("born "))
            self.births += 1
        return said

    def wait_for_birth(self) -> None:
        born = self.births
        while self.births == born:
            assert self.hear(60) is not None

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
    sends = make_sends()
    chance = random.Random(2026)
    sender = Sender(checkins_url, tmp_path / "errors")
    sender.wait_for_birth()
    acknowledged: dict[int, str] = {}
    usual = 0.02
    kills = 0
    for number, tap in enumerate(sends):
        dying = number % 3 == 0
        while number not in acknowledged:
            asked = time.monotonic()
            sender.ask(number, tap)
            # Anywhere from before it has read the tap to after it has answered.
            said = sender.hear(chance.uniform(0, 1.5 * usual) if dying else 30)
            if dying and said is None:
                dying = False
                kills += 1
                sender.kill()
                sender.wait_for_birth()
            assert said is not None or not dying
            if said is not None and not said.startswith("born "):
                told, _, words = said.partition(" ")
                acknowledged[int(told)] = words
                usual = 0.9 * usual + 0.1 * (time.monotonic() - asked)
    sender.stop()
    assert kills > SENDS / 10
    assert (tmp_path / "errors").read_text() == ""
    # Some were kept by a process that was killed before it could say so.
    assert any("had sent your answers" in words for words in acknowledged.values())
    engine = open_engine(checkins_url)
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT area, answers FROM check_ins").all()
        stubs = connection.exec_driver_sql("SELECT count(*) FROM stubs").scalar_one()
    engine.dispose()
    kept = Counter(tuple(row) for row in rows)
    assert len(kept) == SENDS
    assert set(kept.values()) == {1}
    assert stubs == SENDS
