"""What navigators do while an import encodes, links or syncs stands after it.

The real encoder acts through a real desk editor, on a connection of its own, inside `encode`.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent import futures
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from directory.database import begin_writing, open_database
from directory.desk.editor import ListingEditor
from directory.desk.queries import ListingQueries
from directory.encoder import Encoder, Vectors
from directory.importing import duplicates, importer
from directory.importing.duplicates import link_duplicates, settle_pair
from directory.importing.gazetteer_import import import_places
from directory.importing.importer import import_listings
from directory.importing.sync import list_feeds, register_feed, sync_feeds
from directory.listing import Listing, Place, load_listing
from directory.models import (
    EntryRow,
    ListingRow,
    NamedPlaceRow,
    RevisionRow,
)
from directory.rejected import RejectedRow
from directory.search.query import Query
from directory.search.service import SearchService
from tests.support.secret_place import PLACE, find_leaks

TEA = Listing("tea", "Tea", "group", "Tea and talk.", places=(PLACE,), phone="0117 1")
CHOIR = Listing("choir", "Choir", "group", "Singing together.", places=(Place("Hall"),))
NEWS = replace(TEA, description="Tea, talk and cake.")


class InterruptedEncoder(Encoder):
    """The real encoder, during whose encoding somebody acts: the first time, or every time."""

    def __init__(self, encoder: Encoder, act: Callable[[], object], *, always: bool = False):
        self._real = encoder
        self._act: Callable[[], object] | None = act
        self._always = always
        self.texts: list[str] = []

    def encode(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> Vectors:
        self.texts += texts
        act = self._act
        if act and not self._always:
            self._act = None
        if act:
            act()
        return self._real.encode(texts, progress)


@pytest.fixture
def editor(engine: Engine, directory_url: str, encoder: Encoder) -> Iterator[ListingEditor]:
    """A desk's editor with a connection of its own."""
    desk_engine = open_database(directory_url)
    assert desk_engine.url == engine.url
    yield ListingEditor(desk_engine, encoder)
    desk_engine.dispose()


def find_id(engine: Engine, key: str) -> int:
    with Session(engine) as session:
        return session.scalars(select(ListingRow.id).where(ListingRow.key == key)).one()


def read(engine: Engine, key: str) -> Listing:
    with Session(engine) as session:
        document = select(ListingRow.document).where(ListingRow.key == key)
        return load_listing(session.scalars(document).one())


def change(editor: ListingEditor, listing_id: int, **fields: object) -> None:
    shown = editor.read(listing_id)
    assert shown is not None
    listing = replace(shown.stored.listing, **fields)  # type: ignore[arg-type]
    editor.change(listing_id, listing, "Nadia", version=shown.version)


def import_while(engine: Engine, encoder: Encoder, act: Callable[[], object], *rows: object):
    return import_listings(engine, InterruptedEncoder(encoder, act), "town", rows)  # type: ignore[arg-type]


def test_a_listing_made_confidential_meanwhile_stays_so(engine, encoder, editor):
    import_listings(engine, encoder, "town", [TEA, CHOIR])
    listing_id = find_id(engine, "tea")

    def hide() -> None:
        change(editor, listing_id, confidential=True)

    import_while(engine, encoder, hide, NEWS, CHOIR)
    stored = read(engine, "tea")
    assert (stored.confidential, stored.places) == (True, ())
    assert stored.description == NEWS.description
    assert find_leaks(engine) == set()


@pytest.mark.parametrize("also_described", [False, True])
def test_fields_changed_meanwhile_stay_changed(engine, encoder, editor, also_described):
    import_listings(engine, encoder, "town", [TEA, CHOIR])
    listing_id = find_id(engine, "tea")
    fields: dict[str, object] = {"phone": "0117 2"}
    if also_described:
        fields["name"] = "Tea time"
    renamed = replace(NEWS, alert="Back in May")
    import_while(engine, encoder, lambda: change(editor, listing_id, **fields), renamed, CHOIR)
    assert read(engine, "tea").phone == "0117 2"
    assert read(engine, "tea").description == NEWS.description
    assert read(engine, "tea").alert == "Back in May"
    assert read(engine, "tea").name == ("Tea time" if also_described else "Tea")
    with Session(engine) as session:
        stored = session.scalars(
            select(EntryRow.vector).where(EntryRow.listing_id == listing_id)
        ).one()
    # The vector is of the text that is stored, not of the one that was encoded first.
    import_listings(engine, encoder, "again", [replace(read(engine, "tea"), key="copy")])
    with Session(engine) as session:
        copy = session.scalars(
            select(EntryRow.vector).where(EntryRow.listing_id == find_id(engine, "copy"))
        ).one()
    assert stored == copy


def test_a_listing_closed_meanwhile_stays_closed(engine, encoder, editor):
    import_listings(engine, encoder, "town", [TEA, CHOIR])
    listing_id = find_id(engine, "tea")
    import_while(engine, encoder, lambda: change(editor, listing_id, status="closed"), NEWS, CHOIR)
    assert read(engine, "tea").status == "closed"
    hits = SearchService(engine, encoder).search(Query("tea and cake"))
    assert "tea" not in {hit.stored.listing.key for hit in hits}


def test_a_listing_added_meanwhile_is_there(engine, encoder, editor):
    import_listings(engine, encoder, "town", [TEA])
    shed = Listing("", "Shed", "group", "Woodwork.")
    added: list[int] = []
    import_while(engine, encoder, lambda: added.append(editor.add(shed, "Nadia")), NEWS)
    shown = editor.read(added[0])
    assert shown is not None
    assert (shown.stored.gone, shown.stored.listing.name) == (False, "Shed")


def test_a_row_fixed_meanwhile_is_not_closed(engine, encoder, editor):
    """It has no key of its own, so the source does not list it."""
    import_listings(engine, encoder, "town", [TEA, RejectedRow("", "Shed", "no kind", {})])
    [row], _ = ListingQueries(engine).list_quarantined(0, 10)
    shed = Listing("", "Shed", "group", "Woodwork.")
    added: list[int] = []

    def fix() -> None:
        added.append(editor.fix_quarantined(row.id, shed, "Nadia"))

    import_while(engine, encoder, fix, NEWS, RejectedRow("", "Shed", "no kind", {}))
    shown = editor.read(added[0])
    assert shown is not None
    assert not shown.stored.gone


def test_overrides_deleted_meanwhile_are_not_applied(engine, encoder, editor):
    import_listings(engine, encoder, "town", [TEA, CHOIR])
    listing_id = find_id(engine, "tea")
    change(editor, listing_id, phone="0117 2")
    import_while(engine, encoder, lambda: editor.follow_source(listing_id, "Nadia"), NEWS, CHOIR)
    assert read(engine, "tea").phone == TEA.phone


def test_an_import_ends_though_a_navigator_changes_the_text_all_the_time(engine, encoder, editor):
    import_listings(engine, encoder, "town", [TEA, CHOIR])
    listing_id = find_id(engine, "tea")
    names: list[str] = []

    def rename() -> None:
        # The lock of the last attempt keeps navigators waiting.
        if len(names) < 3:
            names.append(f"Tea {len(names)}")
            change(editor, listing_id, name=names[-1])

    watched = InterruptedEncoder(encoder, rename, always=True)
    import_listings(engine, watched, "town", [NEWS, CHOIR])
    assert read(engine, "tea").name == names[-1] == "Tea 2"
    assert read(engine, "tea").description == NEWS.description
    assert len(watched.texts) == 4


def test_nobody_waits_while_an_import_encodes(engine, encoder, directory_url):
    import_listings(engine, encoder, "town", [TEA])

    def write() -> None:
        other = open_database(directory_url)
        with Session(other) as session, session.begin():
            begin_writing(session)
            session.execute(update(RevisionRow).values(number=RevisionRow.number + 1))
        other.dispose()

    with ThreadPoolExecutor(1) as threads:
        import_while(engine, encoder, lambda: threads.submit(write).result(5), NEWS)
    assert read(engine, "tea").description == NEWS.description


def test_two_imports_of_one_new_source_at_once(engine, encoder, directory_url):
    """Both find nothing at first: the second one updates what the first one has added."""

    def import_other() -> None:
        other = open_database(directory_url)
        import_listings(other, encoder, "town", [TEA])
        other.dispose()

    report = import_while(engine, encoder, import_other, NEWS, CHOIR)
    assert (report.added, report.updated) == (1, 1)
    assert read(engine, "tea").description == NEWS.description


def test_two_first_imports_at_once(engine, encoder, directory_url):
    """In an empty directory, neither finds a revision to lock."""
    ready = threading.Barrier(2)

    def run_import(source: str) -> None:
        other = open_database(directory_url)
        try:
            rows = [replace(TEA, key=source, name=source)]
            waiting = InterruptedEncoder(encoder, lambda: ready.wait(30))
            import_listings(other, waiting, source, rows)
        finally:
            other.dispose()

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(run_import, ("one", "two")))
    with Session(engine) as session:
        assert session.scalar(select(func.count()).select_from(ListingRow)) == 2
        revisions = session.scalars(select(ListingRow.revision)).all()
    assert len(set(revisions)) == 2


def interrupt_comparison(monkeypatch, act: Callable[[], object], times: int = 1) -> list[int]:
    """Act after the listings were compared, before the pairs are stored. Counts comparisons."""
    real, calls = duplicates.find_candidate_pairs, list[int]()

    def find(*arguments):
        pairs = real(*arguments)
        calls.append(len(pairs))
        if len(calls) <= times:
            act()
        return pairs

    monkeypatch.setattr(duplicates, "find_candidate_pairs", find)
    return calls


def find_hidden(engine: Engine) -> int:
    with Session(engine) as session:
        hidden = select(func.count()).where(ListingRow.same_as.is_not(None))
        return session.scalar(hidden) or 0


def test_a_verdict_given_while_duplicates_are_linked_stands(
    engine, encoder, directory_url, monkeypatch
):
    for source in ("one", "two"):
        import_listings(engine, encoder, source, [TEA])
    assert find_hidden(engine) == 1
    with Session(engine) as session:
        first, second = session.scalars(select(ListingRow.id).order_by(ListingRow.id))
    desk_engine = open_database(directory_url)
    interrupt_comparison(monkeypatch, lambda: settle_pair(desk_engine, first, second, "different"))
    counts = link_duplicates(engine)
    assert (counts.hidden, find_hidden(engine)) == (0, 0)
    desk_engine.dispose()


def test_a_listing_changed_while_duplicates_are_linked_is_compared_again(
    engine, encoder, editor, monkeypatch
):
    import_listings(engine, encoder, "one", [TEA])
    import_listings(engine, encoder, "two", [CHOIR])
    listing_id = find_id(engine, "choir")
    as_tea = {"name": TEA.name, "description": TEA.description, "places": TEA.places}
    acts = iter(
        [
            lambda: change(editor, listing_id, **as_tea, phone=TEA.phone),
            lambda: change(editor, listing_id, alert="Back in May"),
        ]
    )
    calls = interrupt_comparison(monkeypatch, lambda: next(acts)(), times=2)
    assert link_duplicates(engine).hidden == 1
    # Twice without the lock, and then with it.
    assert len(calls) == 3


FEED = '[{"id": "tea", "name": "Tea", "description": "Tea, talk and cake."}]'


@pytest.fixture
def feed(engine, server) -> str:
    """A registered feed of one listing; its address."""
    server.answering = lambda request: request.send(FEED, ETag='"1"')
    address = f"{server.url}/feed.json"
    register_feed(engine, "town", address)
    return address


def sync_while(engine: Engine, encoder: Encoder, act: Callable[[], object]):
    interrupted = InterruptedEncoder(encoder, act)
    [report] = sync_feeds(engine, interrupted, allow_private=True, timeout=5)
    return report


@pytest.mark.usefixtures("feed")
def test_a_feed_is_read_in_full_after_it_was_set_to_be_followed_meanwhile(
    engine, encoder, editor, monkeypatch
):
    """Whatever moment a navigator chooses: the next sync does not ask whether the feed changed."""
    import_listings(engine, encoder, "town", [TEA])
    change(editor, find_id(engine, "tea"), phone="0117 2")
    real = importer.forget_deleted

    def follow(*arguments, **options):
        # The import was committed, and its outcome must not be written afterwards.
        real(*arguments, **options)
        editor.follow_source(find_id(engine, "tea"), "Nadia")

    monkeypatch.setattr(importer, "forget_deleted", follow)
    assert sync_while(engine, encoder, lambda: None).counts
    [stored] = list_feeds(engine)
    assert (stored.validators.etag, stored.synced) == ("", None)


@pytest.mark.usefixtures("feed")
def test_a_feed_that_gets_another_address_meanwhile_is_not_applied(engine, encoder, directory_url):
    import_listings(engine, encoder, "town", [TEA])
    other = open_database(directory_url)
    report = sync_while(
        engine, encoder, lambda: register_feed(other, "town", "https://example.org/new")
    )
    other.dispose()
    assert "got another address" in report.failed
    assert read(engine, "tea").description == TEA.description
    [stored] = list_feeds(engine)
    assert (stored.address, stored.validators.etag) == ("https://example.org/new", "")


def test_two_imports_of_a_gazetteer_at_once_leave_one(engine, directory_url, tmp_path):
    cells = ["GB", "QX1", "Newport", "England", "ENG", "", "", "", "", "51.6", "-3.0", "4"]
    path = tmp_path / "places.txt"
    path.write_text("\t".join(cells) + "\n")
    others = []

    def import_again() -> None:
        other = open_database(directory_url)
        import_places(other, path)
        other.dispose()

    with ThreadPoolExecutor(1) as threads:

        def begin_another(*_: object) -> None:
            others.append(threads.submit(import_again))
            # It cannot end before this one; without a lock, it would.
            with pytest.raises(futures.TimeoutError):
                others[0].result(1)

        import_places(engine, path, begin_another)
        others[0].result(30)
    with Session(engine) as session:
        assert session.scalar(select(func.count()).select_from(NamedPlaceRow)) == 2
