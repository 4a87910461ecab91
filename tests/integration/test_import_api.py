"""Importing a paged Open Referral UK v3 API, well behaved and not, over real HTTP."""

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

COUNT = 7
IDS = [f"a/{n} é" for n in range(COUNT)]


def bare(number: int) -> dict[str, Any]:
    return {"id": IDS[number], "name": f"Tea {number}", "description": "Short."}


def whole(number: int) -> dict[str, Any]:
    return bare(number) | {"description": "Tea, and the whole of it.", "fees": "Free"}


def page(number: int, size: int = 3) -> dict[str, Any]:
    start = (number - 1) * size
    pages = -(-COUNT // size)
    return {
        "total_items": COUNT,
        "total_pages": pages,
        "page_number": number,
        "first_page": number == 1,
        "last_page": number >= pages,
        "contents": [bare(n) for n in range(start, min(start + size, COUNT))],
    }


class Feed:
    """A feed on loopback. `change` may answer a request itself by returning True."""

    def __init__(self) -> None:
        self.asked: list[str] = []
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
        self.asked.append(request.path)
        address = urlsplit(request.path)
        query = parse_qs(address.query)
        number = int(query["page"][0]) if "page" in query else None
        if self.change(request, address.path, number):
            return
        if number is not None:
            content = page(number)
            self.edit(content)
            send(request, json.dumps(content))
        else:
            key = address.path.removeprefix("/api/services/")
            found = [n for n in range(COUNT) if quoted(IDS[n]) == key]
            send(request, json.dumps(whole(found[0])) if found else "", 200 if found else 404)

    def stop(self) -> None:
        self.done.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def quoted(key: str) -> str:
    return key.replace("/", "%2F").replace(" ", "%20").replace("é", "%C3%A9")


def send(request: BaseHTTPRequestHandler, body: str, status: int = 200, **headers: str) -> bool:
    request.send_response(status)
    for name, value in headers.items():
        request.send_header(name, value)
    request.send_header("Content-Length", str(len(body.encode())))
    request.end_headers()
    request.wfile.write(body.encode())
    return True


def fetch(url: str, timeout: float) -> list[dict[str, Any]]:
    """Every service of the API at `url`, on this machine."""
    with FeedClient(timeout=timeout, allow_private=True) as feed_client:
        return fetch_services(feed_client, parse_url(url), None).services or []


@pytest.fixture
def feed() -> Iterator[Feed]:
    feed = Feed()
    yield feed
    feed.stop()


@pytest.mark.parametrize("ending", ["", "/", "/services", "/services/"])
def test_every_page_and_the_whole_of_each_service(feed, ending):
    told: list[tuple[str, int, int | None]] = []
    listings = read_source(
        feed.url + ending, progress=lambda *one: told.append(one), timeout=5, allow_private=True
    )
    assert [one.key for one in listings] == IDS
    assert {one.description for one in listings if isinstance(one, Listing)} == {
        "Tea, and the whole of it."
    }
    assert told[0] == ("Fetching pages", 1, 3)
    assert told[-1] == ("Fetching listings", COUNT, COUNT)


def test_a_key_in_the_address_goes_with_every_request_and_into_no_message(feed):
    fetch(f"{feed.url}?key=s3cret", timeout=5)
    assert all("key=s3cret" in path for path in feed.asked)
    address = feed.url.replace("://", "://me:s3cret@")
    feed.change = lambda request, _path, _page: send(request, "no", 403)
    with pytest.raises(SourceError, match="answered 403") as failed:
        fetch(f"{address}?key=s3cret", timeout=5)
    assert "s3cret" not in str(failed.value)
    assert "s3cret" not in name_source(address)


@pytest.mark.parametrize(
    "drop",
    [("last_page",), ("last_page", "total_pages"), ("total_pages", "total_items", "first_page")],
)
def test_pages_that_leave_out_how_many_there_are(feed, drop):
    def edit(content: dict[str, Any]) -> None:
        for name in drop:
            del content[name]

    feed.edit = edit
    assert len(fetch(feed.url, timeout=5)) == COUNT


def test_the_field_names_of_the_older_version(feed):
    def edit(content: dict[str, Any]) -> None:
        content["content"], content["last"] = content.pop("contents"), content.pop("last_page")

    feed.edit = edit
    assert len(fetch(feed.url, timeout=5)) == COUNT


def test_a_service_that_slips_to_the_next_page_is_taken_once(feed):
    def edit(content: dict[str, Any]) -> None:
        if content["page_number"] == 2:
            content["contents"].insert(0, bare(2))

    feed.edit = edit
    assert [one["id"] for one in fetch(feed.url, timeout=5)] == IDS


def test_a_feed_that_never_says_which_page_is_the_last(feed):
    feed.change = lambda request, _path, number: (
        number is not None and send(request, json.dumps(page(1)))
    )
    with pytest.raises(SourceError, match="has no last page"):
        fetch(feed.url, timeout=5)
    assert len(feed.asked) == 2


def test_a_feed_that_moved_is_followed(feed):
    def move(request: BaseHTTPRequestHandler, path: str, _page: int | None) -> bool:
        if path.startswith("/old"):
            return send(request, "", 301, Location=request.path.replace("/old", "/api"))
        return False

    feed.change = move
    assert len(fetch(feed.url.replace("/api", "/old"), timeout=5)) == COUNT


def drip(feed: Feed) -> Callable[..., bool]:
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


def hang(feed: Feed) -> Callable[..., bool]:
    return lambda *_: feed.done.wait(30)


def fail_on(wanted: int | None, body: str, status: int, **headers: str):
    return lambda _feed: (
        lambda request, _path, number: number == wanted and send(request, body, status, **headers)
    )


FAULTS = {
    "a page answers 500": (fail_on(2, "oops", 500), "answered 500"),
    "a service answers 500": (fail_on(None, "oops", 500), "answered 500"),
    "not JSON": (fail_on(1, "<html>", 200), "something that is not JSON"),
    "JSON too deep": (fail_on(1, "[" * 100_000, 200), "something that is not JSON"),
    "not pages": (fail_on(1, '{"error": 1}', 200), "does not answer with Open Referral UK pages"),
    "no services": (fail_on(1, '{"contents": [], "last_page": true}', 200), "lists no services"),
    "redirects in circles": (fail_on(1, "", 302, Location="?page=1"), "redirects in a loop"),
    "to a file": (fail_on(1, "", 302, Location="file:///etc/hostname"), "cannot be reached"),
    "never answers": (hang, "did not answer in time"),
    "drips without end": (drip, "did not answer in time"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_feed_is_refused_as_a_whole(feed, fault):
    make, complaint = FAULTS[fault]
    feed.change = make(feed)
    started = time.monotonic()
    with pytest.raises(SourceError, match=complaint) as refused:
        fetch(feed.url, timeout=1)
    assert time.monotonic() - started < 5
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("address", ["http://", "http://[", "http://127.0.0.1:1/api", "http://a b"])
def test_an_address_that_leads_nowhere(address):
    with pytest.raises(SourceError):
        fetch(address, timeout=1)


@pytest.mark.parametrize("fault", ["never answers", "a page answers 500"])
def test_the_command_says_so_in_one_line(feed, command, fault):
    make, complaint = FAULTS[fault]
    feed.change = make(feed)
    done = command("import", "--timeout", "1", feed.url)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert sum(complaint in line for line in done.stderr.splitlines()) == 1


def test_a_feed_is_kept_under_the_name_of_its_host(feed):
    assert name_source(feed.url) == urlsplit(feed.url).netloc
