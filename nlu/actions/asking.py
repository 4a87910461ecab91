"""Asking what matters, what the person can give, and where: once each, and never twice."""

from collections.abc import Sequence
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from directory.catalogue import Catalogue
from nlu.actions.turn import SKIPPED, Turn, said

# In characters: the encoder reads no more than about this.
_MOST_WORDS = 500
_ASKED = ("interest", "strength", "area")
_PLACES_OFFERED = 6
# These answer the question that was asked, whatever Rasa takes them for.
_TELLING = {"find_group", "offer_help", "have_a_say", "nlu_fallback", "set_area", "share_feeling"}
_DECLINING = {"deny", "show_more"}


class ActionBeginSearch(Action):
    """Starts a new search with what was just said; where the person is stays known."""

    def name(self) -> str:
        return "action_begin_search"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        turn = Turn.read(tracker)
        interest, strength = turn.own_words("interest"), tracker.get_slot("strength")
        if turn.intent == "offer_help":
            interest, strength = SKIPPED, turn.own_words("strength") or SKIPPED
        return [
            SlotSet("interest", interest),
            SlotSet("strength", strength),
            SlotSet("wishes", sorted(turn.wishes)),
            SlotSet("results", []),
            SlotSet("shown", []),
        ]


class ValidateFindForm(Action):
    """Reads an answer to the form's question. Setting no slot hands the turn to the rules."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def name(self) -> str:
        return "validate_find_form"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        turn = Turn.read(tracker)
        unanswered = [slot for slot in _ASKED if tracker.get_slot(slot) is None]
        told = self._read(turn, unanswered)
        lost = turn.asked_for == "area" and told.get("area") == SKIPPED
        if lost and turn.intent not in _DECLINING:
            dispatcher.utter_message(response="utter_area_unknown")
        # A directory that knows no places is not worth asking where about.
        if not self._catalogue.area_names() and tracker.get_slot("area") is None:
            told.setdefault("area", SKIPPED)
        events = [SlotSet(slot, value) for slot, value in told.items()]
        if turn.asked_for and turn.intent == "refine_search":
            events.append(SlotSet("wishes", merge_wishes(tracker, turn)))
            if not turn.wishes and not turn.tapped:
                interest = add_words(said(tracker.get_slot("interest")), turn.text)
                events.append(SlotSet("interest", interest))
        return events

    def _read(self, turn: Turn, unanswered: Sequence[str]) -> dict[str, str]:
        """The slots that this turn fills; `unanswered` are those still to be asked for."""
        named = turn.entities.get("area") if turn.tapped else turn.text
        where = {"area": named} if named and self._catalogue.find_area(named) else {}
        if turn.asked_for is None:
            return where
        if turn.intent == "deny":
            return {turn.asked_for: SKIPPED}
        if turn.intent == "show_more":
            return dict.fromkeys(unanswered, SKIPPED)
        if turn.tapped and "interest" in turn.entities:
            return {"interest": turn.entities["interest"], **where}
        answers = turn.intent in _TELLING or not turn.sure
        if turn.asked_for == "area":
            if where:
                return where
            return {"area": SKIPPED} if answers else {}
        if turn.intent == "set_area" and where:
            return where
        words = turn.own_words(turn.asked_for)
        return {turn.asked_for: words, **where} if words and answers else {}


class ActionAskArea(Action):
    """Asks where, with the directory's own places to pick from."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def name(self) -> str:
        return "action_ask_area"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        ask_where(dispatcher, self._catalogue)
        return []


def add_words(interest: str | None, more: str) -> str:
    """What was looked for, and what was said of it since; the latest counts if it grows long."""
    return ". ".join(filter(None, [interest, more.strip()]))[-_MOST_WORDS:]


def merge_wishes(tracker: Tracker, turn: Turn) -> list[str]:
    """The wishes known before, and those just told."""
    return sorted({*(tracker.get_slot("wishes") or ()), *turn.wishes})


def ask_where(dispatcher: CollectingDispatcher, catalogue: Catalogue) -> None:
    """Ask for a place; any text will do as an answer."""
    buttons = [
        {"title": name, "payload": f"set_area:area={name}"}
        for name in catalogue.area_names()[:_PLACES_OFFERED]
    ]
    buttons.append({"title": "Skip", "payload": "deny"})
    dispatcher.utter_message(response="utter_ask_where", buttons=buttons)
