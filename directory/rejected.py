"""Rejected rows: those that cannot be shown, and what may be stored of them.

Must never let through a text of a private row: any of it may reveal the place.
"""

import re
from dataclasses import dataclass, replace
from typing import Any

from directory.listing import KINDS, STATUSES

# Fields whose known values cannot reveal a place.
_SAFE_VALUES = {"kind": KINDS, "status": STATUSES}
# A reason quotes the faulty value, in the way that Python writes strings.
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""")
_BEFORE_COLUMN_NAME = "column "


@dataclass(frozen=True)
class RejectedRow:
    """A row that cannot be shown. `reason` says what a navigator must correct.

    `confidential` means that the row says, or may say, that its place is private.
    """

    key: str
    name: str
    reason: str
    content: dict[str, Any]
    confidential: bool = False


def withhold_text(row: RejectedRow) -> RejectedRow:
    """Reduce a row that is or may be private to what is needed to find it in its source.

    Its key and name stay, its kind and status if they have known values, and the reason without
    quotations. Any other row is returned unchanged.
    """
    if not row.confidential:
        return row
    safe_content = {
        name: row.content[name]
        for name, values in _SAFE_VALUES.items()
        if isinstance(row.content.get(name), str) and row.content[name] in values
    }
    return replace(
        row,
        reason=_QUOTED.sub(lambda match: _redact(match, row.reason), row.reason),
        content={**safe_content, "confidential": "yes"},
    )


def _redact(match: re.Match[str], reason: str) -> str:
    return match[0] if reason[: match.start()].endswith(_BEFORE_COLUMN_NAME) else "(not shown)"
