"""Runs imports for the desk in a process of their own, within limits of memory and time.

Whatever a file or a feed holds, only that process pays for it: the chat, in the web process, keeps
its memory and its turn on the processor. The kernel holds both limits, so that no library needs to
cooperate. Must never pass on the text of an error that was not written for navigators: it may quote
a row.
"""

import logging
import multiprocessing
import os
import pickle
import resource
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from directory.errors import BusyError, DirectoryError, ImportStoppedError

log = logging.getLogger(__name__)

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

# The encoder takes 0.65 GB, and 2,000 new listings 0.3 GB more.
_MAX_BYTES = 2_000_000_000
_MAX_SECONDS = 600
# Results are counts and messages: a large one is a fault, and the web process must not hold it.
_MAX_RESULT_BYTES = 1_000_000
# While it is kept, the next import need not load the encoder, which takes 5 s of a core.
_MAX_IDLE_SECONDS = 300.0
_MAX_WAIT_SECONDS = 30.0
# A third of the chat's share of a busy processor: an import goes on, and the chat comes first.
_NICENESS = 5
_FIRST_TO_END = "1000"
_EXIT_OUT_OF_MEMORY = 3


class ImportProcess:
    """Runs one function at a time in a child process; thread-safe.

    The child starts at the first call, is kept for the next one, and leaves after
    `max_idle_seconds` without any. `max_bytes` limits its memory, as RLIMIT_DATA counts it, and
    `max_seconds` the time of one call, in whole seconds.
    """

    def __init__(
        self,
        *,
        max_bytes: int = _MAX_BYTES,
        max_seconds: int = _MAX_SECONDS,
        max_idle_seconds: float = _MAX_IDLE_SECONDS,
    ) -> None:
        self._max_bytes = max_bytes
        self._max_seconds = max_seconds
        self._max_idle_seconds = max_idle_seconds
        self._lock = threading.Lock()
        self._child: tuple[SpawnProcess, Connection] | None = None
        self._is_closed = False

    def run(
        self,
        function: Callable[Arguments, Result],
        *args: Arguments.args,
        **options: Arguments.kwargs,
    ) -> Result:
        """What a module's function returns for these arguments, all of which are pickled.

        Raises the DirectoryError that it raises, ImportStoppedError if it meets a limit, BusyError
        if another call takes too long to end, and RuntimeError for any other failure.
        """
        if not self._lock.acquire(timeout=_MAX_WAIT_SECONDS):
            raise BusyError("Another import is running. Try again in a few minutes.")
        try:
            result, error = self._call((function, args, options))
        except BaseException:
            self._end_child(wait=0.0)
            raise
        finally:
            self._lock.release()
        if isinstance(error, DirectoryError):
            raise error
        if error is not None:
            log.error("An import failed: %s", error)
            raise RuntimeError(error)
        return result  # type: ignore[no-any-return]

    def close(self) -> None:
        """End the child. An import that is under way is undone, and raises ImportStoppedError."""
        self._is_closed = True
        if self._lock.acquire(blocking=False):
            # Without work it leaves by itself, and gives back the semaphores of its libraries.
            self._end_child(wait=10.0)
            self._lock.release()
        elif child := self._child:
            child[0].kill()

    def _call(self, job: object) -> tuple[Any, DirectoryError | str | None]:
        while True:
            process, connection = self._child = self._child or self._start_child()
            try:
                connection.send(job)
                return pickle.loads(connection.recv_bytes(_MAX_RESULT_BYTES))  # type: ignore[no-any-return] # noqa: S301
            except (EOFError, OSError):
                # It is on its way out, with an exit code that says why.
                self._end_child(wait=10.0)
            # The child had left, because nothing was imported for minutes, just before this call.
            if process.exitcode != 0:
                raise self._explain_end(process.exitcode)

    def _explain_end(self, exit_code: int | None) -> ImportStoppedError:
        if self._is_closed:
            return ImportStoppedError("This service is being stopped.")
        if exit_code == -signal.SIGALRM:
            return ImportStoppedError(f"It took longer than {self._max_seconds // 60} minutes.")
        return ImportStoppedError(
            f"It needed more than {self._max_bytes / 1e9:.0f} gigabytes of memory."
        )

    def _start_child(self) -> tuple[SpawnProcess, Connection]:
        if self._is_closed:
            raise self._explain_end(None)
        # Not forked: a fork would copy the locks that other threads hold.
        context = multiprocessing.get_context("spawn")
        connection, childs_end = context.Pipe()
        process = context.Process(
            target=_serve,
            args=(childs_end, self._max_bytes, self._max_seconds, self._max_idle_seconds),
            daemon=True,
        )
        process.start()
        # With this copy open, the end of the child would not be noticed.
        childs_end.close()
        return process, connection

    def _end_child(self, wait: float) -> None:
        if self._child:
            process, connection = self._child
            connection.close()
            process.join(wait)
            process.kill()
            process.join()
            self._child = None


def _serve(
    connection: Connection, max_bytes: int, max_seconds: int, max_idle_seconds: float
) -> None:
    """Run one job after the other, until nobody needs the child any more."""
    # Ctrl-C reaches the whole terminal group, but the parent ends the child.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # RLIMIT_DATA counts what is written to. RLIMIT_AS would count address space as well, of which
    # onnxruntime and torch reserve three times what they use.
    resource.setrlimit(resource.RLIMIT_DATA, (max_bytes, max_bytes))
    # A memory image would hold what was imported.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(_NICENESS)
    # If the whole machine runs out of memory, the kernel ends this process and not the chat.
    Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_END)
    while connection.poll(max_idle_seconds):
        try:
            function, args, options = connection.recv()
        except EOFError:
            return
        # Not handled, so that it ends even a library that does not return to Python.
        signal.alarm(max_seconds)
        outcome = _run_job(function, args, options)
        signal.alarm(0)
        connection.send_bytes(pickle.dumps(outcome))


def _run_job(
    function: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]
) -> tuple[Any, DirectoryError | str | None]:
    """The result and None, or None and the error: its type's name if it was not expected."""
    try:
        return function(*args, **options), None
    except DirectoryError as error:
        return None, error
    except MemoryError:
        os._exit(_EXIT_OUT_OF_MEMORY)
    except Exception as error:
        return None, type(error).__name__
