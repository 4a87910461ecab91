"""Syncing registered feeds over real HTTP: applied, unchanged, held or failed."""

import json
from datetime import datetime

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from directory.encoder import Encoder
from directory.errors import SourceError
from directory.importing import sync as sync_module
from directory.importing.sync import (
    SyncReport,
    list_feeds,
    register_feed,
    sync_feeds,
    unregister_feed,
)
from directory.models import ListingRow, SourceRow
from tests.support.http_server import Request, Server


def write_services(*numbers: int) -> str:
    return json.dumps(
        [{"id": str(n), "name": f"Tea {n}", "description": "Tea and talk."} for n in numbers]
    )


TWELVE_SERVICES = write_services(*range(12))


@pytest.fixture
def files(server: Server) -> dict[str, str]:
    """The content at each path of the server. The ETag follows from the content."""
    files: dict[str, str] = {}

    def answer(request: Request) -> None:
        body = files.get(request.path)
        etag = f'"{hash(body)}"'
        if body is None:
            request.send("", 404)
        elif request.headers.get("If-None-Match") == etag:
            request.send("", 304)
        else:
            request.send(body, ETag=etag)

    server.answering = answer
    return files


def sync(sqlite_engine: Engine, encoder: Encoder, **options: object) -> list[SyncReport]:
    return sync_feeds(sqlite_engine, encoder, allow_private=True, timeout=2, **options)  # type: ignore[arg-type]


def read_open_keys(sqlite_engine: Engine) -> set[str]:
    with Session(sqlite_engine) as session:
        return set(session.scalars(select(ListingRow.key).where(ListingRow.gone.is_(False))))


def get_counts(report: SyncReport) -> tuple[int, int, int, int]:
    assert report.counts is not None, report
    return (
        report.counts.added,
        report.counts.updated,
        report.counts.unchanged,
        report.counts.closed,
    )


def test_a_feed_is_applied_then_unchanged_then_changed(sqlite_engine, encoder, server, files):
    files["/a.json"] = TWELVE_SERVICES
    register_feed(sqlite_engine, "a", f"{server.url}/a.json", notice="Checked by nobody.")
    [feed] = list_feeds(sqlite_engine)
    assert (feed.name, feed.notice, feed.synced) == ("a", "Checked by nobody.", None)
    [report] = sync(sqlite_engine, encoder)
    assert get_counts(report) == (12, 0, 0, 0)
    [report] = sync(sqlite_engine, encoder)
    assert report == SyncReport("a", unchanged=True)
    files["/a.json"] = write_services(*range(1, 13))
    [report] = sync(sqlite_engine, encoder)
    assert get_counts(report) == (1, 0, 11, 1)
    assert read_open_keys(sqlite_engine) == {str(n) for n in range(1, 13)}
    files["/a.json"] = TWELVE_SERVICES
    [report] = sync(sqlite_engine, encoder)
    assert "0" in read_open_keys(sqlite_engine)
    with Session(sqlite_engine) as session:
        assert len(session.scalars(select(ListingRow.key)).all()) == 13


def test_a_feed_that_loses_most_is_held_until_accepted(sqlite_engine, encoder, server, files):
    files["/a.json"] = TWELVE_SERVICES
    register_feed(sqlite_engine, "a", f"{server.url}/a.json")
    sync(sqlite_engine, encoder)
    files["/a.json"] = write_services(0, 1)
    for _ in range(2):
        # The feed stays held although its server would answer 304.
        [report] = sync(sqlite_engine, encoder)
        assert "10 of its 12" in report.held
        assert (report.counts, report.unchanged, report.failed) == (None, False, "")
        assert len(read_open_keys(sqlite_engine)) == 12
        [feed] = list_feeds(sqlite_engine)
        assert feed.held == report.message
        assert report.held.endswith("sync --accept a.")
    [report] = sync(sqlite_engine, encoder, accept={"a"})
    assert get_counts(report) == (0, 0, 2, 10)
    assert read_open_keys(sqlite_engine) == {"0", "1"}
    [feed] = list_feeds(sqlite_engine)
    assert feed.held == ""


def test_a_held_feed_that_recovers_is_applied(sqlite_engine, encoder, server, files):
    files["/a.json"] = TWELVE_SERVICES
    register_feed(sqlite_engine, "a", f"{server.url}/a.json")
    sync(sqlite_engine, encoder)
    files["/a.json"] = write_services(0, 1)
    sync(sqlite_engine, encoder)
    files["/a.json"] = TWELVE_SERVICES
    [report] = sync(sqlite_engine, encoder)
    assert get_counts(report) == (0, 0, 12, 0)
    assert list_feeds(sqlite_engine)[0].held == ""


def test_a_failing_feed_does_not_stop_the_others(sqlite_engine, encoder, server, files):
    files["/b.json"] = write_services(1)
    files["/c.json"] = "<html>"
    for name in "abc":
        register_feed(sqlite_engine, name, f"{server.url}/{name}.json")
    failed, applied, invalid = sync(sqlite_engine, encoder)
    assert "answered 404" in failed.failed
    assert get_counts(applied) == (1, 0, 0, 0)
    assert "is a web page" in invalid.failed
    assert [feed.synced is None for feed in list_feeds(sqlite_engine)] == [True, False, True]


def test_a_feed_that_fails_keeps_its_listings(sqlite_engine, encoder, server, files):
    files["/a.json"] = TWELVE_SERVICES
    register_feed(sqlite_engine, "a", f"{server.url}/a.json")
    sync(sqlite_engine, encoder)
    files["/a.json"] = "[]"
    [report] = sync(sqlite_engine, encoder)
    assert "holds no listings" in report.failed
    assert len(read_open_keys(sqlite_engine)) == 12


def test_only_the_named_feeds_are_read(sqlite_engine, encoder, server, files):
    files["/a.json"] = files["/b.json"] = write_services(1)
    for name in "ab":
        register_feed(sqlite_engine, name, f"{server.url}/{name}.json")
    [report] = sync(sqlite_engine, encoder, only=["b"])
    assert report.name == "b"
    assert [path for path, _ in server.requests] == ["/b.json"]
    options: dict[str, object]
    for options in ({"only": ["x"]}, {"accept": {"x"}}):
        with pytest.raises(SourceError, match="Registered: a, b"):
            sync(sqlite_engine, encoder, **options)


def test_private_addresses_are_refused_by_default(sqlite_engine, encoder, server, files):
    files["/a.json"] = TWELVE_SERVICES
    register_feed(sqlite_engine, "a", f"{server.url}/a.json")
    [report] = sync_feeds(sqlite_engine, encoder)
    assert "private network" in report.failed
    assert server.requests == []


def test_a_feed_is_read_in_full_after_a_week(sqlite_engine, encoder, server, files):
    files["/a.json"] = TWELVE_SERVICES
    register_feed(sqlite_engine, "a", f"{server.url}/a.json")
    sync(sqlite_engine, encoder)
    long_ago = datetime(2020, 1, 1)
    with sqlite_engine.begin() as connection:
        connection.execute(update(SourceRow).values(synced=long_ago))
    [report] = sync(sqlite_engine, encoder)
    assert get_counts(report) == (0, 0, 12, 0)
    assert sync(sqlite_engine, encoder) == [SyncReport("a", unchanged=True)]


def test_a_paged_api_is_unchanged_if_its_first_page_is_unchanged(sqlite_engine, encoder, server):
    page = {"contents": json.loads(write_services(1)), "last_page": True}

    def answer(request: Request) -> None:
        if request.path.startswith("/api/services/"):
            request.send(json.dumps(json.loads(write_services(1))[0]))
        elif request.headers.get("If-None-Match") == '"p1"':
            request.send("", 304)
        else:
            request.send(json.dumps(page), ETag='"p1"')

    server.answering = answer
    register_feed(sqlite_engine, "api", f"{server.url}/api")
    [report] = sync(sqlite_engine, encoder)
    assert get_counts(report) == (1, 0, 0, 0)
    server.requests.clear()
    assert sync(sqlite_engine, encoder) == [SyncReport("api", unchanged=True)]
    assert len(server.requests) == 1


def test_progress_names_the_feed(sqlite_engine, encoder, server, files):
    files["/a.json"] = TWELVE_SERVICES
    register_feed(sqlite_engine, "a", f"{server.url}/a.json")
    steps: list[str] = []
    sync(sqlite_engine, encoder, progress=lambda step, _done, _total: steps.append(step))
    assert steps
    assert all(step.startswith("a: ") for step in steps)


@pytest.mark.parametrize(
    "address", ["ftp://example.org", "/etc/passwd", "file:///x", "", "x y", "http://xn--a/"]
)
def test_only_web_addresses_are_registered(sqlite_engine, address):
    with pytest.raises(SourceError):
        register_feed(sqlite_engine, "a", address)
    assert list_feeds(sqlite_engine) == []


def test_a_new_address_clears_the_validators_of_a_feed(sqlite_engine, encoder, server, files):
    files["/a.json"] = files["/b.json"] = TWELVE_SERVICES
    register_feed(sqlite_engine, "a", f"{server.url}/a.json")
    sync(sqlite_engine, encoder)
    assert list_feeds(sqlite_engine)[0].validators.etag
    register_feed(sqlite_engine, "a", f"{server.url}/a.json", notice="New")
    assert list_feeds(sqlite_engine)[0].validators.etag
    register_feed(sqlite_engine, "a", f"{server.url}/b.json")
    [feed] = list_feeds(sqlite_engine)
    assert (feed.validators.etag, feed.notice) == ("", "New")
    with pytest.raises(SourceError, match="registered already, as a"):
        register_feed(sqlite_engine, "b", f"{server.url}/b.json")


def test_an_unregistered_feed_keeps_its_listings(sqlite_engine, encoder, server, files):
    files["/a.json"] = TWELVE_SERVICES
    register_feed(sqlite_engine, "a", f"{server.url}/a.json")
    sync(sqlite_engine, encoder)
    unregister_feed(sqlite_engine, "a")
    assert list_feeds(sqlite_engine) == []
    assert sync(sqlite_engine, encoder) == []
    assert len(read_open_keys(sqlite_engine)) == 12
    with pytest.raises(SourceError, match="No feed is called 'a'"):
        unregister_feed(sqlite_engine, "a")


def test_a_feed_registered_anew_during_a_sync_keeps_no_validators(
    sqlite_engine, encoder, server, files, monkeypatch
):
    files["/a.json"] = TWELVE_SERVICES
    register_feed(sqlite_engine, "a", f"{server.url}/a.json")
    read_feed = sync_module.read_feed

    def read_and_register_anew(*arguments, **options):
        content = read_feed(*arguments, **options)
        register_feed(sqlite_engine, "a", f"{server.url}/other.json")
        return content

    monkeypatch.setattr(sync_module, "read_feed", read_and_register_anew)
    sync(sqlite_engine, encoder)
    [feed] = list_feeds(sqlite_engine)
    assert (feed.validators.etag, feed.synced) == ("", None)
