"""The fields that navigators changed in a source's listings, which override the source's own.

A field that nobody changed follows its source. Must never store a place of a confidential listing.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import fields, replace
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from directory.listing import Listing, dump_listing, load_listing, withhold_place
from directory.models import AuditRow, ListingRow, OverrideRow, SourceRow

Fields = Mapping[str, Any]

# The key and the record belong to the source, and `proposed` is computed.
EDITABLE = tuple(
    field.name for field in fields(Listing) if field.name not in ("key", "proposed", "record")
)
_PLACE_FIELDS = ("places", "covers")


def find_changed_fields(before: Listing, after: Listing) -> tuple[str, ...]:
    """The names of the fields that differ, in the order of `Listing`."""
    return tuple(name for name in EDITABLE if getattr(before, name) != getattr(after, name))


def dump_fields(listing: Listing, names: Collection[str]) -> dict[str, Any]:
    """The values of these fields, as JSON types."""
    document = json.loads(dump_listing(listing))
    return {name: document[name] for name in names}


def apply_overrides(listing: Listing, overrides: Fields) -> Listing:
    """The source's listing with the fields that were changed here.

    It is confidential if either says so, and its `assured_date` is the later of the two.
    """
    document = {**json.loads(dump_listing(listing)), **overrides}
    combined = load_listing(json.dumps(document))
    days = [day for day in (combined.assured_date, listing.assured_date) if day]
    return withhold_place(
        replace(
            combined,
            confidential=combined.confidential or listing.confidential,
            assured_date=max(days, default=None),
            proposed=tuple(name for name in listing.proposed if name not in overrides),
        )
    )


def load_overrides(session: Session, source: str) -> dict[str, Fields]:
    """The overrides of a source's listings, by the listing's key."""
    rows = session.execute(
        select(ListingRow.key, OverrideRow.fields)
        .join(ListingRow, ListingRow.id == OverrideRow.listing_id)
        .join(SourceRow, SourceRow.id == ListingRow.source_id)
        .where(SourceRow.name == source)
    )
    return {row.key: row.fields for row in rows}


def save_overrides(session: Session, listing_id: int, overrides: Fields) -> None:
    """Add these fields to the listing's overrides."""
    row = session.get(OverrideRow, listing_id)
    if row is None:
        session.add(OverrideRow(listing_id=listing_id, fields=dict(overrides)))
    else:
        row.fields = {**row.fields, **overrides}


def forget_places(session: Session, ids: Collection[int]) -> None:
    """Erase the places and earlier documents of these listings, which are now confidential."""
    session.execute(update(AuditRow).where(AuditRow.listing_id.in_(ids)).values(before=""))
    for row in session.scalars(select(OverrideRow).where(OverrideRow.listing_id.in_(ids))):
        row.fields = {
            name: value for name, value in row.fields.items() if name not in _PLACE_FIELDS
        }
