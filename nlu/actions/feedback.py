"""Counts whether the chat was useful. Must never keep more than the answer and the week."""

import logging

from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from directory.errors import DatabaseError
from directory.notes import Useful
from nlu.actions.adapter import Services
from nlu.understanding.feedback import read_usefulness
from nlu.understanding.turn import Turn

log = logging.getLogger(__name__)

_BY_BUTTON: dict[str, Useful] = {"yes": "yes", "no": "no", "between": "in between"}
_BY_INTENT: dict[str, Useful] = {"affirm": "yes", "deny": "no"}


def take_feedback(
    turn: Turn, services: Services, dispatcher: CollectingDispatcher
) -> list[EventType]:
    """Count the answer; ask the question if there is none yet."""
    useful = turn.slots.get("useful") or _read_answer(turn)
    if useful is None:
        return [FollowupAction("feedback_form")]
    response = "utter_feedback_no" if useful == "no" else "utter_feedback"
    try:
        services.notebook.add_feedback(useful)
    except (DatabaseError, ValueError) as error:
        # The type alone, because the error's own text may quote a slot.
        log.error("%s", type(error).__name__)
        response = "utter_feedback_failed"
    dispatcher.utter_message(response=response)
    return [SlotSet("useful", None)]


def validate_feedback_form(
    turn: Turn, services: Services, dispatcher: CollectingDispatcher
) -> list[EventType]:
    """Fill the slot from an answer. With no slot set, Rasa hands the turn to the rules."""
    useful = _read_answer(turn) if turn.requested_slot else None
    return [SlotSet("useful", useful)] if useful else []


def _read_answer(turn: Turn) -> Useful | None:
    if turn.is_tap:
        by_intent = _BY_INTENT.get(turn.intent)
        return _BY_BUTTON.get(turn.entities.get("answer", ""), by_intent)
    return read_usefulness(turn.text)
