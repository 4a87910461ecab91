"""Extracts the entities that patterns find more reliably than a model: see `entities.yml`.

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
    # A short word for a day counts before a part of the day.
    "<part>": r"(?= (?:mornings?|afternoons?|evenings?|nights?|morn|aft|eve)\b)",
    # "The first time" refers to no listing.
    "<ordinal>": (
        r"(?! (?:one|1|yin|un|time|thing|few|week|month|year|day|bit|person|place i|three|two|"
        r"couple|world|aid)\b)"
    ),
}
_AS_TYPED = "="


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class PatternExtractor(GraphComponent):
    """Adds an entity for each span that a pattern matches; if two overlap, the first counts."""

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
        content = yaml.safe_load(PATTERNS.read_text(encoding="utf-8"))
        self._patterns = [
            (entity, str(value), _compile(pattern))
            for entity, values in content.items()
            for value, patterns in values.items()
            for pattern in patterns
        ]

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            if text := message.get(TEXT):
                entities = [*message.get(ENTITIES, []), *self.find_entities(text)]
                message.set(ENTITIES, entities, add_to_output=True)
        return messages

    def find_entities(self, text: str) -> Iterator[dict[str, Any]]:
        """The entities in `text`, in order."""
        spans = [
            (*match.span("value" if "value" in match.groupdict() else 0), entity, value)
            for entity, value, pattern in self._patterns
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
                    "extractor": type(self).__name__,
                }
                last_end[entity] = end


def _compile(pattern: str) -> re.Pattern[str]:
    for shorthand, meaning in _SHORTHANDS.items():
        pattern = pattern.replace(shorthand, meaning)
    pattern = pattern.replace("'", "'?")
    return re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", re.IGNORECASE)
