"""Linking listings that are one thing listed twice, so that a search shows it once.

Owns what is kept of pairs. A navigator's verdict is never overruled, and nothing is deleted: the
listing that is not shown still stands, and comes back when it is not the same any more.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
from sqlalchemy import Engine, delete, insert, select, update
from sqlalchemy.orm import Session

from directory.database import lock_table
from directory.encoder import DIMENSIONS
from directory.errors import DirectoryError
from directory.importing.candidate_pairs import Pair, find_candidate_pairs, link_certain_pairs
from directory.importing.similarity import SURE, read_facts
from directory.importing.writer import announce_change, rewrite_entries
from directory.listing import Listing, StoredListing, load_listing
from directory.models import DuplicateRow, EntryRow, ListingRow, SourceRow, load_stored_listing


@dataclass(frozen=True)
class DuplicateCounts:
    """How many listings are now hidden behind another, and how many pairs wait for a navigator."""

    hidden: int
    waiting: int


Verdict = Literal["same", "different"]


@dataclass(frozen=True)
class UndecidedPair:
    """Two listings that may be one thing: how alike they are, from 0 to 1, and why."""

    first: StoredListing
    second: StoredListing
    likeness: float
    reason: str


def link_duplicates(engine: Engine) -> DuplicateCounts:
    """Look for pairs in the whole directory, and link those that are surely one thing."""
    with Session(engine) as session:
        # Two programs that link at the same time would insert the same pairs.
        lock_table(session, DuplicateRow)
        rows = session.execute(
            select(ListingRow.id, ListingRow.document, SourceRow.name, EntryRow.vector)
            .join(EntryRow, EntryRow.listing_id == ListingRow.id)
            .join(SourceRow, SourceRow.id == ListingRow.source_id)
            .where(ListingRow.gone.is_(False)),
            execution_options={"yield_per": 1_000},
        )
        # The first of a pair is the one that is shown.
        known = sorted(
            (*_rank(listing := load_listing(document)), at, read_facts(listing, source), vector)
            for at, document, source, vector in rows
        )
        ids = [one[-3] for one in known]
        facts = [one[-2] for one in known]
        vectors = np.frombuffer(b"".join(one[-1] for one in known), dtype=np.float16)
        vectors = vectors.reshape(-1, DIMENSIONS)
        pairs = find_candidate_pairs(facts, vectors)
        verdicts = _read_verdicts(session)
        settled = [_settle(pair, ids, verdicts) for pair in pairs]
        told = {_name(pair, ids) for pair in pairs}
        position = {at: number for number, at in enumerate(ids)}
        settled += [
            Pair(position[first], position[second], 1.0, "a navigator said so")
            for (first, second), verdict in verdicts.items()
            if verdict == "same" and (first, second) not in told
            if first in position and second in position
        ]
        shown = {ids[one]: ids[other] for one, other in link_certain_pairs(settled).items()}
        _keep_pairs(session, pairs, ids, verdicts)
        _hide(session, shown)
        session.commit()
    waiting = sum(pair.likeness < SURE and _name(pair, ids) not in verdicts for pair in pairs)
    return DuplicateCounts(len(shown), waiting)


def list_undecided_pairs(engine: Engine, most: int) -> list[UndecidedPair]:
    """Pairs that may be one thing and have no verdict, the likeliest first."""
    with Session(engine) as session:
        rows = session.scalars(
            select(DuplicateRow)
            .where(DuplicateRow.verdict == "", DuplicateRow.likeness < SURE)
            .order_by(DuplicateRow.likeness.desc(), DuplicateRow.first_id, DuplicateRow.second_id)
            .limit(most)
        ).all()
        ids = {one for row in rows for one in (row.first_id, row.second_id)}
        found = session.scalars(select(ListingRow).where(ListingRow.id.in_(ids)))
        known = {row.id: load_stored_listing(row) for row in found}
    return [
        UndecidedPair(known[row.first_id], known[row.second_id], row.likeness, row.reason)
        for row in rows
        if not (known[row.first_id].gone or known[row.second_id].gone)
    ]


def settle_pair(engine: Engine, first_id: int, second_id: int, verdict: Verdict) -> None:
    """Keep a navigator's verdict on a pair, and show one of the two, or both, accordingly.

    Raises DirectoryError where there is no such pair.
    """
    first_id, second_id = sorted((first_id, second_id))
    with Session(engine) as session, session.begin():
        row = session.get(DuplicateRow, (first_id, second_id))
        if row is None:
            raise DirectoryError("These two listings are no longer a possible duplicate.")
        row.verdict = verdict
        pair = [session.get_one(ListingRow, one) for one in (first_id, second_id)]
        if verdict == "different":
            changed = [one for one in pair if one.same_as in (first_id, second_id)]
            for one in changed:
                one.same_as = None
        else:
            shown, hidden = sorted(pair, key=lambda one: _rank(load_listing(one.document)))
            # What is shown may stand behind a third by now.
            hidden.same_as = shown.same_as or shown.id
            changed = [hidden] if hidden.same_as != hidden.id else []
            if not changed:
                hidden.same_as, shown.same_as = None, hidden.id
                changed = [shown]
        session.flush()
        rewrite_entries(session, [one.id for one in changed])


def _rank(listing: Listing) -> tuple[bool, bool, bool, int]:
    """Lowest for the listing that tells a resident most."""
    assured = listing.assured_date or date.min
    return (
        listing.status != "open",
        not listing.schedules,
        not listing.places,
        -assured.toordinal(),
    )


def _read_verdicts(session: Session) -> dict[tuple[int, int], str]:
    rows = session.scalars(select(DuplicateRow).where(DuplicateRow.verdict != ""))
    return {(row.first_id, row.second_id): row.verdict for row in rows}


def _settle(pair: Pair, ids: list[int], verdicts: dict[tuple[int, int], str]) -> Pair:
    likeness = {"same": 1.0, "different": 0.0, "": pair.likeness}
    verdict = verdicts.get(_name(pair, ids), "")
    return Pair(pair.first, pair.second, likeness[verdict], pair.reason)


def _name(pair: Pair, ids: list[int]) -> tuple[int, int]:
    first, second = sorted((ids[pair.first], ids[pair.second]))
    return first, second


def _keep_pairs(
    session: Session,
    pairs: Collection[Pair],
    ids: list[int],
    verdicts: dict[tuple[int, int], str],
) -> None:
    session.execute(delete(DuplicateRow).where(DuplicateRow.verdict == ""))
    new = []
    for pair in pairs:
        first, second = _name(pair, ids)
        if (first, second) not in verdicts:
            of = {"likeness": pair.likeness, "reason": pair.reason, "verdict": ""}
            new.append({"first_id": first, "second_id": second, **of})
    if new:
        session.execute(insert(DuplicateRow), new)


def _hide(session: Session, shown: dict[int, int]) -> None:
    rows = session.execute(
        select(ListingRow.id, ListingRow.same_as).where(ListingRow.same_as.is_not(None))
    )
    before: dict[int, int | None] = {row.id: row.same_as for row in rows}
    changed = {at for at in before.keys() | shown.keys() if before.get(at) != shown.get(at)}
    if changed:
        # Lock the revision before any listing, as every writer does: otherwise two may deadlock.
        announce_change(session)
    for at in changed:
        session.execute(update(ListingRow).where(ListingRow.id == at).values(same_as=shown.get(at)))
    rewrite_entries(session, sorted(changed))
