"""The review page: notes, possible duplicates and feed updates on hold."""

import html
import os
import re
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from sqlalchemy import event

from directory.importing import sync
from directory.importing.duplicates import link_duplicates
from tests.support.desk_forms import HEADER, add, read_version, send


def test_a_note_shows_its_week_and_is_deleted_once_settled(desk, navigator):
    desk.desk_services.notebook.add_note(
        "report", "The phone rings out.", about="Larkhaven Men's Shed"
    )
    desk.desk_services.notebook.add_note("suggestion", "There is a choir at St Mark's.")
    page = html.unescape(navigator.read("/desk/review"))
    assert "Notes from residents (2)" in page
    assert "Problem reported with Larkhaven Men's Shed" in page
    assert "The phone rings out." in page
    assert re.search(r"Week 20\d\d-W\d\d<", page)
    note = page[page.index("The phone rings out.") :]
    path = re.search(r'action="(/desk/review/notes/\d+)"', note)[1]
    assert navigator.post(path, page="/desk/review").status_code == 303
    page = html.unescape(navigator.read("/desk/review"))
    assert "The phone rings out." not in page
    assert "There is a choir at St Mark's." in page
    assert [note.kind for note in desk.desk_services.notebook.read_notes()] == ["suggestion"]
    # Settling it again is not an error: somebody else may have been quicker.
    assert navigator.post(path, page="/desk/review").status_code == 303


@pytest.fixture
def pair(desk, navigator) -> tuple[int, int]:
    """The ids of two listings that look like duplicates."""
    same = {
        "name": "Tuesday lunch club",
        "description": "A hot meal and company for older people.",
        "organisation": "Larkhaven Kitchen",
        "phone": "",
    }
    first = add(navigator, **same, venue="Harbour Hall")
    second = add(navigator, **same, venue="Old Chapel")
    link_duplicates(desk.engine)
    return first, second


def find_visible(desk, pair) -> list[int]:
    listings, _ = desk.desk_services.queries.find("tuesday lunch club", "", 0, 100)
    stale = desk.desk_services.queries.read_freshness(0, 1_000).stale
    assert {stored.id for stored in listings} >= set(pair)
    return [checked.stored.id for checked in stale if checked.stored.id in pair]


def test_duplicates_are_shown_once_until_marked_different(desk, navigator, admin, pair):
    path = f"/desk/review/pairs/{pair[0]}/{pair[1]}"
    page = navigator.read("/desk/review")
    if path not in page:
        # They were similar enough to be linked automatically.
        assert len(find_visible(desk, pair)) == 1
    assert navigator.post(path, page="/desk/review", verdict="same").status_code == 303
    assert len(find_visible(desk, pair)) == 1
    assert path not in navigator.read("/desk/review")
    navigator.post(path, page="/desk/review", verdict="different")
    assert sorted(find_visible(desk, pair)) == sorted(pair)
    # Looking for duplicates again does not overrule the decision.
    link_duplicates(desk.engine)
    assert sorted(find_visible(desk, pair)) == sorted(pair)
    assert path not in navigator.read("/desk/review")
    assert "<td>marked as a different listing</td><td>Tuesday lunch club</td>" in admin.read(
        "/desk/audit"
    )


def test_an_unknown_pair_is_an_error(navigator):
    response = navigator.post("/desk/review/pairs/1/2", page="/desk/review", verdict="same")
    assert response.status_code == 409
    assert "no longer a possible duplicate" in response.text
    response = navigator.post("/desk/review/pairs/1/2", page="/desk/review", verdict="maybe")
    assert response.status_code == 422


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def feed(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The URL of a feed on loopback, and the file that it serves."""
    path = tmp_path / "clubs.csv"
    path.write_text("")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/clubs.csv", path
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def feed_on_hold(desk, feed, encoder) -> Iterator[Callable[[], None]]:
    """A feed whose update is on hold, since it lost most of its clubs. Calling it syncs again."""
    address, path = feed
    rows = [f"{number},Club {number},group,Words.,,\n" for number in range(12)]
    path.write_text(HEADER + "".join(rows))
    sync.register_feed(desk.engine, "clubs of the town", address)
    sync.sync_feeds(desk.engine, encoder, only=["clubs of the town"], allow_private=True)
    path.write_text(HEADER + rows[0])
    # Last-Modified has a resolution of one second.
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime + 10))
    sync.sync_feeds(desk.engine, encoder, only=["clubs of the town"], allow_private=True)
    yield partial(
        sync.sync_feeds, desk.engine, encoder, only=["clubs of the town"], allow_private=True
    )
    sync.unregister_feed(desk.engine, "clubs of the town")


def test_a_feed_update_on_hold_is_rejected_or_applied(desk, navigator, admin, feed_on_hold):
    page = navigator.read("/desk/review")
    assert "would lose 11 of its 12 listings" in page
    assert "--accept" not in page
    form = {"page": "/desk/review", "name": "clubs of the town"}
    open_before = desk.desk_services.queries.find("club", "open", 0, 100)[1]
    response = navigator.post("/desk/review/held", do="leave", **form)
    assert response.headers["location"] == "/desk/review?done=left"
    assert "No feed updates are on hold." in navigator.read("/desk/review")
    assert desk.desk_services.queries.find("club", "open", 0, 100)[1] == open_before
    audit = admin.read("/desk/audit")
    assert "<td>Nadia</td><td>feed update rejected</td><td>clubs of the town</td>" in audit
    # The update can be neither applied nor rejected again.
    for action in ("take", "leave"):
        assert navigator.post("/desk/review/held", do=action, **form).status_code == 409
    # The feed repeats its update.
    feed_on_hold()
    response = navigator.post("/desk/review/held", do="take", **form)
    assert response.status_code == 303, response.text
    assert "No feed updates are on hold." in navigator.read("/desk/review")
    assert desk.desk_services.queries.find("club", "closed", 0, 100)[1] >= 11
    audit = admin.read("/desk/audit")
    assert "<td>feed update applied</td><td>clubs of the town</td>" in audit
    assert audit.count("<td>Nadia</td><td>closed: no longer in the import</td>") == 11
    response = navigator.post("/desk/review/held", page="/desk/review", name="nobody's")
    assert response.status_code == 409


def test_the_review_page_counts_rows_and_stale_listings(navigator):
    send(navigator, HEADER + "z,To be fixed,gruop,Words.,,\n", source="wrong ones")
    page = navigator.read("/desk/review")
    assert re.search(r"[1-9]\d* rows? with errors", page)
    assert re.search(r"\d+ listings? not checked for six months", page)


@pytest.mark.parametrize("path", ["/desk/need", "/desk/freshness", "/desk/review"])
def test_a_page_reads_the_facts_of_all_listings_once(desk, navigator, path):
    statements: list[str] = []

    def record(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(desk.engine, "before_cursor_execute", record)
    try:
        navigator.read(path)
    finally:
        event.remove(desk.engine, "before_cursor_execute", record)
    assert sum("entry.facts" in statement for statement in statements) == 1
    assert sum("FROM place" in statement for statement in statements) <= 1


def test_confirming_a_stale_listing_removes_it_from_the_list(navigator):
    listing_id = add(navigator, name="Never checked")
    page = navigator.read("/desk/freshness")
    assert "Never checked</th>" in page
    path = f"/desk/listings/{listing_id}/assure"
    [page] = [page for page in read_freshness(navigator) if path in page]
    version = read_version(page.partition(path)[2])
    response = navigator.post(path, page="/desk/freshness", back="/desk/freshness", version=version)
    assert response.headers["location"] == "/desk/freshness?done=assured"
    assert not any(path in page for page in read_freshness(navigator))


def read_freshness(navigator) -> list[str]:
    """The first four pages of the freshness page."""
    return [navigator.read(f"/desk/freshness?page={number}") for number in range(1, 5)]
