"""Answers questions about listings and searches for typed words while Rasa is away.

Has no intent to go by. Must never keep what a person wrote.
"""

from collections.abc import Mapping
from typing import Any

from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from directory.recommend import recommend_listings
from nlu.actions.adapter import Services
from nlu.actions.listing_questions import answer_listing_questions
from nlu.actions.requests import find_accepted_area, read_request
from nlu.actions.results import show_recommendation
from nlu.components.entity_patterns import find_entities
from nlu.understanding.turn import Turn

_KEPT_SLOTS = frozenset({"results", "seen", "looking_at"})
"""Slots that hold ids of listings."""


def answer_words(
    text: str, slots: Mapping[str, Any], services: Services
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The messages that answer `text`, in the form of Rasa's dispatcher, and the slots to keep.

    There are no messages if nothing good was found.
    """
    turn = Turn.parse(text, "", 0.0, list(find_entities(text)), slots)
    return _run(turn, services, is_question=True)


def search_words(
    text: str, slots: Mapping[str, Any], services: Services, *, offers_help: bool
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The same for words that a button sent, which ask no question."""
    turn = Turn.parse(text, "offer_help" if offers_help else "", 0.0, (), slots)
    return _run(turn, services, is_question=False)


def _run(
    turn: Turn, services: Services, *, is_question: bool
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    dispatcher = CollectingDispatcher()
    answer = answer_listing_questions(_search_as_typed) if is_question else _search_as_typed
    events = answer(turn, services, dispatcher)
    kept = {event["name"]: event["value"] for event in events if event.get("name") in _KEPT_SLOTS}
    return dispatcher.messages, kept


def _search_as_typed(
    turn: Turn, services: Services, dispatcher: CollectingDispatcher
) -> list[EventType]:
    """Show what is found for the words of this message alone."""
    topic = "strength" if turn.intent == "offer_help" else "interest"
    area = find_accepted_area(turn, services.search) or turn.slots.get("area")
    changes = {topic: turn.text, "area": area, "wishes": turn.merge_wishes(), "avoid": turn.refused}
    turn = turn.with_slots(changes)
    request = read_request(turn, services.search)
    recommendation = recommend_listings(services.search, request)
    if not recommendation.has_good_hits:
        services.record_unmet_need(request, needs_topic=True)
        return []
    return show_recommendation(turn, request, recommendation, services, dispatcher, asks_next=False)
