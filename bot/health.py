"""Whether each part of the program works, for monitors.

Must never keep a monitor waiting, or let one ask a database more often than once a second.
"""

import asyncio
import time
from collections.abc import Callable, Mapping

_MAX_AGE = 1.0  # in seconds, like below
_TIMEOUT = 2.0


class Health:
    """Reads the state of Rasa and of the databases.

    `read_rasa` returns at once; each check of a database may wait, and runs in a thread.
    """

    def __init__(
        self, read_rasa: Callable[[], str], databases: Mapping[str, Callable[[], str]]
    ) -> None:
        self._read_rasa = read_rasa
        self._databases = {name: _Check(check) for name, check in databases.items()}

    async def read(self) -> dict[str, str]:
        """The state of each part: `up`, `starting`, `busy` or `down`.

        A database that does not answer in two seconds is `busy`.
        """
        states = await asyncio.gather(*(check.read() for check in self._databases.values()))
        return {
            "web": "up",
            "rasa": self._read_rasa(),
            **dict(zip(self._databases, states, strict=True)),
        }


class _Check:
    """One check of a database at a time, and its last result."""

    def __init__(self, check: Callable[[], str]) -> None:
        self._check = check
        self._running: asyncio.Task[str] | None = None
        self._finished_at = 0.0

    async def read(self) -> str:
        is_old = time.monotonic() - self._finished_at > _MAX_AGE
        if self._running is None or (self._running.done() and is_old):
            self._running = asyncio.create_task(self._run())
        finished, _ = await asyncio.wait([self._running], timeout=_TIMEOUT)
        return self._running.result() if finished else "busy"

    async def _run(self) -> str:
        try:
            return await asyncio.to_thread(self._check)
        finally:
            self._finished_at = time.monotonic()
