"""The rows of an import: which can be listings, and which are quarantined.

Must never store the text of a row that is or may be private: see `rejected.withhold_text`.
"""

import json
import secrets
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from directory.importing.classify import classify_listing
from directory.listing import Listing, withhold_place
from directory.models import QuarantinedRow
from directory.rejected import RejectedRow, withhold_text

# The largest that PostgreSQL's column holds.
_MAX_ID = 2**31 - 1


def sort_rows(
    rows: Iterable[Listing | RejectedRow],
) -> tuple[dict[str, Listing], list[RejectedRow]]:
    """The listings by key, classified, and the rows to quarantine, without private text."""
    listings: dict[str, Listing] = {}
    rejected: list[RejectedRow] = []
    for row in rows:
        if isinstance(row, RejectedRow):
            rejected.append(row)
        elif row.key in listings:
            reason = f"the reference {row.key!r} is used twice; give each listing its own"
            content = {"name": row.name}
            rejected.append(
                RejectedRow(row.key, row.name, reason, content, confidential=row.confidential)
            )
        else:
            listings[row.key] = withhold_place(classify_listing(row))
    for rejected_row in rejected:
        if rejected_row.confidential and rejected_row.key in listings:
            listing = replace(listings[rejected_row.key], confidential=True)
            listings[rejected_row.key] = withhold_place(listing)
    return listings, [withhold_text(row) for row in rejected]


def store_quarantined(session: Session, source_id: int, rejected: list[RejectedRow]) -> None:
    """Replace the quarantined rows of a source."""
    session.execute(delete(QuarantinedRow).where(QuarantinedRow.source_id == source_id))
    first_id = _choose_free_ids(session, len(rejected))
    session.add_all(
        QuarantinedRow(
            id=first_id + number,
            source_id=source_id,
            key=row.key,
            name=row.name,
            reason=row.reason,
            content=_plain_json(row.content),
            confidential=row.confidential,
        )
        for number, row in enumerate(rejected)
    )


def _choose_free_ids(session: Session, count: int) -> int:
    """The first of `count` ids that no row has, and that none is likely to have had.

    SQLite gives the ids of deleted rows to new ones, and a navigator may still have a form open for
    the row that was deleted.
    """
    while True:
        first_id = 1 + secrets.randbelow(_MAX_ID - count)
        is_used = QuarantinedRow.id.between(first_id, first_id + count - 1)
        if session.scalar(select(QuarantinedRow.id).where(is_used).limit(1)) is None:
            return first_id


def _plain_json(content: dict[str, Any]) -> Any:
    # Python writes NaN and Infinity, which JSON and PostgreSQL do not have.
    return json.loads(json.dumps(content, default=str), parse_constant=str)
