"""Where in a TOML file a value stands.

Owns the way from a place in what was read back to a line, which `tomllib` does not tell. Must
never read TOML by rules of its own: it asks `tomllib` how much of the file is needed.
"""

import tomllib
from typing import Any

#: Names of keys and numbers of entries: `("questions", 1, "answers", 0)`.
Place = tuple[str | int, ...]


def find_line(text: str, place: Place) -> int:
    """The line, from 1, on which that value stands; of a list on many lines, its first.

    `text` is valid TOML. For a value that is missing it is the line of the nearest thing around
    it that is there.
    """
    lines = text.splitlines()
    for length in range(len(place), 0, -1):
        for count in range(1, len(lines) + 1):
            start = "\n".join(lines[:count])
            # A list may go on over many lines: closed early, it has what was read of it.
            if any(_has(start + closing, place[:length]) for closing in ("", "\n]")):
                return count
    return 1


def _has(text: str, place: Place) -> bool:
    try:
        found: Any = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    for part in place:
        try:
            found = found[part]
        except (LookupError, TypeError):
            return False
    return True
