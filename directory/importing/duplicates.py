"""Linking duplicates: listings of the same thing, of which a search shows one.

Owns the stored pairs and links. A navigator's verdict is never overruled, and nothing is deleted: a
hidden listing is shown again once it is no longer a duplicate.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import numpy as np
from sqlalchemy import Engine, delete, insert, select, update
from sqlalchemy.orm import Session

from directory.encoder import DIMENSIONS
from directory.errors import DirectoryError
from directory.importing.candidate_pairs import Pair, find_candidate_pairs, link_certain_pairs
from directory.importing.similarity import CERTAIN, read_facts
from directory.importing.writer import lock_directory, rewrite_entries
from directory.listing import Listing, StoredListing, load_listing
from directory.models import (
    DuplicateRow,
    EntryRow,
    ListingRow,
    RevisionRow,
    SourceRow,
    load_stored_listing,
)

_UNLOCKED_ATTEMPTS = 2


@dataclass(frozen=True)
class DuplicateCounts:
    """How many listings are hidden as duplicates, and how many pairs wait for a navigator."""

    hidden: int
    waiting: int


Verdict = Literal["same", "different"]
Verdicts = dict[tuple[int, int], str]
"""Navigators' verdicts by the ids of a pair, the lower id first."""


@dataclass(frozen=True)
class UndecidedPair:
    """A possible duplicate: two listings, how alike they are from 0 to 1, and why."""

    first: StoredListing
    second: StoredListing
    likeness: float
    reason: str


def link_duplicates(engine: Engine) -> DuplicateCounts:
    """Find pairs in the whole directory, and link those that are certainly the same thing.

    Comparing takes seconds, so it is done without the lock, and again if a listing has changed
    meanwhile. After two attempts, others wait for it.
    """
    for _ in range(_UNLOCKED_ATTEMPTS):
        with Session(engine) as session:
            revision = _read_revision(session)
            comparison = _compare_listings(session)
        with Session(engine) as session, session.begin():
            lock_directory(session)
            if _read_revision(session) == revision:
                return _store_comparison(session, *comparison)
    with Session(engine) as session, session.begin():
        lock_directory(session)
        return _store_comparison(session, *_compare_listings(session))


def _read_revision(session: Session) -> int:
    return session.scalar(select(RevisionRow.number)) or 0


def _compare_listings(session: Session) -> tuple[list[Pair], list[int]]:
    """The pairs, whose numbers are positions in the list of ids."""
    rows = session.execute(
        select(ListingRow.id, ListingRow.document, SourceRow.name, EntryRow.vector)
        .join(EntryRow, EntryRow.listing_id == ListingRow.id)
        .join(SourceRow, SourceRow.id == ListingRow.source_id)
        .where(ListingRow.gone.is_(False)),
        execution_options={"yield_per": 1_000},
    )
    # The first of a pair is the one that is shown.
    ranked = sorted(
        (*_rank(listing := load_listing(document)), listing_id, read_facts(listing, source), vector)
        for listing_id, document, source, vector in rows
    )
    ids = [row[-3] for row in ranked]
    facts = [row[-2] for row in ranked]
    vectors = np.frombuffer(b"".join(row[-1] for row in ranked), dtype=np.float16)
    return find_candidate_pairs(facts, vectors.reshape(-1, DIMENSIONS)), ids


def _store_comparison(session: Session, pairs: list[Pair], ids: list[int]) -> DuplicateCounts:
    verdicts = _load_verdicts(session)
    shown_ids = _choose_shown(pairs, ids, verdicts)
    _store_pairs(session, pairs, ids, verdicts)
    _store_links(session, shown_ids)
    waiting = sum(
        pair.likeness < CERTAIN and _get_pair_ids(pair, ids) not in verdicts for pair in pairs
    )
    return DuplicateCounts(len(shown_ids), waiting)


def list_undecided_pairs(engine: Engine, limit: int) -> list[UndecidedPair]:
    """Possible duplicates without a verdict, the likeliest first."""
    with Session(engine) as session:
        rows = session.scalars(
            select(DuplicateRow)
            .where(DuplicateRow.verdict == "", DuplicateRow.likeness < CERTAIN)
            .order_by(DuplicateRow.likeness.desc(), DuplicateRow.first_id, DuplicateRow.second_id)
            .limit(limit)
        ).all()
        ids = {listing_id for row in rows for listing_id in (row.first_id, row.second_id)}
        listing_rows = session.scalars(select(ListingRow).where(ListingRow.id.in_(ids)))
        listings = {row.id: load_stored_listing(row) for row in listing_rows}
    return [
        UndecidedPair(listings[row.first_id], listings[row.second_id], row.likeness, row.reason)
        for row in rows
        if not (listings[row.first_id].gone or listings[row.second_id].gone)
    ]


def settle_pair(engine: Engine, first_id: int, second_id: int, verdict: Verdict) -> None:
    """Store a navigator's verdict on a pair, and show one of the two, or both, accordingly.

    Raises DirectoryError if there is no such pair.
    """
    first_id, second_id = sorted((first_id, second_id))
    with Session(engine) as session, session.begin():
        lock_directory(session)
        row = session.get(DuplicateRow, (first_id, second_id))
        if row is None:
            raise DirectoryError("These two listings are no longer a possible duplicate.")
        row.verdict = verdict
        pair = [session.get_one(ListingRow, listing_id) for listing_id in (first_id, second_id)]
        if verdict == "different":
            changed = [
                listing_row for listing_row in pair if listing_row.same_as in (first_id, second_id)
            ]
            for listing_row in changed:
                listing_row.same_as = None
        else:
            shown, hidden = sorted(pair, key=lambda row: _rank(load_listing(row.document)))
            # The shown listing may itself be hidden behind a third.
            hidden.same_as = shown.same_as or shown.id
            changed = [hidden] if hidden.same_as != hidden.id else []
            if not changed:
                hidden.same_as, shown.same_as = None, hidden.id
                changed = [shown]
        session.flush()
        rewrite_entries(session, [row.id for row in changed])


def _rank(listing: Listing) -> tuple[bool, bool, bool, int]:
    """Sorts the listing that tells residents most first."""
    assured = listing.assured_date or date.min
    return (
        listing.status != "open",
        not listing.schedules,
        not listing.places,
        -assured.toordinal(),
    )


def _choose_shown(pairs: Collection[Pair], ids: list[int], verdicts: Verdicts) -> dict[int, int]:
    """For each listing to hide, by id, the one that is shown for it."""
    judged = [_apply_verdict(pair, ids, verdicts) for pair in pairs]
    pair_ids = {_get_pair_ids(pair, ids) for pair in pairs}
    positions = {listing_id: position for position, listing_id in enumerate(ids)}
    # A verdict stands even when the two are no longer alike.
    judged += [
        Pair(positions[first], positions[second], 1.0, "a navigator said so")
        for (first, second), verdict in verdicts.items()
        if verdict == "same" and (first, second) not in pair_ids
        if first in positions and second in positions
    ]
    return {ids[hidden]: ids[shown] for hidden, shown in link_certain_pairs(judged).items()}


def _load_verdicts(session: Session) -> Verdicts:
    rows = session.scalars(select(DuplicateRow).where(DuplicateRow.verdict != ""))
    return {(row.first_id, row.second_id): row.verdict for row in rows}


def _apply_verdict(pair: Pair, ids: list[int], verdicts: Verdicts) -> Pair:
    likeness = {"same": 1.0, "different": 0.0, "": pair.likeness}
    verdict = verdicts.get(_get_pair_ids(pair, ids), "")
    return replace(pair, likeness=likeness[verdict])


def _get_pair_ids(pair: Pair, ids: list[int]) -> tuple[int, int]:
    first, second = sorted((ids[pair.first], ids[pair.second]))
    return first, second


def _store_pairs(
    session: Session, pairs: Collection[Pair], ids: list[int], verdicts: Verdicts
) -> None:
    session.execute(delete(DuplicateRow).where(DuplicateRow.verdict == ""))
    rows = []
    for pair in pairs:
        first_id, second_id = _get_pair_ids(pair, ids)
        if (first_id, second_id) not in verdicts:
            values = {"likeness": pair.likeness, "reason": pair.reason, "verdict": ""}
            rows.append({"first_id": first_id, "second_id": second_id, **values})
    if rows:
        session.execute(insert(DuplicateRow), rows)


def _store_links(session: Session, shown_ids: dict[int, int]) -> None:
    rows = session.execute(
        select(ListingRow.id, ListingRow.same_as).where(ListingRow.same_as.is_not(None))
    )
    before: dict[int, int | None] = {row.id: row.same_as for row in rows}
    changed_ids = sorted(
        listing_id
        for listing_id in before.keys() | shown_ids.keys()
        if before.get(listing_id) != shown_ids.get(listing_id)
    )
    for listing_id in changed_ids:
        same_as = shown_ids.get(listing_id)
        session.execute(
            update(ListingRow).where(ListingRow.id == listing_id).values(same_as=same_as)
        )
    rewrite_entries(session, changed_ids)
