"""What waits for a navigator's word: each is settled in a click, and stays settled."""

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
    card = page[page.index("The phone rings out.") :]
    path = re.search(r'action="(/desk/review/notes/\d+)"', card)[1]
    assert navigator.post(path, page="/desk/review").status_code == 303
    page = html.unescape(navigator.read("/desk/review"))
    assert "The phone rings out." not in page
    assert "There is a choir at St Mark's." in page
    assert [note.kind for note in desk.desk_services.notebook.read_notes()] == ["suggestion"]
    # Once more is no mistake: somebody else may have been quicker.
    assert navigator.post(path, page="/desk/review").status_code == 303


@pytest.fixture
def pair(desk, navigator) -> tuple[int, int]:
    """Two listings that look much the same, and wait for a verdict."""
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


def find_shown(desk, pair) -> list[int]:
    found, _ = desk.desk_services.queries.find("tuesday lunch club", "", 0, 100)
    stale = desk.desk_services.queries.read_freshness(0, 1_000).stale
    assert {one.id for one in found} >= set(pair)
    return [one.stored.id for one in stale if one.stored.id in pair]


def test_duplicates_are_shown_once_until_marked_different(desk, navigator, admin, pair):
    path = f"/desk/review/pairs/{pair[0]}/{pair[1]}"
    page = navigator.read("/desk/review")
    if path not in page:
        # They were so much alike that they were linked without asking.
        assert len(find_shown(desk, pair)) == 1
    assert navigator.post(path, page="/desk/review", verdict="same").status_code == 303
    assert len(find_shown(desk, pair)) == 1
    assert path not in navigator.read("/desk/review")
    navigator.post(path, page="/desk/review", verdict="different")
    assert sorted(find_shown(desk, pair)) == sorted(pair)
    # Looking through the whole directory again does not overrule it.
    link_duplicates(desk.engine)
    assert sorted(find_shown(desk, pair)) == sorted(pair)
    assert path not in navigator.read("/desk/review")
    assert "<td>marked as a different listing</td><td>Tuesday lunch club</td>" in admin.read(
        "/desk/audit"
    )


def test_an_unknown_pair_is_an_error(navigator):
    answer = navigator.post("/desk/review/pairs/1/2", page="/desk/review", verdict="same")
    assert answer.status_code == 409
    assert "no longer a possible duplicate" in answer.text
    answer = navigator.post("/desk/review/pairs/1/2", page="/desk/review", verdict="maybe")
    assert answer.status_code == 422


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def feed(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A feed on loopback, and the file that it gives."""
    path = tmp_path / "clubs.csv"
    path.write_text("")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/clubs.csv", path
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def held(desk, feed, encoder) -> Iterator[Callable[[], None]]:
    """A feed that lost most of its clubs and was held; called, it is read again."""
    address, path = feed
    rows = [f"{number},Club {number},group,Words.,,\n" for number in range(12)]
    path.write_text(HEADER + "".join(rows))
    sync.register_feed(desk.engine, "clubs of the town", address)
    sync.sync_feeds(desk.engine, encoder, only=["clubs of the town"], allow_private=True)
    path.write_text(HEADER + rows[0])
    # A server tells of a change by the second.
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime + 10))
    sync.sync_feeds(desk.engine, encoder, only=["clubs of the town"], allow_private=True)
    yield partial(
        sync.sync_feeds, desk.engine, encoder, only=["clubs of the town"], allow_private=True
    )
    sync.unregister_feed(desk.engine, "clubs of the town")


def test_a_feed_update_on_hold_is_rejected_or_applied(desk, navigator, admin, held):
    page = navigator.read("/desk/review")
    assert "would lose 11 of its 12 listings" in page
    assert "--accept" not in page
    told = {"page": "/desk/review", "name": "clubs of the town"}
    open_before = desk.desk_services.queries.find("club", "open", 0, 100)[1]
    answer = navigator.post("/desk/review/held", do="leave", **told)
    assert answer.headers["location"] == "/desk/review?done=left"
    assert "No feed updates are on hold." in navigator.read("/desk/review")
    assert desk.desk_services.queries.find("club", "open", 0, 100)[1] == open_before
    audit = admin.read("/desk/audit")
    assert "<td>Nadia</td><td>feed update rejected</td><td>clubs of the town</td>" in audit
    # There is nothing left to be taken, or left once more.
    for do in ("take", "leave"):
        assert navigator.post("/desk/review/held", do=do, **told).status_code == 409
    # Its feed says it again.
    held()
    answer = navigator.post("/desk/review/held", do="take", **told)
    assert answer.status_code == 303, answer.text
    assert "No feed updates are on hold." in navigator.read("/desk/review")
    assert desk.desk_services.queries.find("club", "closed", 0, 100)[1] >= 11
    audit = admin.read("/desk/audit")
    assert "<td>feed update applied</td><td>clubs of the town</td>" in audit
    assert audit.count("<td>Nadia</td><td>closed: no longer in the import</td>") == 11
    answer = navigator.post("/desk/review/held", page="/desk/review", name="nobody's")
    assert answer.status_code == 409


def test_the_review_page_counts_rows_and_stale_listings(navigator):
    send(navigator, HEADER + "z,To be mended,gruop,Words.,,\n", source="wrong ones")
    page = navigator.read("/desk/review")
    assert re.search(r"[1-9]\d* rows? with errors", page)
    assert re.search(r"\d+ listings? not checked for six months", page)


@pytest.mark.parametrize("path", ["/desk/need", "/desk/freshness", "/desk/review"])
def test_a_page_reads_the_facts_of_all_listings_once(desk, navigator, path):
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(desk.engine, "before_cursor_execute", note)
    try:
        navigator.read(path)
    finally:
        event.remove(desk.engine, "before_cursor_execute", note)
    assert sum("entry.facts" in one for one in asked) == 1
    assert sum("FROM place" in one for one in asked) <= 1


def test_confirming_a_stale_listing_removes_it_from_the_list(navigator):
    number = add(navigator, name="Never checked")
    page = navigator.read("/desk/freshness")
    assert "Never checked</th>" in page
    path = f"/desk/listings/{number}/assure"
    seen = [navigator.read(f"/desk/freshness?page={one}") for one in range(1, 5)]
    [page] = [one for one in seen if path in one]
    version = read_version(page.partition(path)[2])
    answer = navigator.post(path, page="/desk/freshness", back="/desk/freshness", version=version)
    assert answer.headers["location"] == "/desk/freshness?done=assured"
    seen = [navigator.read(f"/desk/freshness?page={one}") for one in range(1, 5)]
    assert not any(path in one for one in seen)
