"""Finds the entities that patterns find more reliably than a model: see `entities.yml`.

Gives each span the plain value that the actions know. Imports nothing of Rasa's, so that entities
are found while Rasa is away too.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

PATTERNS = Path(__file__).with_name("entities.yml")

_SHORTHANDS = {
    # A short word for a day counts before a part of the day.
    "<part>": r"(?= (?:mornings?|afternoons?|evenings?|nights?|morn|aft|eve)\b)",
    # "The first time" refers to no listing.
    "<ordinal>": (
        r"(?! (?:one|1|yin|un|time|thing|few|week|month|year|day|bit|person|place i|three|two|"
        r"couple|world|aid)\b)"
    ),
}
_AS_TYPED = "="


def find_entities(text: str) -> Iterator[dict[str, Any]]:
    """The entities in `text`, in order."""
    spans = [
        (*match.span("value" if "value" in match.groupdict() else 0), entity, value)
        for entity, value, pattern in _load_patterns()
        for match in pattern.finditer(text.replace("’", "'"))
    ]
    last_end: dict[str, int] = {}
    for start, end, entity, value in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start >= last_end.get(entity, 0):
            entity_value = text[start:end] if value == _AS_TYPED else value
            yield {
                "entity": entity,
                "start": start,
                "end": end,
                "value": entity_value,
            }
            last_end[entity] = end


@cache
def _load_patterns() -> list[tuple[str, str, re.Pattern[str]]]:
    content = yaml.safe_load(PATTERNS.read_text(encoding="utf-8"))
    return [
        (entity, str(value), _compile(pattern))
        for entity, values in content.items()
        for value, patterns in values.items()
        for pattern in patterns
    ]


def _compile(pattern: str) -> re.Pattern[str]:
    for shorthand, meaning in _SHORTHANDS.items():
        pattern = pattern.replace(shorthand, meaning)
    pattern = pattern.replace("'", "'?")
    return re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", re.IGNORECASE)
