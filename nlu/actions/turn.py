"""One turn of the talk, read from Rasa's tracker."""

from dataclasses import dataclass
from typing import Any

from rasa_sdk import Tracker

# Below this, what Rasa takes a turn for is less likely than that it answers our question.
SURE = 0.6

# A slot that the person chose not to fill. Never a text that somebody could type.
SKIPPED = "\x00skipped"


@dataclass(frozen=True)
class Turn:
    """What was just said: its intent, the words, and the entities by name."""

    intent: str
    text: str
    tapped: bool
    sure: bool
    entities: dict[str, str]
    asked_for: str | None

    @classmethod
    def read(cls, tracker: Tracker) -> "Turn":
        message: dict[str, Any] = tracker.latest_message or {}
        text = message.get("text") or ""
        return cls(
            intent=tracker.get_intent_of_latest_message() or "",
            text=text,
            # A button's payload reaches Rasa as a text that starts with a slash;
            # typed text never does, because `bot.wording.keep_words` sees to it.
            tapped=text.startswith("/"),
            sure=float(message.get("intent", {}).get("confidence") or 0) >= SURE,
            entities={one["entity"]: str(one["value"]) for one in message.get("entities") or ()},
            asked_for=tracker.get_slot("requested_slot"),
        )

    @property
    def wishes(self) -> frozenset[str]:
        """What the search must keep to from now on, as far as this turn says so."""
        told = {
            "free": self.entities.get("cost") == "free",
            "near": self.entities.get("distance") == "near",
            "have_a_say": self.intent == "have_a_say",
        }
        return frozenset(wish for wish, wanted in told.items() if wanted)

    def own_words(self, entity: str) -> str | None:
        """What a button said for `entity`, or what the person typed; None for a bare tap."""
        if self.tapped:
            return self.entities.get(entity)
        return self.text.strip() or None


def said(value: str | None) -> str | None:
    """A slot's text, or None if it was skipped or never filled."""
    return None if value in (None, SKIPPED) else value
