"""Rows that are not fit to show, and how little is kept of one that is to be private.

Owns what may be set aside of a row. Must never let through a text of a private row that may tell
where it is: what does is not known until somebody has read it.
"""

import re
from dataclasses import dataclass, replace
from typing import Any

from directory.listing import KINDS, STATUSES

# Whatever is said in these words names no place.
_TELLING = {"kind": KINDS, "status": STATUSES}
# A complaint quotes what it is about, as Python writes texts.
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""")
_NAMES_A_COLUMN = "column "


@dataclass(frozen=True)
class RejectedRow:
    """A row that is not fit to show. `reason` says what a navigator must mend.

    `confidential` tells that the row says, or may say, that its place is kept private.
    """

    key: str
    name: str
    reason: str
    content: dict[str, Any]
    confidential: bool = False


def withhold_text(row: RejectedRow) -> RejectedRow:
    """The row with no more than is needed to find it in its source, if it is, or may be, private.

    Its reference and its name, its kind and status if they are known words, and what is wrong
    without quoting it. Any other row as it is.
    """
    if not row.confidential:
        return row
    told = {
        name: row.content[name]
        for name, words in _TELLING.items()
        if isinstance(row.content.get(name), str) and row.content[name] in words
    }
    return replace(
        row,
        reason=_QUOTED.sub(lambda match: _hush(match, row.reason), row.reason),
        content={**told, "confidential": "yes"},
    )


def _hush(match: re.Match[str], reason: str) -> str:
    return match[0] if reason[: match.start()].endswith(_NAMES_A_COLUMN) else "(not shown)"
