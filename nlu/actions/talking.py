"""Everything said that needs no search: asides, feelings, and the ways out."""

import re
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import AllSlotsReset, EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from nlu.actions.turn import Turn

# What somebody tells of, in the order of what needs hearing most.
_HEARD = tuple(
    (re.compile(pattern, re.I), response)
    for pattern, response in (
        (
            r"\b(?:died|passed (?:away|on)|death|dead|funeral|bereave\w*|griev\w*|grief|widow\w*"
            r"|buried|(?:lost|losing) (?:my|our|her|him|me) ?\w*|still ?born|miscarr\w*)\b",
            "utter_share_feeling_bereaved",
        ),
        (
            r"\b(?:(?:just|recently|newly) moved|moved (?:here|to|in|house|away)|new (?:here|to|in)"
            r"|just (?:arrived|got here)|new country|new town|dont know (?:anyone|anybody|nobody)"
            r"|don['’]t know (?:anyone|anybody|a soul))\b",
            "utter_share_feeling_new",
        ),
        (
            r"\b(?:alone|lonely|lonley|lonelyness|loneliness|on my own|on me own|isolated"
            r"|no friends|no ?body|no one|by myself|by meself|nae ?body|empty house)\b",
            "utter_share_feeling_alone",
        ),
    )
)


class ActionAnswerAside(Action):
    """Answers with the response that bears the intent's own name."""

    def name(self) -> str:
        return "action_answer_aside"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        dispatcher.utter_message(response=f"utter_{Turn.read(tracker).intent}")
        return []


class ActionHearFeeling(Action):
    """Hears what somebody tells of themselves. Searches for nothing and asks nothing of them."""

    def name(self) -> str:
        return "action_hear_feeling"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        text = Turn.read(tracker).text
        heard = (response for pattern, response in _HEARD if pattern.search(text))
        dispatcher.utter_message(response=next(heard, "utter_share_feeling"))
        return [SlotSet("heard", True)]


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
