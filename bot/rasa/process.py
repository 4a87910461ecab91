"""The Rasa server's process: started, watched, restarted and ended with ours.

Must never let a conversation reach Rasa's log: see `RasaServer._keep_log`.
"""

import asyncio
import contextlib
import logging
import re
import subprocess
from pathlib import Path

import httpx

from bot.rasa.client import Rasa
from bot.rasa.training import RASA_PYTHON, end_with_parent, rasa_environment
from bot.responses import Wording
from bot.settings import ROOT

log = logging.getLogger(__name__)

_LOG_HEAD = re.compile(rb"^[\d: -]+ (WARNING|ERROR|CRITICAL) +([\w.]+)", re.M)
_LOOK_EVERY = 1.0
_MOST_TIMEOUTS = 2
# On a busy machine of two cores, 100 s were seen; what is ended too early never loads.
_MOST_LOADING = 240.0
_LONGEST_PAUSE = 60.0


class RasaServer:
    """Keeps one Rasa server up.

    `up` tells whether it answers; `starting` is true until it has answered or failed for
    the first time, while it is merely early.
    """

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
        self._failures = 0
        self._launched = 0.0
        self._was_up = False
        self._client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False)
        self.rasa = Rasa(self._client, timeout, Wording())
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

    async def forget_all(self) -> None:
        """End Rasa at once, and with it all that it remembers; it is started again."""
        self.up = False
        if self._process and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    def tell_answered(self) -> None:
        self._timeouts = 0

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            try:
                if not await self._well():
                    await self._start_again()
            except Exception as error:
                # Whatever it was, watching goes on: without it Rasa would stay away.
                log.error("Rasa could not be looked after: %s", type(error).__name__)

    async def _well(self) -> bool:
        """Whether Rasa is up, or may still come up."""
        if self._process is None or self._process.returncode is not None:
            return False
        if self.up:
            doubted = self._timeouts > 0
            return self._timeouts < _MOST_TIMEOUTS and (not doubted or await self.rasa.healthy())
        if await self.rasa.healthy():
            log.info("Rasa is ready")
            self._timeouts = self._failures = 0
            self._was_up = self.up = True
            self.starting = False
            return True
        return asyncio.get_running_loop().time() - self._launched < _MOST_LOADING

    async def _start_again(self) -> None:
        log.warning("Rasa is not answering: restarting it")
        # From now on it is not merely early: people may be told.
        self.up = self.starting = False
        self._timeouts = 0
        await self._end()
        if self._failures:
            await asyncio.sleep(min(2.0**self._failures, _LONGEST_PAUSE))
        self._failures += 1
        await self._launch()

    async def _launch(self) -> None:
        command = [
            *(str(RASA_PYTHON), "-m", "rasa", "run", "--enable-api", "--model", str(self._model)),
            *("--interface", "127.0.0.1", "--port", str(self._port)),
            *("--endpoints", "nlu/endpoints.yml", "--credentials", "nlu/credentials.yml"),
        ]
        self._was_up = False
        self._launched = asyncio.get_running_loop().time()
        self._process = await asyncio.create_subprocess_exec(
            *command,
            cwd=ROOT,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            preexec_fn=end_with_parent(),
        )
        assert self._process.stdout is not None  # noqa: S101
        self._reading = asyncio.create_task(self._keep_log(self._process.stdout))

    async def _keep_log(self, output: asyncio.StreamReader) -> None:
        """Keep what Rasa prints until it is up; from then on only level and logger.

        Its errors quote slots and local variables, which hold what people said.
        """
        with contextlib.suppress(OSError):
            # The last run's log may say why it ended.
            self._log_file.replace(self._log_file.with_suffix(".log.1"))
        while chunk := await output.read(65_536):
            if self._was_up:
                chunk = b"".join(b"%s %s\n" % found for found in _LOG_HEAD.findall(chunk))
            # A full disk must not leave Rasa with nobody to print to.
            with contextlib.suppress(OSError), self._log_file.open("ab") as kept:
                kept.write(chunk)

    async def _end(self) -> None:
        process = self._process
        if process is not None and process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 5.0)
            except TimeoutError:
                process.kill()
                await process.wait()
        if self._reading:
            await asyncio.gather(self._reading, return_exceptions=True)
