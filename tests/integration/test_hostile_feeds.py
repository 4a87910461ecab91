"""Feeds that attack: each costs the reader a bounded time and memory, whatever the server does.

The servers are real, on loopback, and go on sending until the reader hangs up.
"""

import gzip
import queue
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import httpx
import pytest

from directory.errors import SourceError
from directory.sources import http_client
from directory.sources.http_client import FeedClient
from tests.support.http_server import Request

_SECONDS = 0.5
_LIMIT = 1_000_000  # of a response, in bytes
_BLOCK = b" " * 65_536
# What the sockets of both sides hold, and what is sent before a closed connection is noticed.
_UNREAD = 20_000_000
_DRIP = 0.02  # seconds


@pytest.fixture(autouse=True)
def _small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_client, "_MAX_RESPONSE_BYTES", _LIMIT)
    # One attempt is what is bounded; the retries are bounded by their number.
    monkeypatch.setattr(http_client, "_MAX_ATTEMPTS", 1)


@contextmanager
def bounded(seconds: float, size: int = 20 * _LIMIT) -> Iterator[None]:
    """Fail if the block takes longer, or holds more bytes at any moment."""
    started = time.monotonic()
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < size
    assert time.monotonic() - started < seconds


def check_refused(url: str, message: str, timeout: float = 20.0) -> None:
    """The feed at `url` is refused with this message, within bounds."""
    with (
        bounded(10 * timeout),
        FeedClient(timeout=timeout, allow_private=True) as feed_client,
        pytest.raises(SourceError, match=message),
    ):
        feed_client.get(httpx.URL(url))


def send_until_closed(request: Request, block: bytes, pause: float = 0.0) -> int:
    """Send `block` until the reader hangs up, at most 100 s. Returns the number of bytes sent."""
    give_up = time.monotonic() + 100
    sent = 0
    try:
        while time.monotonic() < give_up:
            request.wfile.write(block)
            sent += len(block)
            time.sleep(pause)
    except OSError:
        pass
    request.close_connection = True
    return sent


def start_headers(request: Request, status: str = "200 OK", *headers: str) -> None:
    lines = [f"HTTP/1.1 {status}", *headers]
    request.wfile.write("".join(f"{line}\r\n" for line in lines).encode())


def drip_headers(request: Request) -> None:
    start_headers(request)
    send_until_closed(request, b"X", _DRIP)


def drip_interim_responses(request: Request) -> None:
    send_until_closed(request, b"HTTP/1.1 103 Early Hints\r\n\r\n", _DRIP)


def drip_body(request: Request) -> None:
    start_headers(request, "200 OK", "Content-Length: 900000", "")
    send_until_closed(request, b" ", _DRIP)


def drip_chunks(request: Request) -> None:
    start_headers(request, "200 OK", "Transfer-Encoding: chunked", "")
    send_until_closed(request, b"1\r\n \r\n", _DRIP)


def drip_packed_nothing(request: Request) -> None:
    """Stored blocks without content: bytes arrive, and nothing comes out."""
    start_headers(request, "200 OK", "Content-Encoding: gzip", "")
    request.wfile.write(gzip.compress(b"")[:10])
    send_until_closed(request, b"\x00\x00\x00\xff\xff", _DRIP)


def wait_in_silence(request: Request) -> None:
    request.connection.settimeout(100)
    request.connection.recv(1)


@pytest.mark.parametrize(
    "attack",
    [
        drip_headers,
        drip_interim_responses,
        drip_body,
        drip_chunks,
        drip_packed_nothing,
        wait_in_silence,
    ],
)
def test_a_slow_server_is_left_at_the_deadline(server, attack):
    server.answering = attack
    check_refused(server.url, "did not answer in time", _SECONDS)


def test_slow_redirects_share_one_deadline(server):
    """Each answer comes well within the time, and there is always one more."""

    def redirect(request: Request) -> None:
        time.sleep(_SECONDS / 5)
        with suppress(OSError):
            request.send("", 302, Location="/again")

    server.answering = redirect
    check_refused(server.url, "did not answer in time", _SECONDS)


@pytest.mark.parametrize("status", ["302 Found", "404 Not Found"])
def test_the_body_of_a_redirect_or_an_error_is_not_read(server, status):
    def answer(request: Request) -> None:
        start_headers(request, status, "Location: /listings", "")
        send_until_closed(request, _BLOCK)

    server.answering = answer
    check_refused(server.url, r"redirects in a loop|answered 404")
    assert len(server.requests) <= http_client._MAX_REDIRECTS + 1


def test_a_redirect_with_an_endless_body_is_followed_at_once(server):
    sent: queue.Queue[int] = queue.Queue()

    def answer(request: Request) -> None:
        if request.path == "/listings":
            request.send('{"services": []}')
        else:
            start_headers(request, "302 Found", "Location: /listings", "")
            sent.put(send_until_closed(request, _BLOCK))

    server.answering = answer
    with bounded(200), FeedClient(timeout=20, allow_private=True) as feed_client:
        assert feed_client.get(httpx.URL(server.url)).body == b'{"services": []}'
    assert sent.get(timeout=30) < _UNREAD


def send_endlessly(request: Request) -> None:
    start_headers(request, "200 OK", "")
    send_until_closed(request, _BLOCK)


def send_a_huge_chunk(request: Request) -> None:
    start_headers(request, "200 OK", "Transfer-Encoding: chunked", "", "FFFFFFFFFFFF")
    send_until_closed(request, _BLOCK)


def make_bomb(size: int = 500 * _LIMIT) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    blocks = [packer.compress(b" " * _LIMIT) for _ in range(size // _LIMIT)]
    return b"".join([*blocks, packer.flush()])


_BOMB = make_bomb()


def send_a_bomb(request: Request) -> None:
    request.send(_BOMB, Content_Encoding="gzip")


def send_packed_noise(request: Request) -> None:
    """A finished gzip body, and bytes after it that unpack to nothing."""
    start_headers(request, "200 OK", "Content-Encoding: gzip", "")
    request.wfile.write(gzip.compress(b"{}"))
    send_until_closed(request, _BLOCK)


@pytest.mark.parametrize(
    "attack", [send_endlessly, send_a_huge_chunk, send_a_bomb, send_packed_noise]
)
def test_a_large_body_is_left_at_the_limit(server, attack: Callable[[Request], None]):
    server.answering = attack
    check_refused(server.url, "more than a page")


@pytest.mark.parametrize("encoding", ["gzip, gzip", "gzip, gzip, gzip, gzip", "br", "zstd"])
def test_content_is_unpacked_once_at_most(server, encoding):
    packed = gzip.compress(_BOMB)
    server.answering = lambda request: request.send(packed, Content_Encoding=encoding)
    check_refused(server.url, "packed in a way that is not supported")


def test_packed_content_is_read(server):
    server.answering = lambda request: request.send(gzip.compress(b"{}"), Content_Encoding="gzip")
    with FeedClient(timeout=20, allow_private=True) as feed_client:
        assert feed_client.get(httpx.URL(server.url)).body == b"{}"
    [(_, headers)] = server.requests
    assert headers["Accept-Encoding"] == "gzip"


@pytest.mark.parametrize(
    ("content", "message"),
    [(gzip.compress(_BLOCK)[:-9], "cut short"), (b"not packed at all", "damaged")],
)
def test_damaged_packed_content_is_refused(server, content, message):
    server.answering = lambda request: request.send(content, Content_Encoding="gzip")
    check_refused(server.url, message)
