"""Parsing JSON within a source's limits. Must never parse what holds too much."""

import json
from typing import Any

from directory.sources.limits import MAX_DEPTH, Limits

# Each value but the first follows one of these. Those inside texts are counted too.
_BEFORE_VALUES = "{[:,"
_TOO_DEEP = f"nested deeper than {MAX_DEPTH} levels"


def parse_json(text: str | bytes, source: str, limits: Limits) -> Any:
    """The value that `text` holds.

    Raises ValueError if it is not JSON or nested too deeply, and SourceTooLargeError if it holds
    too many values; these are counted before anything is parsed.
    """
    limits.check_values(count_values(text), source)
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [child for parent in level for child in _list_containers(parent)]
        if not level:
            return value
    raise ValueError(_TOO_DEEP)


def count_values(text: str | bytes) -> int:
    """At least the number of values in JSON."""
    if isinstance(text, bytes):
        return sum(text.count(mark.encode()) for mark in _BEFORE_VALUES)
    return sum(map(text.count, _BEFORE_VALUES))


def _list_containers(value: Any) -> list[Any]:
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [item for item in items if isinstance(item, dict | list)]
