"""Runs the Rasa server as a child process: starts, watches, restarts and stops it.

Must never let a conversation reach Rasa's log: see `RasaProcess._write_log`.
"""

import asyncio
import contextlib
import logging
import re
import secrets
import subprocess
from pathlib import Path

import httpx

from bot.rasa.client import RasaClient
from bot.rasa.health import Silence
from bot.rasa.training import RASA_PYTHON, build_environment, end_with_parent
from bot.settings import ROOT

log = logging.getLogger(__name__)

_LOG_HEAD = re.compile(rb"^[\d: -]+ (WARNING|ERROR|CRITICAL) +([\w.]+)", re.M)
_CHECK_INTERVAL = 1.0  # in seconds, like all below
# Loading took more than 240 s on an overloaded machine. Ended too early, Rasa never loads, so each
# start may take twice as long as the one before.
_MIN_LOADING_LIMIT = 240.0
# The first restart comes at once; each further one is delayed twice as long as the one before.
# Both limits begin again when Rasa has been up for a while.
_MIN_RESTART_DELAY = 2.0
_MAX_RESTART_DELAY = 60.0
_STABLE_AFTER = 120.0
_STOP_TIMEOUT = 5.0


class RasaProcess:
    """Keeps one Rasa server running.

    Only this program can use the server: it must send a token, which is new in every process.
    `actions_token` is what Rasa sends with each action. `is_up` tells whether Rasa answers.
    `is_starting` is true until it first answers or fails, so that the conversation reports no fault
    while Rasa only loads. `generation` grows with each restart, which loses every conversation.
    """

    def __init__(
        self,
        *,
        model: Path,
        encoder: Path,
        port: int,
        actions_port: int,
        actions_token: str,
        timeout: float,
        log_file: Path,
    ) -> None:
        self._model = model
        self._port = port
        self._log_file = log_file
        token = secrets.token_urlsafe(32)
        # In the environment, because everybody on the machine can read a command line.
        self._environment = {
            **build_environment(encoder, actions_port),
            "RASA_TOKEN": token,
            "ACTIONS_TOKEN": actions_token,
        }
        self._process: asyncio.subprocess.Process | None = None
        self._watch_task: asyncio.Task[None] | None = None
        self._log_task: asyncio.Task[None] | None = None
        # Set while nothing casts doubt on Rasa's health.
        self._settled = asyncio.Event()
        self._settled.set()
        self._silence = Silence()
        self._restarts = 0
        self._started_at = 0.0
        self._up_since: float | None = None
        self._http_client = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}",
            headers={"Authorization": f"Bearer {token}"},
            trust_env=False,
        )
        self.client = RasaClient(self._http_client, timeout)
        self.generation = 0
        self.is_starting = True
        self.is_up = False

    async def start(self) -> None:
        """Start the process and watch it; returns at once, long before Rasa is ready."""
        await self._launch()
        self._watch_task = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """End the process, by force after 5 s."""
        if self._watch_task:
            self._watch_task.cancel()
            await asyncio.gather(self._watch_task, return_exceptions=True)
        self.is_up = False
        self.report_answer()  # nobody waits for a process that has ended
        await self._end()
        await self._http_client.aclose()

    async def forget_all(self) -> None:
        """Kill Rasa and with it everything in its memory; the watch starts it again."""
        self.is_up = False
        await self._kill()

    def report_silence(self) -> None:
        """Note that a request was not answered: Rasa's health is checked until it is settled."""
        if self.is_up:
            self._settled.clear()

    def report_answer(self) -> None:
        """Note that a request was answered."""
        self._silence.end()
        self._settled.set()

    async def wait_until_settled(self) -> None:
        """Wait while Rasa's health is in doubt. Afterwards `is_up` says what came of it."""
        await self._settled.wait()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_CHECK_INTERVAL)
            try:
                if not await self._is_up_or_loading():
                    await self._restart()
            except Exception as error:
                # Keep watching after any error: without the watch Rasa would stay away.
                log.error("Rasa could not be checked: %s", type(error).__name__)

    async def _is_up_or_loading(self) -> bool:
        """Whether Rasa is up, or may still come up."""
        if self._process is None or self._process.returncode is not None:
            return False
        if self.is_up:
            return self._settled.is_set() or await self._is_well()
        if await self.client.is_healthy():
            log.info("Rasa is ready")
            self._up_since = self._now()
            self.is_up = True
            self.is_starting = False
            return True
        return self._now() - self._started_at < _MIN_LOADING_LIMIT * 2.0 ** min(self._restarts, 10)

    async def _is_well(self) -> bool:
        """Check Rasa's health. False only if it is ill, and not if it is busy or starved."""
        checked_at, was_idle = self._now(), self.client.open_requests == 0
        if await self.client.is_healthy():
            self.report_answer()
        elif not self._settled.is_set():
            self._silence.note_failed_check(checked_at, was_idle=was_idle)
        return not self._silence.is_illness(self._now())

    async def _restart(self) -> None:
        log.warning("Rasa is not answering: restarting it")
        # From now on the conversation may say that Rasa is away.
        self.is_up = self.is_starting = False
        self.generation += 1
        # At once: it has nothing to save, and whoever asked to be forgotten waits for its end.
        await self._kill()
        self.report_answer()
        await asyncio.sleep(self._count_restart())
        await self._launch()

    def _count_restart(self) -> float:
        """Count a restart, and return the seconds to wait before it."""
        if self._up_since is not None and self._now() - self._up_since >= _STABLE_AFTER:
            self._restarts = 0
        self._restarts += 1
        return compute_restart_delay(self._restarts)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def _launch(self) -> None:
        command = [
            *(str(RASA_PYTHON), "-m", "rasa", "run", "--enable-api", "--model", str(self._model)),
            *("--interface", "127.0.0.1", "--port", str(self._port)),
            *("--endpoints", "nlu/endpoints.yml", "--credentials", "nlu/credentials.yml"),
        ]
        self._up_since = None
        self._started_at = self._now()
        self._process = await asyncio.create_subprocess_exec(
            *command,
            cwd=ROOT,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            preexec_fn=end_with_parent(),
        )
        assert self._process.stdout is not None  # noqa: S101
        self._log_task = asyncio.create_task(self._write_log(self._process.stdout))

    async def _write_log(self, output: asyncio.StreamReader) -> None:
        """Keep everything that Rasa prints until it is up, and then only level and logger.

        Its errors quote slots and local variables, which hold people's words.
        """
        with contextlib.suppress(OSError):
            # The log of the last run may say why it ended.
            self._log_file.replace(self._log_file.with_suffix(".log.1"))
        while chunk := await output.read(65_536):
            if self._up_since is not None:
                chunk = b"".join(b"%s %s\n" % head for head in _LOG_HEAD.findall(chunk))
            # A full disk must not stop the reading, or Rasa would block when it prints.
            with contextlib.suppress(OSError), self._log_file.open("ab") as log_file:
                log_file.write(chunk)

    async def _kill(self) -> None:
        if self._process and self._process.returncode is None:
            self._process.kill()
        await self._end()

    async def _end(self) -> None:
        process = self._process
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), _STOP_TIMEOUT)
            except TimeoutError:
                process.kill()
                await process.wait()
        if self._log_task:
            await asyncio.gather(self._log_task, return_exceptions=True)


def compute_restart_delay(restarts: int) -> float:
    """Seconds to wait before the restart of this number, counted from 1."""
    if restarts <= 1:
        return 0.0
    return min(_MIN_RESTART_DELAY * 2.0 ** min(restarts - 2, 10), _MAX_RESTART_DELAY)
