"""Forgets a conversation when the person asks for that."""

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from nlu.actions.adapter import Services
from nlu.actions.search import fall_back
from nlu.understanding.turn import MIN_ACT_CONFIDENCE, Turn


def forget(turn: Turn, services: Services, dispatcher: CollectingDispatcher) -> list[EventType]:
    """Ask first, unless a button or the plain words asked: the conversation then erases."""
    if turn.confidence < MIN_ACT_CONFIDENCE:
        return fall_back(turn, services, dispatcher)
    if not turn.is_tap:
        # A deletion cannot be undone, so a guess is confirmed first. The plain words that we tell
        # people to use reach us as a tap (see `bot.commands`).
        dispatcher.utter_message(response="utter_ask_forget")
        return [SlotSet("open_question", "forget")]
    dispatcher.utter_message(json_message={"type": "forget"})
    return []
