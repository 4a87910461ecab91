"""Entities that a pattern finds more surely than a model could; see `entities.yml` beside this.

Runs in Rasa's environment. Must give each span the plain value that the actions know.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

PATTERNS = Path(__file__).with_name("entities.yml")

_SHORTHANDS = {
    # A part of a day after it makes a short word for a day sure.
    "<part>": r"(?= (?:mornings?|afternoons?|evenings?|nights?|morn|aft|eve)\b)",
    # "The first time" counts no listing.
    "<ordinal>": (
        r"(?! (?:one|1|yin|un|time|thing|few|week|month|year|day|bit|person|place i|three|two|"
        r"couple|world|aid)\b)"
    ),
}
_AS_SAID = "="


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class PatternExtractor(GraphComponent):
    """Adds an entity for each span that a pattern finds; of two that overlap, the first."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "PatternExtractor":
        return cls()

    def __init__(self) -> None:
        written = yaml.safe_load(PATTERNS.read_text(encoding="utf-8"))
        self._patterns = [
            (entity, str(value), _compile(pattern))
            for entity, values in written.items()
            for value, patterns in values.items()
            for pattern in patterns
        ]

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            if text := message.get(TEXT):
                found = [*message.get(ENTITIES, []), *self.find(text)]
                message.set(ENTITIES, found, add_to_output=True)
        return messages

    def find(self, text: str) -> Iterator[dict[str, Any]]:
        """The entities in `text`, in order."""
        spans = [
            (*found.span("value" if "value" in found.groupdict() else 0), entity, value)
            for entity, value, pattern in self._patterns
            for found in pattern.finditer(text.replace("’", "'"))
        ]
        told_until: dict[str, int] = {}
        for start, end, entity, value in sorted(spans, key=lambda span: (span[0], -span[1])):
            if start >= told_until.get(entity, 0):
                said = text[start:end] if value == _AS_SAID else value
                yield {
                    "entity": entity,
                    "start": start,
                    "end": end,
                    "value": said,
                    "extractor": type(self).__name__,
                }
                told_until[entity] = end


def _compile(pattern: str) -> re.Pattern[str]:
    for shorthand, meaning in _SHORTHANDS.items():
        pattern = pattern.replace(shorthand, meaning)
    pattern = pattern.replace("'", "'?")
    return re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", re.IGNORECASE)
