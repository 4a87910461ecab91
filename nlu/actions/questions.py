"""The one question under results: which to ask, and how its answer is read.

A question may be left alone. It is open for the next message only, is asked once in a
conversation, and is put once more where the person asked something back. A question of the
person's is never an answer to ours.
"""

from collections.abc import Callable, Mapping
from typing import Any

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from directory.search.query import Query
from directory.search.service import SearchService
from nlu.actions.adapter import ActionFunction, Services
from nlu.actions.requests import find_accepted_area
from nlu.understanding.turn import Turn
from nlu.understanding.utterance import asks_question, asks_why, declines_to_answer, is_request
from nlu.understanding.wishes import makes_going_easier

QUESTIONS = ("area", "strength", "ease")
"""The questions, the most useful first."""

_MAX_AREA_BUTTONS = 6
_MAX_PLACE_NAME_WORDS = 4  # in words
_REQUEST_INTENTS = {"find_group", "have_a_say"}
# Intents that ask something about us, or only nod.
_ASIDES = {"affirm", "ask_privacy", "ask_bot", "ask_capabilities", "ask_navigator"}
# A confident intent that is none of these is no answer to a question of ours.
_ANSWER_INTENTS = {*_REQUEST_INTENTS, "offer_help", "set_area", "share_feeling", "refine_search"}

SearchWithAnswer = Callable[
    [Turn, str, Mapping[str, Any], Services, CollectingDispatcher], list[EventType]
]


def read_answer_first(
    function: ActionFunction, search_with_answer: SearchWithAnswer
) -> ActionFunction:
    """`function`, run unless the message answers the open question."""

    def run(turn: Turn, services: Services, dispatcher: CollectingDispatcher) -> list[EventType]:
        question = turn.slots.get("open_question")
        if not question:
            return function(turn, services, dispatcher)
        if asks_why(turn.text) and question in QUESTIONS:
            dispatcher.utter_message(response=f"utter_why_{question}")
            return []
        answer = read_answer(question, turn, services.search)
        if answer is not None:
            events = search_with_answer(turn, question, answer, services, dispatcher)
        else:
            events = function(turn, services, dispatcher)
            if not turn.is_tap and _is_aside(turn, events):
                return [*events, *_repeat(turn, question, services, dispatcher)]
        return [SlotSet("open_question", None), *events]

    return run


def ask_next_question(
    turn: Turn, services: Services, dispatcher: CollectingDispatcher, *, in_distress: bool = False
) -> list[EventType]:
    """Ask what is not known yet and was not asked before, or "What next?" if there is nothing."""
    asked = list(turn.slots.get("asked") or ())
    for question in _list_open(turn, services.search, in_distress=in_distress):
        if question not in asked:
            return ask_question(question, turn, services, dispatcher)
    dispatcher.utter_message(response="utter_after_results")
    return []


def ask_question(
    question: str, turn: Turn, services: Services, dispatcher: CollectingDispatcher
) -> list[EventType]:
    """Ask "area", "strength" or "ease"; the next message may answer."""
    if question == "area":
        buttons = [
            {"title": name, "payload": f"set_area:area={name}"}
            for name in services.search.list_area_names()[:_MAX_AREA_BUTTONS]
        ]
        buttons.append({"title": "Show me others", "payload": "show_more"})
        dispatcher.utter_message(response="utter_ask_where", buttons=buttons)
    else:
        dispatcher.utter_message(response=f"utter_ask_{question}")
    asked = [*(turn.slots.get("asked") or ()), question]
    return [
        SlotSet("open_question", question),
        SlotSet("asked", sorted(set(asked))),
        SlotSet("question_repeated", False),
    ]


def read_answer(
    question: str, turn: Turn, search_service: SearchService
) -> Mapping[str, Any] | None:
    """The slots that the message fills if it answers `question`.

    Empty if the person would rather not answer, and None if the message is no answer.
    """
    if question == "forget":
        return None
    if turn.is_tap:
        return {} if turn.intent == "deny" else None
    if turn.utterance.changed_mind:
        return None
    wishes_more = turn.changes_wishes or turn.refused
    if declines_to_answer(turn.text) or (turn.intent == "deny" and not wishes_more):
        return {}
    if asks_question(turn.text):
        return None
    place = find_accepted_area(turn, search_service)
    if question == "area":
        return {"area": place} if place and not turn.utterance.offered else None
    if question == "strength" and not place:
        return _read_strength(turn, search_service)
    return None


def _read_strength(turn: Turn, search_service: SearchService) -> Mapping[str, Any] | None:
    words = turn.utterance
    if words.offered:
        return {"strength": words.offered}
    if turn.intent not in _ANSWER_INTENTS and turn.is_confident:
        return None
    is_wish = turn.changes_wishes or turn.refused or turn.intent in {"refine_search", "set_area"}
    is_new_request = turn.intent in _REQUEST_INTENTS and is_request(turn.text)
    is_feeling = turn.intent == "share_feeling" and turn.is_confident
    if is_wish or is_new_request or is_feeling:
        return None
    return {"strength": turn.text} if _suits_volunteering(turn.text, search_service) else None


def _suits_volunteering(topic: str, search_service: SearchService) -> bool:
    """Whether a bare topic, such as "driving", is closer to volunteering than to what is on."""

    def find_fit(kinds: set[str]) -> float:
        hits = search_service.search(Query(topic, kinds=frozenset(kinds), limit=1))
        return hits[0].fit if hits and hits[0].is_good else 0

    return find_fit({"volunteering"}) > find_fit({"group", "service"})


def names_unknown_place(turn: Turn) -> bool:
    """Whether the message answers "Where are you?" with a place that the directory lacks."""
    is_short = len(turn.text.split()) <= _MAX_PLACE_NAME_WORDS
    # Rasa takes the name of an unknown place as out of scope too.
    may_be_place = turn.intent in {"set_area", "out_of_scope"} or not turn.is_confident
    is_place = is_short and may_be_place and not turn.changes_wishes
    return turn.slots.get("open_question") == "area" and is_place


def _list_open(turn: Turn, search_service: SearchService, *, in_distress: bool) -> list[str]:
    """The questions whose answers are not known, the most useful first."""
    knows_ease = any(map(makes_going_easier, turn.known_wishes))
    missing = {
        "area": not turn.slots.get("area") and bool(search_service.list_area_names()),
        # A person who has just spoken of a loss is not asked what they could do for others.
        "strength": not turn.slots.get("strength") and not in_distress,
        "ease": not knows_ease,
    }
    return [question for question, is_missing in missing.items() if is_missing]


def _is_aside(turn: Turn, events: list[EventType]) -> bool:
    """Whether the person asked something back, or only nodded, and was shown no results."""
    moves_on = any(event.get("name") in {"open_question", "results"} for event in events)
    return not moves_on and turn.intent in _ASIDES


def _repeat(
    turn: Turn, question: str, services: Services, dispatcher: CollectingDispatcher
) -> list[EventType]:
    if question == "forget" or turn.slots.get("question_repeated"):
        return [SlotSet("open_question", None)]
    if turn.intent != "affirm":
        ask_question(question, turn, services, dispatcher)
    return [SlotSet("open_question", question), SlotSet("question_repeated", True)]
