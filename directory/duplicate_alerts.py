"""Alerts on a listing whose hidden duplicate is temporarily closed.

Only a closure is reported, so that nobody travels in vain. Other facts of a hidden duplicate stay
hidden.
"""

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from directory.listing import StoredListing, load_listing
from directory.models import DuplicateRow, ListingRow

_CLOSED_ELSEWHERE = "Another source says that it is closed for now, so ask before you go."


def add_closure_alerts(
    session: Session, listings: Mapping[int, StoredListing]
) -> dict[int, StoredListing]:
    """The same listings by id, with an alert on open ones whose duplicate is closed for now."""
    result = dict(listings)
    ids = list(listings)
    is_in_pair = or_(
        and_(DuplicateRow.first_id.in_(ids), ListingRow.id == DuplicateRow.second_id),
        and_(DuplicateRow.second_id.in_(ids), ListingRow.id == DuplicateRow.first_id),
    )
    duplicates = select(ListingRow.same_as, ListingRow.document).join(DuplicateRow, is_in_pair)
    for same_as, document in session.execute(
        duplicates.where(ListingRow.same_as.in_(ids), ListingRow.gone.is_(False))
    ):
        stored = result.get(same_as or 0)
        if stored is None or stored.listing.status != "open" or stored.gone:
            continue
        if load_listing(document).status == "temporarily closed":
            alert = f"{stored.listing.alert} {_CLOSED_ELSEWHERE}".strip()
            result[stored.id] = replace(stored, listing=replace(stored.listing, alert=alert))
    return result
