"""Everything said that needs no search: asides, feelings, and the ways out."""

import re
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import AllSlotsReset, EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from nlu.actions.turn import SKIPPED, Turn
from nlu.understanding.feelings import COMPANY, recognise
from nlu.understanding.utterance import asks

_ENJOYS = re.compile(r"\b(?:love|loved|like|liked|enjoy(?:ed)?|into|miss) \w{3,}", re.I)


class ActionAnswerAside(Action):
    """Answers with the response that bears the intent's own name."""

    def __init__(self, refine: Action) -> None:
        self._refine = refine

    def name(self) -> str:
        return "action_answer_aside"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        turn, heard = Turn.read(tracker), tracker.get_slot("heard")
        if turn.intent in {"affirm", "deny"} and (turn.wishes or turn.dropped):
            # "No steps" says no to steps, and not to us.
            return list(await self._refine.run(dispatcher, tracker, domain))
        if turn.intent == "affirm" and heard:
            # "If you like, I can look for something": yes, please.
            return follow_up(heard)
        if turn.intent == "affirm" and tracker.get_slot("asked_to_forget"):
            dispatcher.utter_message(json_message={"type": "forget"})
            return []
        dispatcher.utter_message(response=f"utter_{turn.intent}")
        return [SlotSet("heard", None), SlotSet("asked_to_forget", None)]


class ActionHearFeeling(Action):
    """Hears what somebody tells of themselves. Searches for nothing and asks nothing of them."""

    def __init__(self, refine: Action) -> None:
        self._refine = refine

    def name(self) -> str:
        return "action_hear_feeling"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        turn = Turn.read(tracker)
        feeling = recognise(turn.text)
        if feeling is None and turn.wishes:
            # "Evenings, and I don't drive" tells of no feeling.
            return list(await self._refine.run(dispatcher, tracker, domain))
        suffix = f"_{feeling.name}" if feeling else ""
        dispatcher.utter_message(response=f"utter_share_feeling{suffix}")
        helps = feeling.interest if feeling else COMPANY
        # "I used to love singing": that is what may help, more than anything we could guess.
        return [SlotSet("heard", turn.text if _ENJOYS.search(turn.text) else helps)]


def follow_up(heard: str) -> list[EventType]:
    """Look for what may help with a feeling that was told, and ask nothing of the person."""
    cleared = dict.fromkeys(("heard", "looking_at", "avoid"))
    lists: dict[str, list[str]] = {"wishes": [], "results": [], "shown": []}
    slots = {"interest": heard, "strength": SKIPPED, **cleared, **lists}
    return [*(SlotSet(*slot) for slot in slots.items()), FollowupAction("find_form")]


class ActionStop(Action):
    """Ends what was going on, and forgets all of it but the person's list."""

    def name(self) -> str:
        return "action_stop"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        leaving = Turn.read(tracker).intent == "goodbye"
        dispatcher.utter_message(response="utter_goodbye" if leaving else "utter_stop")
        # The list is promised for as long as the talk lasts.
        return [AllSlotsReset(), SlotSet("kept", tracker.get_slot("kept"))]


class ActionForget(Action):
    """Hands over to the conversation, which alone can erase what Rasa keeps."""

    def name(self) -> str:
        return "action_forget"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        turn = Turn.read(tracker)
        if not turn.tapped and (asks(turn.text) or not turn.sure):
            # What is deleted on a guess cannot be brought back.
            dispatcher.utter_message(response="utter_ask_forget")
            return [SlotSet("asked_to_forget", True)]
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
