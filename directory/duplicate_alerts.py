"""What the sources of one thing listed twice disagree on, told with the listing that is shown.

Owns only what would send somebody to a closed door; the rest of a hidden twin stays hidden.
"""

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from directory.listing import StoredListing, load_listing
from directory.models import DuplicateRow, ListingRow

_CLOSED_ELSEWHERE = "Another source says that it is closed for now, so ask before you go."


def add_closure_alerts(
    session: Session, found: Mapping[int, StoredListing]
) -> dict[int, StoredListing]:
    """The same listings, by their ids; an open one says so where its twin is closed for now."""
    told = dict(found)
    ids = list(found)
    pairs = or_(
        and_(DuplicateRow.first_id.in_(ids), ListingRow.id == DuplicateRow.second_id),
        and_(DuplicateRow.second_id.in_(ids), ListingRow.id == DuplicateRow.first_id),
    )
    twins = select(ListingRow.same_as, ListingRow.document).join(DuplicateRow, pairs)
    for same_as, document in session.execute(
        twins.where(ListingRow.same_as.in_(ids), ListingRow.gone.is_(False))
    ):
        stored = told.get(same_as or 0)
        if stored is None or stored.listing.status != "open" or stored.gone:
            continue
        if load_listing(document).status == "temporarily closed":
            alert = f"{stored.listing.alert} {_CLOSED_ELSEWHERE}".strip()
            told[stored.id] = replace(stored, listing=replace(stored.listing, alert=alert))
    return told
