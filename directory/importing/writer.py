"""Writes listings to the database, each with its search entry and its published service.

The only place that writes listings. All of it happens in the caller's transaction, which also
increases the directory's revision, so that other processes notice; see `directory.revision`.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Engine, delete, insert, select, update
from sqlalchemy.orm import Session

from directory.clock import read_clock
from directory.database import begin_writing, insert_if_new
from directory.hsds.projection import (
    BATCH,
    find_outdated_services,
    store_own_terms,
    write_services,
)
from directory.importing.overrides import forget_places
from directory.indexing.entries import VERSION, Entry, find_labels, label_entry, make_entry
from directory.indexing.postgres_rows import build_indexes_after, write_search_rows
from directory.indexing.words import find_spellings
from directory.listing import Listing, digest_document, dump_listing, load_listing
from directory.listing_text import build_placeless_text
from directory.models import (
    EntryRow,
    LabelRow,
    ListingRow,
    PlaceRow,
    RevisionRow,
    SourceRow,
    WordRow,
)
from directory.progress import Progress, no_progress

# The number of rows in one statement. The lowest limit of a database is about 32,000.
_BATCH_SIZE = 1_000
_REBUILDING_STEP = "Rebuilding search entries after an update"
_REWRITING_STEP = "Rewriting published services after an update"
_T = TypeVar("_T")


@dataclass(frozen=True)
class PreparedListing:
    """A listing to write, with its entry; `id` is None for a new one.

    The entry is made before the transaction, so that slow work does not block other writers.
    """

    listing: Listing
    entry: Entry
    id: int | None = None


def lock_directory(session: Session) -> None:
    """Let no other transaction write to the directory until this one ends. Readers do not wait.

    Must come first in a transaction: what is read after it cannot be changed by others before the
    commit. Every writer takes this lock before any other, so that no two deadlock.
    """
    begin_writing(session)
    insert_if_new(session, RevisionRow, id=1, number=0)
    session.execute(select(RevisionRow.number).where(RevisionRow.id == 1).with_for_update())


def announce_change(session: Session) -> int:
    """The revision that the changes of this transaction belong to."""
    # Two first imports may both find no row.
    insert_if_new(session, RevisionRow, id=1, number=0)
    return session.execute(
        update(RevisionRow)
        .where(RevisionRow.id == 1)
        .values(number=RevisionRow.number + 1)
        .returning(RevisionRow.number)
    ).scalar_one()


def write_listings(
    session: Session, source_id: int, prepared: Sequence[PreparedListing]
) -> list[int]:
    """Write these listings, and return their ids in order. One that was gone is shown again."""
    if not prepared:
        return []
    revision = announce_change(session)
    ids: list[int] = []
    for batch in _batch(prepared):
        ids += _write_rows(session, source_id, batch, revision)
    _add_words(session, [item.listing for item in prepared])
    get_number = _number_labels(session, [item.listing for item in prepared])
    hidden = set(session.scalars(select(ListingRow.id).where(ListingRow.same_as.is_not(None))))
    entries = (
        (
            listing_id,
            label_entry(item.entry, item.listing, get_number, hidden=listing_id in hidden),
        )
        for listing_id, item in zip(ids, prepared, strict=True)
    )
    with build_indexes_after(session, len(prepared)):
        _write_entries(session, entries, revision)
    _write_places(session, ids, [item.listing for item in prepared])
    write_services(session, ids)
    private = [
        listing_id
        for listing_id, item in zip(ids, prepared, strict=True)
        if item.listing.confidential
    ]
    for private_ids in _batch(private):
        forget_places(session, private_ids)
    return ids


def close_listings(session: Session, ids: Collection[int]) -> None:
    """Hide listings that their source no longer has. They are kept, because they may return."""
    for batch in _batch(ids):
        changes = {"gone": True, "modified": read_clock()}
        session.execute(update(ListingRow).where(ListingRow.id.in_(batch)).values(changes))
    rewrite_entries(session, ids)
    write_services(session, ids)


def set_notice(session: Session, source: SourceRow, notice: str) -> None:
    """Set the notice of a source, which is published with each of its listings."""
    if source.notice == notice:
        return
    announce_change(session)
    source.notice = notice
    session.flush()
    write_services(
        session, session.scalars(select(ListingRow.id).where(ListingRow.source_id == source.id))
    )


def rewrite_entries(
    session: Session, ids: Collection[int], progress: Progress = no_progress
) -> None:
    """Rebuild the entries of these listings from their rows and vectors. Encodes nothing."""
    if not ids:
        return
    revision = announce_change(session)
    with build_indexes_after(session, len(ids)):
        for number, batch in enumerate(_batch(ids)):
            _rewrite_batch(session, batch, revision)
            progress(_REBUILDING_STEP, min((number + 1) * _BATCH_SIZE, len(ids)), len(ids))


def _rewrite_batch(session: Session, ids: Sequence[int], revision: int) -> None:
    rows = session.execute(
        select(ListingRow.id, ListingRow.document, ListingRow.gone, ListingRow.same_as)
        .add_columns(EntryRow.vector)
        .join(EntryRow, EntryRow.listing_id == ListingRow.id)
        .where(ListingRow.id.in_(ids))
    ).all()
    listings = {row.id: load_listing(row.document) for row in rows}
    get_number = _number_labels(session, listings.values())
    _add_words(session, listings.values())
    entries = [
        (
            row.id,
            label_entry(
                make_entry(listings[row.id], row.vector),
                listings[row.id],
                get_number,
                hidden=row.gone or row.same_as is not None,
            ),
        )
        for row in rows
    ]
    _write_entries(session, entries, revision)
    session.execute(update(ListingRow).where(ListingRow.id.in_(ids)).values(revision=revision))


def renew_entries(engine: Engine, progress: Progress = no_progress) -> int:
    """Rebuild the entries that an older program wrote, and return their number. Encodes nothing."""
    with Session(engine) as session:
        query = select(EntryRow.listing_id).where(EntryRow.version != VERSION)
        outdated = session.scalars(query).all()
        rewrite_entries(session, outdated, progress)
        session.commit()
    return len(outdated)


def renew_services(engine: Engine, progress: Progress = no_progress) -> int:
    """Rewrite the services that an older program published, and return their number.

    Each batch is committed, so that other writers wait only briefly.
    """
    with Session(engine) as session:
        store_own_terms(session)
        session.commit()
        outdated = find_outdated_services(session)
        for start in range(0, len(outdated), BATCH):
            announce_change(session)
            write_services(session, outdated[start : start + BATCH])
            session.commit()
            progress(_REWRITING_STEP, min(start + BATCH, len(outdated)), len(outdated))
    return len(outdated)


def _write_rows(
    session: Session, source_id: int, prepared: Sequence[PreparedListing], revision: int
) -> list[int]:
    now = read_clock()
    rows: list[dict[str, Any]] = []
    for item in prepared:
        document = dump_listing(item.listing)
        rows.append(
            {
                "key": item.listing.key,
                "document": document,
                "digest": digest_document(document),
                "modified": now,
                "revision": revision,
                "gone": False,
            }
        )
    pairs = list(zip(rows, prepared, strict=True))
    new = [{**row, "source_id": source_id} for row, item in pairs if item.id is None]
    if old := [{**row, "id": item.id} for row, item in pairs if item.id is not None]:
        session.execute(update(ListingRow), old)
    added: Iterator[int] = iter(())
    if new:
        statement = insert(ListingRow).returning(ListingRow.id, sort_by_parameter_order=True)
        added = iter(session.scalars(statement, new).all())
    return [next(added) if item.id is None else item.id for item in prepared]


def read_vectors(session: Session, ids: Sequence[int]) -> dict[int, bytes]:
    """The vectors of these listings' entries, as bytes."""
    vectors: dict[int, bytes] = {}
    for batch in _batch(ids):
        query = select(EntryRow.listing_id, EntryRow.vector).where(EntryRow.listing_id.in_(batch))
        vectors.update((listing_id, vector) for listing_id, vector in session.execute(query))
    return vectors


def _write_entries(session: Session, entries: Iterable[tuple[int, Entry]], revision: int) -> None:
    for batch in _batch(entries):
        ids = [listing_id for listing_id, _ in batch]
        session.execute(delete(EntryRow).where(EntryRow.listing_id.in_(ids)))
        session.execute(
            insert(EntryRow),
            [
                {"listing_id": listing_id, "revision": revision, "version": VERSION, **vars(entry)}
                for listing_id, entry in batch
            ],
        )
        write_search_rows(session, batch)


def _write_places(session: Session, ids: Sequence[int], listings: Sequence[Listing]) -> None:
    for batch in _batch(ids):
        session.execute(delete(PlaceRow).where(PlaceRow.listing_id.in_(batch)))
    places = (
        {
            "listing_id": listing_id,
            "neighbourhood": place.neighbourhood,
            "postcode": place.postcode,
            **asdict(place.point),
        }
        for listing_id, listing in zip(ids, listings, strict=True)
        for place in listing.places
        if place.point
    )
    for rows in _batch(places):
        session.execute(insert(PlaceRow), rows)


def _add_words(session: Session, listings: Iterable[Listing]) -> None:
    words: set[str] = set()
    for listing in listings:
        words |= find_spellings(build_placeless_text(listing))
    for batch in _batch(sorted(words)):
        stored_words = set(session.scalars(select(WordRow.text).where(WordRow.text.in_(batch))))
        if new := [{"text": word} for word in batch if word not in stored_words]:
            session.execute(insert(WordRow), new)


def _number_labels(session: Session, listings: Iterable[Listing]) -> Callable[[str, str], int]:
    """A look-up of the numbers of the listings' labels. New labels are stored with new numbers."""
    labels = set[tuple[str, str]]().union(*map(find_labels, listings))
    numbers: dict[tuple[str, str], int] = {}

    def read_numbers() -> None:
        texts = {text for _, text in labels}
        for batch in _batch(texts):
            rows = session.execute(
                select(LabelRow.field, LabelRow.text, LabelRow.id).where(LabelRow.text.in_(batch))
            )
            numbers.update({(field, text): number for field, text, number in rows})

    read_numbers()
    if new := sorted(labels - numbers.keys()):
        session.execute(insert(LabelRow), [{"field": field, "text": text} for field, text in new])
        read_numbers()
    return lambda field, text: numbers[field, text]


def _batch(items: Iterable[_T]) -> Iterator[list[_T]]:
    remaining = iter(items)
    while batch := list(islice(remaining, _BATCH_SIZE)):
        yield batch
