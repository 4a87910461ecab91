"""HTTP servers inside the program's own event loop, on sockets that are bound before it starts."""

import asyncio
import contextlib
import logging
import math
import socket
from collections.abc import Sequence
from functools import partial

import uvicorn
from starlette.types import ASGIApp

from bot.connections import BoundedProtocol, ConnectionLimits
from bot.errors import StartError

# A client that takes none of a response for so long is gone.
_MILLISECONDS_WITHOUT_PROGRESS = 30_000


class Server:
    """A uvicorn server on a bound socket, whose connections are within `limits`.

    `proxies` are the addresses whose X-Forwarded-For header is believed.
    """

    def __init__(
        self,
        app: ASGIApp,
        bound: socket.socket,
        proxies: Sequence[str] = (),
        limits: ConnectionLimits | None = None,
    ) -> None:
        config = uvicorn.Config(
            app,
            log_level="error",
            access_log=False,
            lifespan="off",
            http=partial(BoundedProtocol, limits=limits or ConnectionLimits()),  # type: ignore[arg-type]
            ws="none",
            forwarded_allow_ips=list(proxies),
        )
        self._server = uvicorn.Server(config)
        # The program handles signals: uvicorn would stop only itself and leave the rest running.
        self._server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
        self._bound = bound
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start serving, and return once requests are accepted."""
        self._task = asyncio.create_task(self._server.serve(sockets=[self._bound]))
        # This flag is uvicorn's only sign that it is up.
        while not self._server.started and not self._task.done():  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    async def stop(self, grace: float = 1.0) -> None:
        """Refuse new connections at once, finish the requests under way, then stop.

        Requests that take longer than `grace` seconds, such as half-sent ones, are cut off.
        """
        self._server.config.timeout_graceful_shutdown = math.ceil(grace)
        # Cutting one off is no error, but uvicorn would print a traceback of it.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        self._server.should_exit = True
        if self._task:
            await self._task


def bind_port(setting: str, host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes any free port.

    Raises StartError, naming the `setting` to change, if the port is in use.
    """
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # on Linux; its connections inherit it
        bound.setsockopt(
            socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _MILLISECONDS_WITHOUT_PROGRESS
        )
    try:
        bound.bind((host, port))
        bound.listen(128)
    except OSError as error:
        bound.close()
        raise StartError(
            f"Port {port} on {host} cannot be used ({error.strerror}). Stop the program that "
            f"uses it, or choose another port: {setting}={port + 1} make run"
        ) from None
    return bound
