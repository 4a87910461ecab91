"""The feed client over real HTTP: limits, retries, conditional requests, private addresses."""

import json
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from directory.errors import SourceError
from directory.listing import Listing
from directory.sources import http_client
from directory.sources.detect import read_feed, read_source
from directory.sources.http_client import FeedClient, StatusError, Validators
from tests.support.http_server import Answering, Request, Server

SERVICES = [{"id": str(n), "name": f"Tea {n}", "description": "Tea and talk."} for n in range(3)]
ICS = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Tea\r\n"
    "DTSTART:20261005T100000\r\nRRULE:FREQ=WEEKLY\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


@pytest.fixture
def feed_client() -> Iterator[FeedClient]:
    with FeedClient(timeout=2, allow_private=True) as feed_client:
        yield feed_client


def get(
    feed_client: FeedClient, server: Server, validators: Validators | None = None
) -> http_client.FeedResponse:
    return feed_client.get(httpx.URL(server.url), validators)


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]"])
def test_a_private_address_is_never_requested(server, name):
    address = server.url.replace("127.0.0.1", name)
    with pytest.raises(SourceError, match=r"private network.*FETCH_PRIVATE"):
        read_source(address)
    assert server.requests == []


def test_a_redirect_into_a_private_network_is_refused(server, monkeypatch):
    """The test treats 127.0.0.1 as public, because no test may leave this machine."""
    getaddrinfo = socket.getaddrinfo

    def resolve(host, port, *arguments, **options):
        address = "127.0.0.1" if host == "feed.example" else host
        return getaddrinfo(address, port, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(
        "directory.sources.ssrf.is_public_address", lambda address: address == "127.0.0.1"
    )
    private_url = f"http://127.0.0.2:{server.server_port}/"
    server.answering = lambda request: request.send("", 302, Location=private_url)
    with pytest.raises(SourceError, match="private network"):
        read_source(f"http://feed.example:{server.server_port}/feed.json")
    assert len(server.requests) == 1


def test_a_redirect_to_an_invalid_host_name_is_reported_in_one_line(server, feed_client):
    server.answering = lambda request: request.send("", 302, Location="http://xn--a/")
    with pytest.raises(SourceError) as failure:
        get(feed_client, server)
    assert "\n" not in str(failure.value)
    assert str(failure.value) == f"{server.url} leads to a host with an invalid name."


def test_a_host_is_connected_at_the_address_that_was_checked(server, monkeypatch):
    """DNS rebinding: the second answer for the name is never used."""
    getaddrinfo = socket.getaddrinfo
    lookups: list[str] = []

    def resolve(host, port, *arguments, **options):
        if host != "feed.example":
            return getaddrinfo(host, port, *arguments, **options)
        lookups.append(host)
        address = "127.0.0.1" if len(lookups) == 1 else "127.0.0.99"
        return getaddrinfo(address, port, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    server.answering = lambda request: request.send(json.dumps(SERVICES))
    url = httpx.URL(f"http://feed.example:{server.server_port}/")
    with FeedClient(timeout=2, allow_private=True) as feed_client:
        assert json.loads(feed_client.get(url).body) == SERVICES
    assert len(lookups) == 1
    [(_, headers)] = server.requests
    assert headers["Host"] == f"feed.example:{server.server_port}"


def test_a_host_with_any_private_address_is_refused(monkeypatch):
    addresses = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in ("8.8.8.8", "::1")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: addresses)
    with pytest.raises(SourceError, match="private network"):
        read_source("http://feed.example/feed.json")


def test_proxies_of_the_environment_are_not_used(server, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with FeedClient(timeout=2, allow_private=True) as feed_client:
        assert get(feed_client, server).status == 200


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_transient_error_is_retried(server, feed_client, status):
    statuses = iter([status, status, 200])
    server.answering = lambda request: request.send("{}", next(statuses))
    assert get(feed_client, server).status == 200
    assert len(server.requests) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_permanent_error_is_not_retried(server, feed_client, status):
    server.answering = lambda request: request.send("", status)
    with pytest.raises(StatusError, match=f"answered {status}"):
        get(feed_client, server)
    assert len(server.requests) == 1


def test_retries_end_after_three_requests(server, feed_client):
    server.answering = lambda request: request.send("", 503)
    with pytest.raises(StatusError, match="answered 503"):
        get(feed_client, server)
    assert len(server.requests) == 3


def format_in_two_seconds() -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)


@pytest.mark.parametrize(
    "retry_after", [lambda: "1", format_in_two_seconds], ids=["seconds", "a date"]
)
def test_retry_after_is_respected(server, feed_client, retry_after):
    statuses = iter([503, 200])
    server.answering = lambda request: request.send("", next(statuses), Retry_After=retry_after())
    started = time.monotonic()
    assert get(feed_client, server).status == 200
    assert time.monotonic() - started >= 0.9


@pytest.mark.parametrize("retry_after", ["86400", "Fri, 01 Jan 2100 00:00:00 GMT"])
def test_a_long_retry_after_ends_the_retries(server, feed_client, retry_after):
    server.answering = lambda request: request.send("", 429, Retry_After=retry_after)
    started = time.monotonic()
    with pytest.raises(StatusError):
        get(feed_client, server)
    assert time.monotonic() - started < 2
    assert len(server.requests) == 1


@pytest.mark.parametrize("retry_after", ["soon", "-1", "1e9", "99999999999999", "Fri, 99 Foo"])
def test_an_invalid_retry_after_is_ignored(server, feed_client, retry_after):
    statuses = iter([503, 200])
    server.answering = lambda request: request.send("", next(statuses), Retry_After=retry_after)
    assert get(feed_client, server).status == 200


def test_a_broken_connection_is_retried(server, feed_client):
    statuses = iter([None, 200])

    def answer(request: Request) -> None:
        if next(statuses):
            request.send("{}")
        else:
            request.connection.shutdown(socket.SHUT_RDWR)

    server.answering = answer
    assert get(feed_client, server).status == 200


def test_an_oversized_response_is_rejected(server, feed_client, monkeypatch):
    monkeypatch.setattr(http_client, "_MAX_RESPONSE_BYTES", 1_000)
    server.answering = lambda request: request.send(b" " * 2_000)
    with pytest.raises(SourceError, match="more than a page"):
        get(feed_client, server)
    assert len(server.requests) == 1


def test_the_total_size_of_responses_is_limited(server, feed_client, monkeypatch):
    monkeypatch.setattr(http_client, "_MAX_TOTAL_BYTES", 1_500)
    server.answering = lambda request: request.send(b" " * 1_000)
    get(feed_client, server)
    with pytest.raises(SourceError, match="more than a directory"):
        get(feed_client, server)


def test_the_total_time_is_limited(server, monkeypatch):
    monkeypatch.setattr(http_client, "_MAX_SECONDS", -1.0)
    with (
        FeedClient(timeout=2, allow_private=True) as feed_client,
        pytest.raises(SourceError, match="longer than an hour"),
    ):
        get(feed_client, server)


def answer_conditionally(body: str, etag: str) -> Answering:
    def answer(request: Request) -> None:
        if request.headers.get("If-None-Match") == etag:
            request.send("", 304)
        else:
            request.send(body, ETag=etag, Last_Modified="Mon, 05 Oct 2026 10:00:00 GMT")

    return answer


def test_unchanged_content_is_not_sent_again(server):
    server.answering = answer_conditionally(json.dumps(SERVICES), '"v1"')
    address = f"{server.url}/feed.json"
    first = read_feed(address, allow_private=True)
    assert first.validators == Validators('"v1"', "Mon, 05 Oct 2026 10:00:00 GMT")
    second = read_feed(address, validators=first.validators, allow_private=True)
    assert (second.rows, second.validators) == (None, first.validators)
    server.answering = answer_conditionally(json.dumps(SERVICES[:2]), '"v2"')
    third = read_feed(address, validators=first.validators, allow_private=True)
    assert len(third.rows or []) == 2
    assert third.validators.etag == '"v2"'


def test_an_unexpected_304_is_an_error(server):
    server.answering = lambda request: request.send("", 304)
    with pytest.raises(SourceError, match="answered 304"):
        read_feed(f"{server.url}/feed.json", allow_private=True)


@pytest.mark.parametrize("path", ["/basic.ics", "/calendar/public", "/x.json"])
def test_a_file_is_recognised_by_its_content_at_any_path(server, path):
    def answer(request: Request) -> None:
        request.send(ICS) if request.path == path else request.send("", 404)

    server.answering = answer
    [row] = read_source(f"{server.url}{path}", allow_private=True)
    assert isinstance(row, Listing)
    assert row.name == "Tea"


def test_an_api_with_a_dot_in_its_path_is_read(server):
    def answer(request: Request) -> None:
        path = request.path.partition("?")[0]
        if path == "/v3.0/services":
            request.send(json.dumps({"contents": SERVICES, "last_page": True}))
        elif path.startswith("/v3.0/services/"):
            request.send(json.dumps(SERVICES[int(path[-1])]))
        else:
            request.send(json.dumps({"version": "HSDS-UK-3.0"}))

    server.answering = answer
    assert len(read_source(f"{server.url}/v3.0", allow_private=True)) == 3


def test_a_single_page_of_several_is_rejected(server):
    page = json.dumps({"contents": SERVICES, "last_page": False, "total_pages": 4})
    server.answering = lambda request: request.send(page)
    with pytest.raises(SourceError, match="one page of several"):
        read_source(f"{server.url}/page.json", allow_private=True)


def test_a_web_page_is_rejected(server):
    server.answering = lambda request: request.send("<!DOCTYPE html><h1>Sign in</h1>")
    with pytest.raises(SourceError, match="is a web page"):
        read_source(f"{server.url}/feed.json", allow_private=True)
