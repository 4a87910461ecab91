"""Importing a paged Open Referral UK v3 API over real HTTP, with and without faults."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from directory.errors import SourceError
from directory.listing import Listing
from directory.sources.api_pages import fetch_services
from directory.sources.detect import name_source, read_source
from directory.sources.http_client import FeedClient, parse_url
from directory.sources.limits import SOURCE_LIMITS

COUNT = 7
IDS = [f"a/{n} é" for n in range(COUNT)]


def make_summary(number: int) -> dict[str, Any]:
    return {"id": IDS[number], "name": f"Tea {number}", "description": "Short."}


def make_details(number: int) -> dict[str, Any]:
    return make_summary(number) | {"description": "Tea, with all details.", "fees": "Free"}


def make_page(number: int, size: int = 3) -> dict[str, Any]:
    start = (number - 1) * size
    pages = -(-COUNT // size)
    return {
        "total_items": COUNT,
        "total_pages": pages,
        "page_number": number,
        "first_page": number == 1,
        "last_page": number >= pages,
        "contents": [make_summary(n) for n in range(start, min(start + size, COUNT))],
    }


class Feed:
    """A feed on loopback. `change` may answer a request itself, and then returns True."""

    def __init__(self) -> None:
        self.requested_paths: list[str] = []
        self.change: Callable[[BaseHTTPRequestHandler, str, int | None], bool] = lambda *_: False
        self.edit: Callable[[dict[str, Any]], None] = lambda _page: None
        self.done = threading.Event()
        feed = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                feed.answer(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/api"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        self.requested_paths.append(request.path)
        url = urlsplit(request.path)
        query = parse_qs(url.query)
        number = int(query["page"][0]) if "page" in query else None
        if self.change(request, url.path, number):
            return
        if number is not None:
            content = make_page(number)
            self.edit(content)
            send(request, json.dumps(content))
        else:
            key = url.path.removeprefix("/api/services/")
            numbers = [n for n in range(COUNT) if quote_id(IDS[n]) == key]
            body = json.dumps(make_details(numbers[0])) if numbers else ""
            send(request, body, 200 if numbers else 404)

    def stop(self) -> None:
        self.done.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def quote_id(key: str) -> str:
    return key.replace("/", "%2F").replace(" ", "%20").replace("é", "%C3%A9")


def send(request: BaseHTTPRequestHandler, body: str, status: int = 200, **headers: str) -> bool:
    request.send_response(status)
    for name, value in headers.items():
        request.send_header(name, value)
    request.send_header("Content-Length", str(len(body.encode())))
    request.end_headers()
    request.wfile.write(body.encode())
    return True


def fetch_all(url: str, timeout: float) -> list[dict[str, Any]]:
    """All services of the API at `url`, on this machine."""
    with FeedClient(timeout=timeout, allow_private=True) as feed_client:
        return fetch_services(feed_client, parse_url(url), None, SOURCE_LIMITS).services or []


@pytest.fixture
def feed() -> Iterator[Feed]:
    feed = Feed()
    yield feed
    feed.stop()


@pytest.mark.parametrize("ending", ["", "/", "/services", "/services/"])
def test_every_page_and_the_details_of_each_service_are_read(feed, ending):
    steps: list[tuple[str, int, int | None]] = []
    listings = read_source(
        feed.url + ending, progress=lambda *step: steps.append(step), timeout=5, allow_private=True
    )
    assert [listing.key for listing in listings] == IDS
    assert {listing.description for listing in listings if isinstance(listing, Listing)} == {
        "Tea, with all details."
    }
    assert steps[0] == ("Fetching pages", 1, 3)
    assert steps[-1] == ("Fetching listings", COUNT, COUNT)


def test_a_key_in_the_url_is_sent_with_each_request_and_never_quoted(feed):
    fetch_all(f"{feed.url}?key=s3cret", timeout=5)
    assert all("key=s3cret" in path for path in feed.requested_paths)
    url = feed.url.replace("://", "://me:s3cret@")
    feed.change = lambda request, _path, _page: send(request, "no", 403)
    with pytest.raises(SourceError, match="answered 403") as failure:
        fetch_all(f"{url}?key=s3cret", timeout=5)
    assert "s3cret" not in str(failure.value)
    assert "s3cret" not in name_source(url)


@pytest.mark.parametrize(
    "missing_fields",
    [("last_page",), ("last_page", "total_pages"), ("total_pages", "total_items", "first_page")],
)
def test_pages_without_counts_are_read(feed, missing_fields):
    def edit(content: dict[str, Any]) -> None:
        for name in missing_fields:
            del content[name]

    feed.edit = edit
    assert len(fetch_all(feed.url, timeout=5)) == COUNT


def test_field_names_of_the_older_version_are_read(feed):
    def edit(content: dict[str, Any]) -> None:
        content["content"], content["last"] = content.pop("contents"), content.pop("last_page")

    feed.edit = edit
    assert len(fetch_all(feed.url, timeout=5)) == COUNT


def test_a_service_that_moves_to_the_next_page_is_read_once(feed):
    def edit(content: dict[str, Any]) -> None:
        if content["page_number"] == 2:
            content["contents"].insert(0, make_summary(2))

    feed.edit = edit
    assert [service["id"] for service in fetch_all(feed.url, timeout=5)] == IDS


def test_a_feed_without_a_last_page_is_rejected(feed):
    feed.change = lambda request, _path, number: (
        number is not None and send(request, json.dumps(make_page(1)))
    )
    with pytest.raises(SourceError, match="has no last page"):
        fetch_all(feed.url, timeout=5)
    assert len(feed.requested_paths) == 2


def test_redirects_are_followed(feed):
    def move(request: BaseHTTPRequestHandler, path: str, _page: int | None) -> bool:
        if path.startswith("/old"):
            return send(request, "", 301, Location=request.path.replace("/old", "/api"))
        return False

    feed.change = move
    assert len(fetch_all(feed.url.replace("/api", "/old"), timeout=5)) == COUNT


def drip_without_end(feed: Feed) -> Callable[..., bool]:
    def answer(request: BaseHTTPRequestHandler, _path: str, _page: int | None) -> bool:
        request.send_response(200)
        request.end_headers()
        while not feed.done.wait(0.2):
            try:
                request.wfile.write(b" ")
            except OSError:
                break
        return True

    return answer


def never_answer(feed: Feed) -> Callable[..., bool]:
    return lambda *_: feed.done.wait(30)


def fail_on(failing_page: int | None, body: str, status: int, **headers: str):
    return lambda _feed: (
        lambda request, _path, number: (
            number == failing_page and send(request, body, status, **headers)
        )
    )


FAULTS = {
    "a page answers 500": (fail_on(2, "oops", 500), "answered 500"),
    "a service answers 500": (fail_on(None, "oops", 500), "answered 500"),
    "not JSON": (fail_on(1, "<html>", 200), "something that is not JSON"),
    "JSON too deep": (fail_on(1, "[" * 100_000, 200), "something that is not JSON"),
    "not pages": (fail_on(1, '{"error": 1}', 200), "does not answer with Open Referral UK pages"),
    "no services": (fail_on(1, '{"contents": [], "last_page": true}', 200), "lists no services"),
    "redirects in a loop": (fail_on(1, "", 302, Location="?page=1"), "redirects in a loop"),
    "to a file": (fail_on(1, "", 302, Location="file:///etc/hostname"), "cannot be reached"),
    "never answers": (never_answer, "did not answer in time"),
    "drips without end": (drip_without_end, "did not answer in time"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_feed_is_rejected_as_a_whole(feed, fault):
    make_change, message = FAULTS[fault]
    feed.change = make_change(feed)
    started = time.monotonic()
    with pytest.raises(SourceError, match=message) as failure:
        fetch_all(feed.url, timeout=1)
    assert time.monotonic() - started < 5
    assert "\n" not in str(failure.value)


@pytest.mark.parametrize("url", ["http://", "http://[", "http://127.0.0.1:1/api", "http://a b"])
def test_an_unreachable_address_is_rejected(url):
    with pytest.raises(SourceError):
        fetch_all(url, timeout=1)


@pytest.mark.parametrize("fault", ["never answers", "a page answers 500"])
def test_the_command_reports_a_fault_in_one_line(feed, command, fault):
    make_change, message = FAULTS[fault]
    feed.change = make_change(feed)
    result = command("import", "--timeout", "1", feed.url)
    assert result.returncode == 1
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert sum(message in line for line in result.stderr.splitlines()) == 1


def test_a_source_is_named_after_its_host(feed):
    assert name_source(feed.url) == urlsplit(feed.url).netloc
