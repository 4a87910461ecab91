"""Replies that need no search: greetings, feelings, the team, and the end of a conversation."""

from rasa_sdk.events import AllSlotsReset, EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from nlu.actions.adapter import Services
from nlu.actions.find_form import search_for_feeling
from nlu.actions.search import refine_search
from nlu.understanding.feelings import COMPANY, mentions_enjoyment, recognise_feeling
from nlu.understanding.turn import Turn


def answer_small_talk(
    turn: Turn, services: Services, dispatcher: CollectingDispatcher
) -> list[EventType]:
    """Answer with the response named after the intent."""
    suggested = turn.slots.get("heard")
    if turn.intent in {"affirm", "deny"} and turn.changes_wishes:
        # "No steps" refuses steps, and not what we offered.
        return refine_search(turn, services, dispatcher)
    if turn.intent == "affirm" and suggested:
        # Yes to "If you like, I can look for something".
        return search_for_feeling(suggested)
    if turn.intent == "affirm" and turn.slots.get("asked_to_forget"):
        dispatcher.utter_message(json_message={"type": "forget"})
        return []
    dispatcher.utter_message(response=f"utter_{turn.intent}")
    return [SlotSet("heard", None), SlotSet("asked_to_forget", None)]


def acknowledge_feeling(
    turn: Turn, services: Services, dispatcher: CollectingDispatcher
) -> list[EventType]:
    """Acknowledge what a person shares about themselves, and offer to look for company."""
    feeling = recognise_feeling(turn.text)
    if feeling is None and turn.changes.added:
        # "Evenings, and I don't drive" shares no feeling.
        return refine_search(turn, services, dispatcher)
    suffix = f"_{feeling.name}" if feeling else ""
    dispatcher.utter_message(response=f"utter_share_feeling{suffix}")
    interest = feeling.interest if feeling else COMPANY
    # A message such as "I used to love singing" is a better search than a guess.
    return [SlotSet("heard", turn.text if mentions_enjoyment(turn.text) else interest)]


def show_team(turn: Turn, services: Services, dispatcher: CollectingDispatcher) -> list[EventType]:
    """Say how to contact the team."""
    team = services.team
    if team.contact:
        dispatcher.utter_message(response="utter_navigators", team=team.name, contact=team.contact)
    else:
        dispatcher.utter_message(response="utter_ask_navigator")
    return []


def stop(turn: Turn, services: Services, dispatcher: CollectingDispatcher) -> list[EventType]:
    """End the current search or form, and empty every slot except the saved list."""
    is_goodbye = turn.intent == "goodbye"
    dispatcher.utter_message(response="utter_goodbye" if is_goodbye else "utter_stop")
    # Residents are promised the list for as long as the conversation lasts.
    return [AllSlotsReset(), SlotSet("kept", turn.slots.get("kept"))]


def start_check_in(
    turn: Turn, services: Services, dispatcher: CollectingDispatcher
) -> list[EventType]:
    """Hand over to the check-in, whose answers never reach Rasa."""
    dispatcher.utter_message(json_message={"type": "check_in"})
    return []
