"""Replies that need no search: greetings, feelings, the team, and the end of a conversation."""

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from nlu.actions.adapter import Services
from nlu.actions.search import begin_search, fall_back, refine_search, search_for_feeling
from nlu.understanding.feelings import (
    COMPANY,
    FEELING_TOPICS,
    mentions_enjoyment,
    recognise_feeling,
)
from nlu.understanding.negation import cut_clauses
from nlu.understanding.turn import MIN_ACT_CONFIDENCE, Turn
from nlu.understanding.wishes import is_date


def answer_small_talk(
    turn: Turn, services: Services, dispatcher: CollectingDispatcher
) -> list[EventType]:
    """Answer with the response named after the intent."""
    suggested = turn.slots.get("heard")
    if turn.intent in {"affirm", "deny"} and turn.changes_wishes:
        # "No steps" refuses steps, and not what we offered.
        return refine_search(turn, services, dispatcher)
    # "What can I do tonight" asks for places, not about us.
    asks_for_a_day = turn.intent == "ask_capabilities" and any(map(is_date, turn.changes.added))
    if asks_for_a_day or (turn.utterance.changed_mind and turn.utterance.wanted):
        return begin_search(turn, services, dispatcher)
    if turn.intent == "affirm" and suggested:
        # Yes to "If you like, I can look for something".
        return search_for_feeling(suggested, turn, services, dispatcher)
    if turn.intent == "affirm" and turn.slots.get("open_question") == "forget":
        dispatcher.utter_message(json_message={"type": "forget"})
        return []
    if turn.intent == "out_of_scope" and turn.confidence < MIN_ACT_CONFIDENCE:
        # A needless search costs little, and a needless refusal loses somebody.
        return fall_back(turn, services, dispatcher, otherwise="utter_out_of_scope")
    dispatcher.utter_message(response=f"utter_{turn.intent}")
    return [SlotSet("heard", None)]


def acknowledge_feeling(
    turn: Turn, services: Services, dispatcher: CollectingDispatcher
) -> list[EventType]:
    """Acknowledge what a person shares about themselves, and offer to look for company."""
    feeling = recognise_feeling(turn.text, turn.negations)
    if feeling is None and turn.changes.added and not any(map(is_date, turn.changes.added)):
        # "Evenings, and I don't drive" shares no feeling; "I feel down today" does.
        return refine_search(turn, services, dispatcher)
    turns_to_other = turn.utterance.refused or turn.utterance.changed_mind
    if feeling is None and turns_to_other and turn.utterance.wanted:
        # "Not depressed, just bored, any snooker" asks for snooker.
        return begin_search(turn, services, dispatcher)
    topic = services.search.name_unmet_need(cut_clauses(turn.text, turn.negations))
    is_bereaved = feeling is not None and feeling.name == "bereaved"
    if topic and topic not in FEELING_TOPICS and not is_bereaved:
        # "New baby and going stir crazy" has a wish in it: one warm line, then places.
        if feeling is None:
            dispatcher.utter_message(response="utter_acknowledge")
        return begin_search(turn, services, dispatcher)
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
    """End the current question or form. Nothing that the person told us is lost."""
    dispatcher.utter_message(response=f"utter_{turn.intent}")
    return [SlotSet("open_question", None)]


def start_check_in(
    turn: Turn, services: Services, dispatcher: CollectingDispatcher
) -> list[EventType]:
    """Hand over to the check-in, whose answers never reach Rasa."""
    dispatcher.utter_message(json_message={"type": "check_in"})
    return []
