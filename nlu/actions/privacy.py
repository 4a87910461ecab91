"""Forgets a conversation when the person asks for that."""

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from nlu.actions.adapter import Services
from nlu.understanding.turn import Turn
from nlu.understanding.utterance import is_request


def forget(turn: Turn, services: Services, dispatcher: CollectingDispatcher) -> list[EventType]:
    """Hand over to the conversation, which alone can erase what Rasa stores."""
    if not turn.is_tap and (is_request(turn.text) or not turn.is_confident):
        # A deletion cannot be undone, so a guess is confirmed first.
        dispatcher.utter_message(response="utter_ask_forget")
        return [SlotSet("asked_to_forget", True)]
    dispatcher.utter_message(json_message={"type": "forget"})
    return []
