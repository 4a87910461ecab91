"""Registered feeds over real HTTP: applied, unchanged, held, failed, each on its own."""

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


def services(*numbers: int) -> str:
    return json.dumps(
        [{"id": str(n), "name": f"Tea {n}", "description": "Tea and talk."} for n in numbers]
    )


TWELVE = services(*range(12))


@pytest.fixture
def files(server: Server) -> dict[str, str]:
    """What is at each path of the server; its ETag is of its content."""
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


def run(sqlite_engine: Engine, encoder: Encoder, **how: object) -> list[SyncReport]:
    return sync_feeds(sqlite_engine, encoder, allow_private=True, timeout=2, **how)  # type: ignore[arg-type]


def shown(sqlite_engine: Engine) -> set[str]:
    with Session(sqlite_engine) as session:
        return set(session.scalars(select(ListingRow.key).where(ListingRow.gone.is_(False))))


def counts(report: SyncReport) -> tuple[int, int, int, int]:
    assert report.counts is not None, report
    return (
        report.counts.added,
        report.counts.updated,
        report.counts.unchanged,
        report.counts.closed,
    )


def test_a_feed_is_applied_then_unchanged_then_changed(sqlite_engine, encoder, server, files):
    files["/a.json"] = TWELVE
    register_feed(sqlite_engine, "a", f"{server.url}/a.json", notice="Checked by nobody.")
    [feed] = list_feeds(sqlite_engine)
    assert (feed.name, feed.notice, feed.synced) == ("a", "Checked by nobody.", None)
    [report] = run(sqlite_engine, encoder)
    assert counts(report) == (12, 0, 0, 0)
    [report] = run(sqlite_engine, encoder)
    assert report == SyncReport("a", unchanged=True)
    files["/a.json"] = services(*range(1, 13))
    [report] = run(sqlite_engine, encoder)
    assert counts(report) == (1, 0, 11, 1)
    assert shown(sqlite_engine) == {str(n) for n in range(1, 13)}
    files["/a.json"] = TWELVE
    [report] = run(sqlite_engine, encoder)
    assert "0" in shown(sqlite_engine)
    with Session(sqlite_engine) as session:
        assert len(session.scalars(select(ListingRow.key)).all()) == 13


def test_a_feed_that_loses_most_is_held_until_it_is_accepted(sqlite_engine, encoder, server, files):
    files["/a.json"] = TWELVE
    register_feed(sqlite_engine, "a", f"{server.url}/a.json")
    run(sqlite_engine, encoder)
    files["/a.json"] = services(0, 1)
    for _ in range(2):
        # Its server would say that nothing changed: it is held all the same.
        [report] = run(sqlite_engine, encoder)
        assert "10 of its 12" in report.held
        assert (report.counts, report.unchanged, report.failed) == (None, False, "")
        assert len(shown(sqlite_engine)) == 12
        [feed] = list_feeds(sqlite_engine)
        assert feed.held == report.message
        assert report.held.endswith("sync --accept a.")
    [report] = run(sqlite_engine, encoder, accept={"a"})
    assert counts(report) == (0, 0, 2, 10)
    assert shown(sqlite_engine) == {"0", "1"}
    [feed] = list_feeds(sqlite_engine)
    assert feed.held == ""


def test_a_held_feed_that_mends_itself_is_applied(sqlite_engine, encoder, server, files):
    files["/a.json"] = TWELVE
    register_feed(sqlite_engine, "a", f"{server.url}/a.json")
    run(sqlite_engine, encoder)
    files["/a.json"] = services(0, 1)
    run(sqlite_engine, encoder)
    files["/a.json"] = TWELVE
    [report] = run(sqlite_engine, encoder)
    assert counts(report) == (0, 0, 12, 0)
    assert list_feeds(sqlite_engine)[0].held == ""


def test_one_that_fails_stops_none_of_the_others(sqlite_engine, encoder, server, files):
    files["/b.json"] = services(1)
    files["/c.json"] = "<html>"
    for name in "abc":
        register_feed(sqlite_engine, name, f"{server.url}/{name}.json")
    failed, applied, refused = run(sqlite_engine, encoder)
    assert "answered 404" in failed.failed
    assert counts(applied) == (1, 0, 0, 0)
    assert "is a web page" in refused.failed
    assert [feed.synced is None for feed in list_feeds(sqlite_engine)] == [True, False, True]


def test_a_feed_that_fails_keeps_its_listings(sqlite_engine, encoder, server, files):
    files["/a.json"] = TWELVE
    register_feed(sqlite_engine, "a", f"{server.url}/a.json")
    run(sqlite_engine, encoder)
    files["/a.json"] = "[]"
    [report] = run(sqlite_engine, encoder)
    assert "holds no listings" in report.failed
    assert len(shown(sqlite_engine)) == 12


def test_only_those_named_are_read(sqlite_engine, encoder, server, files):
    files["/a.json"] = files["/b.json"] = services(1)
    for name in "ab":
        register_feed(sqlite_engine, name, f"{server.url}/{name}.json")
    [report] = run(sqlite_engine, encoder, only=["b"])
    assert report.name == "b"
    assert [path for path, _ in server.asked] == ["/b.json"]
    for how in ({"only": ["x"]}, {"accept": {"x"}}):
        with pytest.raises(SourceError, match="Registered: a, b"):
            run(sqlite_engine, encoder, **how)


def test_private_addresses_need_leave(sqlite_engine, encoder, server, files):
    files["/a.json"] = TWELVE
    register_feed(sqlite_engine, "a", f"{server.url}/a.json")
    [report] = sync_feeds(sqlite_engine, encoder)
    assert "private network" in report.failed
    assert server.asked == []


def test_after_a_week_a_feed_is_read_whole(sqlite_engine, encoder, server, files):
    files["/a.json"] = TWELVE
    register_feed(sqlite_engine, "a", f"{server.url}/a.json")
    run(sqlite_engine, encoder)
    long_ago = datetime(2020, 1, 1)
    with sqlite_engine.begin() as connection:
        connection.execute(update(SourceRow).values(synced=long_ago))
    [report] = run(sqlite_engine, encoder)
    assert counts(report) == (0, 0, 12, 0)
    assert run(sqlite_engine, encoder) == [SyncReport("a", unchanged=True)]


def test_a_paged_api_is_unchanged_if_its_first_page_is(sqlite_engine, encoder, server):
    page = {"contents": json.loads(services(1)), "last_page": True}

    def answer(request: Request) -> None:
        if request.path.startswith("/api/services/"):
            request.send(json.dumps(json.loads(services(1))[0]))
        elif request.headers.get("If-None-Match") == '"p1"':
            request.send("", 304)
        else:
            request.send(json.dumps(page), ETag='"p1"')

    server.answering = answer
    register_feed(sqlite_engine, "api", f"{server.url}/api")
    [report] = run(sqlite_engine, encoder)
    assert counts(report) == (1, 0, 0, 0)
    server.asked.clear()
    assert run(sqlite_engine, encoder) == [SyncReport("api", unchanged=True)]
    assert len(server.asked) == 1


def test_progress_says_which_feed(sqlite_engine, encoder, server, files):
    files["/a.json"] = TWELVE
    register_feed(sqlite_engine, "a", f"{server.url}/a.json")
    told: list[str] = []
    run(sqlite_engine, encoder, progress=lambda step, _done, _total: told.append(step))
    assert told
    assert all(step.startswith("a: ") for step in told)


@pytest.mark.parametrize(
    "address", ["ftp://example.org", "/etc/passwd", "file:///x", "", "x y", "http://xn--a/"]
)
def test_only_web_addresses_are_registered(sqlite_engine, address):
    with pytest.raises(SourceError):
        register_feed(sqlite_engine, "a", address)
    assert list_feeds(sqlite_engine) == []


def test_registering_again_changes_the_address_and_forgets_its_mark(
    sqlite_engine, encoder, server, files
):
    files["/a.json"] = files["/b.json"] = TWELVE
    register_feed(sqlite_engine, "a", f"{server.url}/a.json")
    run(sqlite_engine, encoder)
    assert list_feeds(sqlite_engine)[0].validators.etag
    register_feed(sqlite_engine, "a", f"{server.url}/a.json", notice="New")
    assert list_feeds(sqlite_engine)[0].validators.etag
    register_feed(sqlite_engine, "a", f"{server.url}/b.json")
    [feed] = list_feeds(sqlite_engine)
    assert (feed.validators.etag, feed.notice) == ("", "New")
    with pytest.raises(SourceError, match="registered already, as a"):
        register_feed(sqlite_engine, "b", f"{server.url}/b.json")


def test_a_feed_that_is_unregistered_keeps_its_listings(sqlite_engine, encoder, server, files):
    files["/a.json"] = TWELVE
    register_feed(sqlite_engine, "a", f"{server.url}/a.json")
    run(sqlite_engine, encoder)
    unregister_feed(sqlite_engine, "a")
    assert list_feeds(sqlite_engine) == []
    assert run(sqlite_engine, encoder) == []
    assert len(shown(sqlite_engine)) == 12
    with pytest.raises(SourceError, match="No feed is called 'a'"):
        unregister_feed(sqlite_engine, "a")


def test_a_feed_registered_anew_while_it_is_read_is_not_marked(
    sqlite_engine, encoder, server, files, monkeypatch
):
    files["/a.json"] = TWELVE
    register_feed(sqlite_engine, "a", f"{server.url}/a.json")
    real = sync_module.read_feed

    def read(*arguments, **more):
        found = real(*arguments, **more)
        register_feed(sqlite_engine, "a", f"{server.url}/other.json")
        return found

    monkeypatch.setattr(sync_module, "read_feed", read)
    run(sqlite_engine, encoder)
    [feed] = list_feeds(sqlite_engine)
    assert (feed.validators.etag, feed.synced) == ("", None)
