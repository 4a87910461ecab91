"""Clients that are slow, many or large: each is cut in bounded time, and others are answered.

Raw sockets against the program's own server; its limits are small, so that a test takes seconds.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import psutil
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from bot.connections import ConnectionLimits
from bot.health import Health
from bot.messages import Message, Reply, Text
from bot.server import Server, bind_port
from bot.web.app import create_app

SMALL = ConnectionLimits(
    request_seconds=0.5, bytes_per_second=1_000_000, connections=60, per_client=30
)
CHAT_HEAD = b"POST /api/chat HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"


class Echo:
    """A conversation that repeats each message."""

    async def answer(
        self,
        _sender: str,
        message: Message,
        *,
        client: str | None = None,  # noqa: ARG002
    ) -> list[Reply]:
        return [Text(f"heard {message.text}")]

    async def forget(self, _sender: str) -> None:
        pass


@dataclass
class Address:
    """Where the server of a test listens."""

    port: int
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.writers.append(writer)
        return reader, writer

    async def answer_honest_client(self) -> None:
        """Send a message as a person does, over a new connection."""
        async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
            response = await client.post(
                f"http://127.0.0.1:{self.port}/api/chat", json={"message": {"text": "hello"}}
            )
        assert response.status_code == 200
        assert "heard hello" in response.text


@asynccontextmanager
async def serve(
    limits: ConnectionLimits, app: ASGIApp | None = None, proxies: tuple[str, ...] = ()
) -> AsyncIterator[Address]:
    app = app or create_app(Echo(), origins=[], secret=b"of the tests", health=Health(str, {}))
    bound = bind_port("WEB_PORT", "127.0.0.1", 0)
    server = Server(app, bound, proxies, limits)
    await server.start()
    address = Address(bound.getsockname()[1])
    try:
        yield address
    finally:
        for writer in address.writers:
            writer.close()
        await server.stop()


async def read_until_cut(reader: asyncio.StreamReader) -> bytes:
    """Everything that arrives before the server ends the connection, in 20 seconds at most."""
    received = b""
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(20):
            while piece := await reader.read(65_536):
                received += piece
    return received


async def drip(writer: asyncio.StreamWriter, text: bytes) -> None:
    """Send the same text again and again, slowly, until the connection ends."""
    with contextlib.suppress(ConnectionError):
        while not writer.is_closing():
            writer.write(text)
            await writer.drain()
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("begin", "dripped"),
    [
        (b"", b""),
        (b"GET / HTTP/1.1\r\n", b"a: b\r\n"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: ", b"x"),
        (CHAT_HEAD + b"Content-Length: 9000\r\n\r\n", b" "),
        (CHAT_HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        # Answered before the body has arrived.
        (b"GET /api/health HTTP/1.1\r\nHost: a\r\nContent-Length: 9000\r\n\r\n", b" "),
        # The second request of a connection.
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n", b"a: b\r\n"),
    ],
    ids=["nothing", "headers", "header", "body", "chunks", "unread-body", "second"],
)
async def test_a_request_that_is_sent_slowly_is_cut(begin: bytes, dripped: bytes) -> None:
    async with serve(SMALL) as address:
        reader, writer = await address.connect()
        writer.write(begin)
        dripping = asyncio.create_task(drip(writer, dripped))
        cut = asyncio.create_task(read_until_cut(reader))
        await address.answer_honest_client()
        await cut
        dripping.cancel()


async def test_a_request_that_keeps_coming_is_given_more_time() -> None:
    limits = ConnectionLimits(request_seconds=1, bytes_per_second=100)
    body = b'{"message": {"text": "hello"}}' + b" " * 3000
    async with serve(limits) as address:
        reader, writer = await address.connect()
        writer.write(CHAT_HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body[:-1])
        # More than a second, and less than the half minute that so many bytes earn.
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2):
                await reader.read(1)
        writer.write(body[-1:])
        assert (await reader.readline()) == b"HTTP/1.1 200 OK\r\n"


async def test_300_idle_connections_of_one_client_leave_room_for_others() -> None:
    async with serve(SMALL) as address:
        idle = [await address.connect() for _ in range(300)]
        await address.answer_honest_client()
        # The first ones made room for the last ones at once, the rest end after half a second.
        await asyncio.gather(*(read_until_cut(reader) for reader, _ in idle))


async def test_one_client_has_its_share_of_connections_only() -> None:
    patient = ConnectionLimits(request_seconds=60, connections=60, per_client=30)
    async with serve(patient) as address:
        idle = [await address.connect() for _ in range(50)]
        # The last 30 are open, so the first 20 are not.
        await asyncio.gather(*(read_until_cut(reader) for reader, _ in idle[:20]))
        await address.answer_honest_client()
        _, last = idle[-1]
        last.write(b"GET /api/health HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (await idle[-1][0].readline()) == b"HTTP/1.1 200 OK\r\n"


async def test_a_proxy_may_use_all_connections() -> None:
    patient = ConnectionLimits(request_seconds=60, connections=60, per_client=30)
    async with serve(patient, proxies=("127.0.0.1",)) as address:
        idle = [await address.connect() for _ in range(80)]
        await asyncio.gather(*(read_until_cut(reader) for reader, _ in idle[:20]))
        await address.answer_honest_client()
        reader, writer = idle[30]
        writer.write(b"GET /api/health HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (await reader.readline()) == b"HTTP/1.1 200 OK\r\n"


async def test_a_connection_that_is_being_answered_is_never_ended_for_another() -> None:
    patient = ConnectionLimits(
        request_seconds=60, bytes_per_second=1_000_000_000, connections=60, per_client=3
    )
    started: asyncio.Queue[bool] = asyncio.Queue()
    answering = asyncio.Event()

    async def answer_late(_request: Request) -> Response:
        started.put_nowait(True)
        await answering.wait()
        return Response("late")

    app = Starlette(routes=[Route("/", answer_late)])
    async with serve(patient, app) as address:
        asked = [await address.connect() for _ in range(3)]
        for _, writer in asked:
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            await started.get()
        refused, _ = await address.connect()
        assert await read_until_cut(refused) == b""
        answering.set()
        for reader, _ in asked:
            assert (await reader.readline()) == b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    "head",
    [
        b"GET /?" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nCookie: " + b"a" * 40_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"a: b\r\n" * 7_000 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nCookie: " + b"a" * 10_000_000,
    ],
    ids=["url", "header", "headers", "endless"],
)
async def test_a_large_head_is_refused(head: bytes) -> None:
    async with serve(ConnectionLimits()) as address:
        reader, writer = await address.connect()
        writer.write(head)
        answer = await read_until_cut(reader)
        assert b" 200 " not in answer
        await address.answer_honest_client()


async def test_a_long_head_is_answered() -> None:
    async with serve(ConnectionLimits()) as address:
        reader, writer = await address.connect()
        head = b"GET / HTTP/1.1\r\nHost: a\r\nCookie: " + b"a" * 30_000 + b"\r\n\r\n"
        for _ in range(2):  # the limit is for each request
            writer.write(head)
            assert (await reader.readuntil(b"\r\n")) == b"HTTP/1.1 200 OK\r\n"
            sizes = await reader.readuntil(b"\r\n\r\n")
            length = int(sizes.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            await reader.readexactly(length)


async def test_a_body_that_goes_on_after_its_refusal_is_cut() -> None:
    async with serve(SMALL) as address:
        reader, writer = await address.connect()
        writer.write(CHAT_HEAD + b"Transfer-Encoding: chunked\r\n\r\n")

        async def send_without_end() -> None:
            with contextlib.suppress(ConnectionError):
                while not writer.is_closing():
                    writer.write(b"2000\r\n" + b" " * 0x2000 + b"\r\n")
                    await writer.drain()

        sending = asyncio.create_task(send_without_end())
        answer = await read_until_cut(reader)
        sending.cancel()
        assert answer == b"" or b" 413 " in answer
        await address.answer_honest_client()


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="only Linux has it")
async def test_a_client_that_does_not_take_its_answer_is_cut() -> None:
    large = Starlette(routes=[Route("/", lambda _: Response(b"a" * 50_000_000))])
    bound = bind_port("WEB_PORT", "127.0.0.1", 0)
    assert bound.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 30_000
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1_000)
    server = Server(large, bound)
    await server.start()
    port = bound.getsockname()[1]

    def count_connections() -> int:
        return sum(
            connection.laddr.port == port and connection.status == psutil.CONN_ESTABLISHED
            for connection in psutil.Process().net_connections("tcp4")
        )

    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        async with asyncio.timeout(20):
            while not count_connections():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            while count_connections():  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    await server.stop()
