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
from bot.rasa.training import RASA_PYTHON, build_environment, end_with_parent
from bot.settings import ROOT

log = logging.getLogger(__name__)

_LOG_HEAD = re.compile(rb"^[\d: -]+ (WARNING|ERROR|CRITICAL) +([\w.]+)", re.M)
_CHECK_INTERVAL = 1.0  # in seconds, like all below
# Loading took 100 s on a busy machine with two cores; ended too early, Rasa never loads.
_MAX_LOADING_TIME = 240.0
_MAX_RESTART_DELAY = 60.0
_STOP_TIMEOUT = 5.0
_MAX_FAILURES = 2  # unanswered turns in a row


class RasaProcess:
    """Keeps one Rasa server running.

    Only this program can use the server: it must send a token, which is new in every process.
    `actions_token` is what Rasa sends with each action. `is_up` tells whether Rasa answers.
    `is_starting` is true until it first answers or fails, so that the conversation reports no fault
    while Rasa only loads.
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
        self._failed_turns = 0
        self._failed_starts = 0
        self._started_at = 0.0
        self._has_been_up = False
        self._http_client = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}",
            headers={"Authorization": f"Bearer {token}"},
            trust_env=False,
        )
        self.client = RasaClient(self._http_client, timeout)
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
        await self._end()
        await self._http_client.aclose()

    async def forget_all(self) -> None:
        """Kill Rasa and with it everything in its memory; the watch starts it again."""
        self.is_up = False
        if self._process and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    def report_failure(self) -> None:
        """Note that a turn was not answered: one prompts a health check, two a restart."""
        self._failed_turns += 1

    def report_answer(self) -> None:
        """Note that a turn was answered."""
        self._failed_turns = 0

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
            if self._failed_turns >= _MAX_FAILURES:
                return False
            return self._failed_turns == 0 or await self.client.is_healthy()
        if await self.client.is_healthy():
            log.info("Rasa is ready")
            self._failed_turns = self._failed_starts = 0
            self._has_been_up = self.is_up = True
            self.is_starting = False
            return True
        return asyncio.get_running_loop().time() - self._started_at < _MAX_LOADING_TIME

    async def _restart(self) -> None:
        log.warning("Rasa is not answering: restarting it")
        # From now on the conversation may say that Rasa is away.
        self.is_up = self.is_starting = False
        self._failed_turns = 0
        await self._end()
        if self._failed_starts:
            await asyncio.sleep(min(2.0**self._failed_starts, _MAX_RESTART_DELAY))
        self._failed_starts += 1
        await self._launch()

    async def _launch(self) -> None:
        command = [
            *(str(RASA_PYTHON), "-m", "rasa", "run", "--enable-api", "--model", str(self._model)),
            *("--interface", "127.0.0.1", "--port", str(self._port)),
            *("--endpoints", "nlu/endpoints.yml", "--credentials", "nlu/credentials.yml"),
        ]
        self._has_been_up = False
        self._started_at = asyncio.get_running_loop().time()
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
            if self._has_been_up:
                chunk = b"".join(b"%s %s\n" % head for head in _LOG_HEAD.findall(chunk))
            # A full disk must not stop the reading, or Rasa would block when it prints.
            with contextlib.suppress(OSError), self._log_file.open("ab") as log_file:
                log_file.write(chunk)

    async def _end(self) -> None:
        process = self._process
        if process is not None and process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), _STOP_TIMEOUT)
            except TimeoutError:
                process.kill()
                await process.wait()
        if self._log_task:
            await asyncio.gather(self._log_task, return_exceptions=True)
