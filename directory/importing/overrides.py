"""What navigators changed of a source's listings, laid over what the source says.

Owns how the two go together. A field that nobody changed here follows its source. Must never hold
a place of a confidential listing.
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

# The key is the source's, what is proposed is ours, and a record is the source's own words.
EDITABLE = tuple(
    field.name for field in fields(Listing) if field.name not in ("key", "proposed", "record")
)
_PLACES = ("places", "covers")


def find_changed_fields(before: Listing, after: Listing) -> tuple[str, ...]:
    """The names of the fields in which the two differ, in the order of a listing's own."""
    return tuple(name for name in EDITABLE if getattr(before, name) != getattr(after, name))


def dump_fields(listing: Listing, names: Collection[str]) -> dict[str, Any]:
    """The values of these fields, as JSON has them."""
    document = json.loads(dump_listing(listing))
    return {name: document[name] for name in names}


def apply_overrides(listing: Listing, edit: Fields) -> Listing:
    """The source's listing with what was changed here.

    It is confidential if either says so, and was checked when either says it last was.
    """
    document = {**json.loads(dump_listing(listing)), **edit}
    laid = load_listing(json.dumps(document))
    days = [day for day in (laid.assured_date, listing.assured_date) if day]
    return withhold_place(
        replace(
            laid,
            confidential=laid.confidential or listing.confidential,
            assured_date=max(days, default=None),
            proposed=tuple(name for name in listing.proposed if name not in edit),
        )
    )


def load_overrides(session: Session, source: str) -> dict[str, Fields]:
    """What was changed of a source's listings, by their keys."""
    rows = session.execute(
        select(ListingRow.key, OverrideRow.fields)
        .join(ListingRow, ListingRow.id == OverrideRow.listing_id)
        .join(SourceRow, SourceRow.id == ListingRow.source_id)
        .where(SourceRow.name == source)
    )
    return {row.key: row.fields for row in rows}


def save_overrides(session: Session, listing_id: int, edit: Fields) -> None:
    """Remember these fields as changed here, beside those that were before."""
    row = session.get(OverrideRow, listing_id)
    if row is None:
        session.add(OverrideRow(listing_id=listing_id, fields=dict(edit)))
    else:
        row.fields = {**row.fields, **edit}


def forget_places(session: Session, ids: Collection[int]) -> None:
    """Keep no place of these listings, nor how they were: each is confidential now."""
    session.execute(update(AuditRow).where(AuditRow.listing_id.in_(ids)).values(before=""))
    for row in session.scalars(select(OverrideRow).where(OverrideRow.listing_id.in_(ids))):
        row.fields = {name: value for name, value in row.fields.items() if name not in _PLACES}
