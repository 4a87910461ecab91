"""One turn of the conversation: a message as Rasa parsed it, and the slots before it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from nlu.understanding.negation import Negation, find_negations
from nlu.understanding.patterns import straighten_apostrophes
from nlu.understanding.utterance import Utterance, read_utterance
from nlu.understanding.wishes import WISHES_BY_INTENT, WishChanges, merge_wishes, read_wishes

MIN_CONFIDENCE = 0.6
"""With less confidence in its intent, a message is more likely an answer to our question."""

MIN_ACT_CONFIDENCE = 0.85
"""With less, a message is searched rather than refused or taken as a wish to delete the talk."""


@dataclass(frozen=True)
class Turn:
    """What a person just typed or tapped.

    `typed` is the text exactly as typed; `text` is the same with straight apostrophes, for every
    reader. `changes` are the wishes that it adds and drops, `negations` what it says no to.
    """

    intent: str
    confidence: float
    is_tap: bool
    typed: str
    text: str
    entities: Mapping[str, str]
    changes: WishChanges
    negations: tuple[Negation, ...]
    slots: Mapping[str, Any]

    @classmethod
    def parse(
        cls,
        text: str,
        intent: str,
        confidence: float,
        entities: Iterable[Mapping[str, Any]],
        slots: Mapping[str, Any],
    ) -> "Turn":
        """Read a message of Rasa's. `entities` are in Rasa's form, with offsets into `text`."""
        entities = list(entities)
        straight_text = straighten_apostrophes(text)
        # A button's payload reaches Rasa as a text that starts with a slash; typed text
        # never does, because `bot.responses.clean_typed_text` strips it.
        is_tap = text.startswith("/")
        negations = () if is_tap else find_negations(straight_text)
        changes = read_wishes(straight_text, entities, negations=negations)
        is_confident = confidence >= MIN_CONFIDENCE
        if is_confident and intent in WISHES_BY_INTENT:
            added = changes.added | {WISHES_BY_INTENT[intent]}
            changes = replace(changes, added=added)
        return cls(
            intent=intent,
            confidence=confidence,
            is_tap=is_tap,
            typed=text,
            text=straight_text,
            entities={entity["entity"]: str(entity["value"]) for entity in entities},
            changes=changes,
            negations=negations,
            slots=slots,
        )

    @cached_property
    def utterance(self) -> Utterance:
        """What the typed words want, refuse and offer, without the wishes; empty for a tap."""
        return read_utterance("" if self.is_tap else self.changes.rest, self.negations)

    @property
    def refused(self) -> str:
        """Everything that the message refuses, in words, separated by commas."""
        return ", ".join([*filter(None, [self.utterance.refused]), *sorted(self.changes.refused)])

    @property
    def is_confident(self) -> bool:
        """Whether Rasa is sure enough of the intent to act on it alone."""
        return self.confidence >= MIN_CONFIDENCE

    @property
    def requested_slot(self) -> str | None:
        """The slot that a form has just asked for."""
        return self.slots.get("requested_slot")

    @property
    def changes_wishes(self) -> bool:
        """Whether the turn adds or drops a wish."""
        return bool(self.changes.added or self.changes.dropped)

    @property
    def known_wishes(self) -> frozenset[str]:
        """The wishes known before this turn."""
        return frozenset(self.slots.get("wishes") or ())

    def merge_wishes(self, known: Iterable[str] | None = None) -> list[str]:
        """The `known` wishes, by default all known before, after this turn's changes; sorted."""
        return merge_wishes(self.known_wishes if known is None else known, self.changes)

    def with_slots(self, changes: Mapping[str, Any]) -> "Turn":
        """The same turn with these slots set."""
        return replace(self, slots={**self.slots, **changes})

    def read_value(self, entity: str) -> str | None:
        """What a button sent for `entity`, or what the person typed; None for a bare tap."""
        if self.is_tap:
            return self.entities.get(entity)
        return self.text.strip() or None
