"""What tests run in the import process. It imports little, so that the process starts soon."""

import os
import re
import signal
from pathlib import Path

from directory.errors import DirectoryError


def fill_memory() -> int:
    return len(bytearray(1_000_000_000))


def fill_memory_in_small_pieces() -> int:
    return len([str(number) for number in range(100_000_000)])


def run_for_hours() -> bool:
    """One call that does not return to Python meanwhile."""
    return bool(re.fullmatch("(a|a)*b", "a" * 60))


def crash() -> None:
    os.abort()


def return_too_much() -> str:
    return "x" * 2_000_000


def fail(words: str) -> None:
    raise ValueError(words)


def refuse(error: DirectoryError) -> None:
    raise error


def read_priority() -> tuple[int, str]:
    return os.nice(0), Path("/proc/self/oom_score_adj").read_text().strip()


def wait_for_signal(path: str) -> None:
    Path(path).touch()
    signal.pause()
