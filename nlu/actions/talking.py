"""Everything said that needs no search."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import AllSlotsReset, EventType
from rasa_sdk.executor import CollectingDispatcher

from nlu.actions.turn import Turn


class ActionAnswerAside(Action):
    """Answers with the response that bears the intent's own name."""

    def name(self) -> str:
        return "action_answer_aside"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        dispatcher.utter_message(response=f"utter_{Turn.read(tracker).intent}")
        return []


class ActionStop(Action):
    """Ends the search that was going on."""

    def name(self) -> str:
        return "action_stop"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        leaving = Turn.read(tracker).intent == "goodbye"
        dispatcher.utter_message(response="utter_goodbye" if leaving else "utter_stop")
        return [AllSlotsReset()]


class ActionForget(Action):
    """Hands over to the conversation, which alone can erase what Rasa keeps."""

    def name(self) -> str:
        return "action_forget"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        dispatcher.utter_message(json_message={"type": "forget"})
        return []


class ActionStartCheckIn(Action):
    """Hands over to the check-in, whose answers never reach Rasa."""

    def name(self) -> str:
        return "action_start_check_in"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        dispatcher.utter_message(json_message={"type": "check_in"})
        return []
