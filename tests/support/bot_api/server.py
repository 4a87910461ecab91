"""The server: HTTP in its own thread, and updates by polling or webhook.

Owns the token, the queue of updates and the faults that a test sets.
"""

import asyncio
import contextlib
import itertools
import json
import re
import socket
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import httpx
import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from tests.support.bot_api.chat import Chat
from tests.support.bot_api.methods import METHODS, ApiError, Params

REDELIVER_SECONDS = 0.2
WEBHOOK_TIMEOUT = 60.0


def _find_queue(update: dict[str, Any]) -> object:
    """The queue of an update, as Telegram sorts them for a webhook: by chat, taps apart."""
    content: dict[str, Any] = next((part for part in update.values() if isinstance(part, dict)), {})
    is_tap = "callback_query" in update
    chat = content.get("message", {}).get("chat") if is_tap else content.get("chat")
    return is_tap, (chat or {}).get("id")


@dataclass(frozen=True)
class Fault:
    """A failure of a call: an error response, or a dropped connection if `status` is 0."""

    status: int
    description: str = ""
    retry_after: int = 0

    @classmethod
    def flood(cls, seconds: int) -> "Fault":
        return cls(429, f"Too Many Requests: retry after {seconds}", seconds)

    @classmethod
    def bad_gateway(cls) -> "Fault":
        return cls(502, "Bad Gateway")

    @classmethod
    def hang_up(cls) -> "Fault":
        return cls(0)


class BotApi:
    """A Bot API server for one bot. `start` and `stop` it, or use the fixture `bot_api`."""

    def __init__(self) -> None:
        self.token = "123456789:AAF-test-only-token-of-no-account-000"
        self.me: dict[str, Any] = {
            "id": 123456789,
            "is_bot": True,
            "first_name": "Connector",
            "username": "connector_test_bot",
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
        }
        self.changed = threading.Condition(threading.RLock())
        self.chats: dict[int, Chat] = {}
        self.commands: list[dict[str, str]] = []
        self.calls: list[tuple[str, Params]] = []
        self.webhook_url = ""
        self.webhook_statuses: list[int] = []
        self._webhook_secret = ""
        self._allowed: list[str] = []
        self._updates: deque[dict[str, Any]] = deque()
        self._numbers = itertools.count(7_310_442_000)
        self._faults: dict[str, deque[Fault]] = {}
        self.holding = 0
        self._held: set[str] = set()
        self._poller = 0
        self._port = 0
        self._closing = False

    @property
    def url(self) -> str:
        """The root to give the bot as its base address."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Serve on a free loopback port, or after `stop` on the same one as before."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self._port))
        self._port = listener.getsockname()[1]
        self._closing = False
        config = uvicorn.Config(
            self._app(), lifespan="off", ws="none", log_config=None, access_log=False
        )
        self._server = uvicorn.Server(config)
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(listener, started), daemon=True)
        self._thread.start()
        started.wait(10)

    def stop(self) -> None:
        """Close every connection and wait for the thread."""
        self._closing = True
        self._wake()
        self._server.should_exit = True
        self._thread.join(10)
        assert not self._thread.is_alive(), "the Bot API server did not stop"

    # For tests

    def chat(self, kind: str = "private", name: str = "Ada") -> Chat:
        """A new chat; `kind` is private, group, supergroup or channel."""
        number = self.number()
        chat = Chat(self, number if kind == "private" else -number, kind, name)
        with self.changed:
            self.chats[chat.chat_id] = chat
        return chat

    def fail(self, method: str, fault: Fault, times: int = 1) -> None:
        """Make the next calls of a method fail."""
        with self.changed:
            self._faults.setdefault(method.lower(), deque()).extend([fault] * times)

    def calls_of(self, method: str) -> list[Params]:
        """The parameters of each call so far, including failed ones."""
        with self.changed:
            return [params for name, params in self.calls if name == method.lower()]

    def push(self, content: dict[str, Any]) -> dict[str, Any]:
        """Queue an update for the bot; one with an `update_id` keeps it."""
        with self.changed:
            update = {"update_id": self.number(), **content}
            self._updates.append(update)
        self._wake()
        return update

    def hold(self, method: str) -> None:
        """Leave calls of a method without a response until `release`; `holding` counts them."""
        with self.changed:
            self._held.add(method.lower())

    def release(self) -> None:
        """Let every held call go on; those whose caller has gone are dropped."""
        with self.changed:
            self._held.clear()
        self._wake()

    @property
    def unacknowledged(self) -> int:
        """How many updates the bot has not acknowledged."""
        with self.changed:
            return len(self._updates)

    def wait_until(self, holds: Callable[[], bool], otherwise: str, within: float = 10.0) -> None:
        """Wait until `holds()` is true, checked whenever the server's state changes."""
        with self.changed:
            assert self.changed.wait_for(holds, within), otherwise

    def number(self) -> int:
        """A number not used before."""
        return next(self._numbers)

    # For the bot

    def set_webhook(self, url: str, secret: str, allowed: list[str]) -> None:
        self.webhook_url, self._webhook_secret, self._allowed = url, secret, allowed
        self._wake()

    def _app(self) -> FastAPI:
        app = FastAPI(openapi_url=None)

        @app.post("/bot{token}/{method}")
        async def call(token: str, method: str, request: Request) -> Response:
            params = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
            method = method.lower()
            with self.changed:
                self.calls.append((method, params))
                self.changed.notify_all()
                waiting = self._faults.get(method)
                fault = waiting.popleft() if waiting else None
            try:
                if fault and not fault.status:
                    return Response("cut", headers={"content-length": "100"})
                if fault:
                    extra = {"retry_after": fault.retry_after} if fault.retry_after else {}
                    raise ApiError(fault.status, fault.description, **extra)
                self._check_token(token)
                if not await self._hold(method, request):
                    return Response(status_code=499)
                if method == "getupdates":
                    result = await self._get_updates(params)
                elif method in METHODS:
                    with self.changed:
                        result = METHODS[method](self, params)
                        self.changed.notify_all()
                else:
                    raise ApiError(404, "Not Found: method not found")
            except ApiError as error:
                return JSONResponse(error.body, status_code=error.body["error_code"])
            return JSONResponse({"ok": True, "result": result})

        return app

    async def _hold(self, method: str, request: Request) -> bool:
        """Wait until the method is not held; whether its caller is still there."""
        self._change_holding(1)
        try:
            while method in self._held:
                if await request.is_disconnected() or self._closing:
                    return False
                await asyncio.sleep(0.02)
            return True
        finally:
            self._change_holding(-1)

    def _change_holding(self, change: int) -> None:
        with self.changed:
            self.holding += change
            self.changed.notify_all()

    def _check_token(self, token: str) -> None:
        if not re.fullmatch(r"\d+:[\w-]+", token):
            raise ApiError(404, "Not Found")
        if token != self.token:
            raise ApiError(401, "Unauthorized")

    async def _get_updates(self, params: Params) -> list[dict[str, Any]]:
        self._poller += 1
        poller = self._poller
        self._arrived.set()
        offset = int(params.get("offset", "0"))
        loop = asyncio.get_running_loop()
        deadline = loop.time() + int(params.get("timeout", "0"))
        while True:
            self._arrived.clear()
            if self.webhook_url:
                raise ApiError(
                    409,
                    "Conflict: can't use getUpdates method while webhook is active; "
                    "use deleteWebhook to delete the webhook first",
                )
            if poller != self._poller:
                raise ApiError(
                    409,
                    "Conflict: terminated by other getUpdates request; "
                    "make sure that only one bot instance is running",
                )
            with self.changed:
                self._allowed = json.loads(params.get("allowed_updates", "null")) or self._allowed
                self._updates = deque(
                    update
                    for update in self._updates
                    if update["update_id"] >= offset and self._is_allowed(update)
                )
                waiting = list(itertools.islice(self._updates, int(params.get("limit", "100"))))
                self.changed.notify_all()
            remaining = deadline - loop.time()
            if waiting or remaining <= 0 or self._closing:
                return waiting
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._arrived.wait(), remaining)

    async def _deliver(self) -> None:
        """Post updates to the webhook: those of a queue in order, queues at the same time."""
        async with httpx.AsyncClient(trust_env=False, timeout=WEBHOOK_TIMEOUT) as client:
            queues: dict[object, asyncio.Task[None]] = {}
            while True:
                with self.changed:
                    waiting = {_find_queue(update) for update in self._updates}
                for queue in waiting if self.webhook_url else ():
                    if queue not in queues or queues[queue].done():
                        queues[queue] = asyncio.create_task(self._deliver_queue(client, queue))
                self._due.clear()
                await self._due.wait()

    async def _deliver_queue(self, client: httpx.AsyncClient, queue: object) -> None:
        """Post the updates of one queue, each repeatedly until the bot accepts it."""
        while self.webhook_url:
            with self.changed:
                mine = [update for update in self._updates if _find_queue(update) == queue]
                if not mine:
                    return
                update = mine[0]
                if not self._is_allowed(update):
                    self._updates.remove(update)
                    continue
                url, secret = self.webhook_url, self._webhook_secret
            status = 0
            # Telegram's own server writes every letter beyond ASCII as an escape.
            content = json.dumps(update, ensure_ascii=True, separators=(",", ":"))
            headers = {"Content-Type": "application/json"}
            if secret:
                headers["X-Telegram-Bot-Api-Secret-Token"] = secret
            with contextlib.suppress(httpx.HTTPError):
                response = await client.post(url, content=content, headers=headers)
                status = response.status_code
            with self.changed:
                self.webhook_statuses.append(status)
                if 200 <= status < 300:
                    self._updates.remove(update)
                self.changed.notify_all()
            if not 200 <= status < 300:
                await asyncio.sleep(REDELIVER_SECONDS)

    def _is_allowed(self, update: dict[str, Any]) -> bool:
        return not self._allowed or not set(self._allowed).isdisjoint(update)

    def _run(self, listener: socket.socket, started: threading.Event) -> None:
        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            self._arrived, self._due = asyncio.Event(), asyncio.Event()
            delivery = asyncio.create_task(self._deliver())
            started.set()
            await self._server.serve(sockets=[listener])
            delivery.cancel()
            await asyncio.gather(delivery, return_exceptions=True)

        asyncio.run(serve())
        listener.close()

    def _wake(self) -> None:
        def ring() -> None:
            self._arrived.set()
            self._due.set()

        with contextlib.suppress(RuntimeError):  # between `stop` and `start` no loop runs
            self._loop.call_soon_threadsafe(ring)
