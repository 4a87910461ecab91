"""The form that asks what a person looks for and could give, where, and what would help them go.

Each question is asked once: one message may answer several, and any text is an answer.
"""

from typing import Any

from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from directory.search.message_topics import MIN_TOPIC_FIT
from directory.search.query import Query
from directory.search.service import SearchService
from nlu.actions.adapter import Services
from nlu.understanding.feelings import recognise_feeling
from nlu.understanding.turn import ANSWERED_BY_WISHES, SKIPPED, Turn
from nlu.understanding.utterance import declines_to_answer, is_outright_request, is_request
from nlu.understanding.wishes import ONE_SEARCH_WISHES, makes_going_easier

FORM_SLOTS = ("interest", "strength", "area", "ease")

_MAX_INTEREST_LENGTH = 500  # in characters; the encoder reads little more
_MAX_AREA_BUTTONS = 6
_MAX_PLACE_NAME_WORDS = 4  # in words
_REQUEST_INTENTS = {"find_group", "have_a_say"}
# Messages with these intents answer the form's question.
_ANSWER_INTENTS = {
    "find_group",
    "offer_help",
    "have_a_say",
    "set_area",
    "share_feeling",
    "refine_search",
}


def begin_search(
    turn: Turn, services: Services, dispatcher: CollectingDispatcher
) -> list[EventType]:
    """Start a new search with the message; what is known of the person stays known."""
    feeling = None if turn.is_tap else recognise_feeling(turn.text)
    if feeling:
        dispatcher.utter_message(response=f"utter_acknowledge_{feeling.name}")
    interest, strength = _read_first_slots(turn)
    if strength is None:
        # A person who has just spoken of a loss is not asked what they could do for others.
        in_distress = turn.slots.get("heard") or (feeling and feeling.name == "bereaved")
        strength = SKIPPED if in_distress else turn.slots.get("strength")
    shown = turn.slots.get("shown") if turn.utterance.changed_mind else None
    return [
        SlotSet("interest", interest),
        SlotSet("strength", strength),
        SlotSet("wishes", turn.merge_wishes(turn.known_wishes - ONE_SEARCH_WISHES)),
        SlotSet("avoid", turn.utterance.refused),
        SlotSet("results", []),
        SlotSet("shown", shown or []),
        SlotSet("looking_at", None),
        SlotSet("heard", None),
    ]


def begin_search_form(
    turn: Turn, services: Services, dispatcher: CollectingDispatcher
) -> list[EventType]:
    """As `begin_search`, where no rule would start the form afterwards."""
    return [*begin_search(turn, services, dispatcher), FollowupAction("find_form")]


def search_for_feeling(interest: str) -> list[EventType]:
    """Search for what may help with a feeling, without asking what the person could give."""
    empty_slots = dict.fromkeys(("heard", "looking_at", "avoid"))
    empty_lists: dict[str, list[str]] = {"wishes": [], "results": [], "shown": []}
    slots = {"interest": interest, "strength": SKIPPED, **empty_slots, **empty_lists}
    return [*(SlotSet(*slot) for slot in slots.items()), FollowupAction("find_form")]


def resume_search(turn: Turn) -> list[EventType]:
    """Ask the form's next question again, if one is still open."""
    is_open = turn.slots.get("interest") is not None and not turn.slots.get("results")
    return [FollowupAction("find_form")] if is_open and list_open_slots(turn) else []


def list_open_slots(turn: Turn) -> list[str]:
    """The form's slots that are neither filled nor skipped."""
    return [slot for slot in FORM_SLOTS if turn.slots.get(slot) is None]


def validate_find_form(
    turn: Turn, services: Services, dispatcher: CollectingDispatcher
) -> list[EventType]:
    """Fill slots from an answer. With no slot set, Rasa hands the turn to the rules."""
    requested = turn.requested_slot
    if requested and _shares_feeling(turn):
        return []
    answers = _read_answers(turn, services.search)
    if (
        requested == "area"
        and answers.get("area") == SKIPPED
        and turn.intent not in {"deny", "show_more"}
        and not declines_to_answer(turn.text)
    ):
        dispatcher.utter_message(response="utter_area_unknown_search_everywhere")
    if answers and requested and requested not in answers:
        # Without this, the repeated question would look as if the answer had been lost.
        dispatcher.utter_message(response="utter_wish_noted")
    if not services.search.list_area_names() and turn.slots.get("area") is None:
        # A directory without places has no use for an area.
        answers.setdefault("area", SKIPPED)
    return [SlotSet(slot, value) for slot, value in answers.items()]


def ask_area(turn: Turn, services: Services, dispatcher: CollectingDispatcher) -> list[EventType]:
    """Ask where the person is, with some of the directory's places as buttons."""
    buttons = [
        {"title": name, "payload": f"set_area:area={name}"}
        for name in services.search.list_area_names()[:_MAX_AREA_BUTTONS]
    ]
    buttons += [
        {"title": "Skip", "payload": "deny"},
        {"title": "Just show me", "payload": "show_more"},
    ]
    dispatcher.utter_message(response="utter_ask_where", buttons=buttons)
    return []


def extend_interest(interest: str | None, text: str) -> str:
    """`interest` with more words; if it grows too long, the latest words stay."""
    return ". ".join(filter(None, [interest, text.strip()]))[-_MAX_INTEREST_LENGTH:]


def join_refusals(known: str | None, refused: str) -> str:
    """Everything refused in this search, in the person's words."""
    return ", ".join(filter(None, [known, refused]))


def _read_first_slots(turn: Turn) -> tuple[str | None, str | None]:
    """The interest and the strength in the message that begins a search."""
    words = turn.utterance
    if turn.is_tap:
        interest, strength = turn.entities.get("interest"), turn.entities.get("strength")
        return (SKIPPED, strength) if turn.intent == "offer_help" else (interest, None)
    if turn.intent != "offer_help" or words.changed_mind:
        if words.offered and not is_request(words.wanted):
            return turn.text, words.offered
        return words.wanted or (None if words.refused else turn.text), words.offered or None
    if words.offered and is_request(words.wanted):
        return words.wanted, words.offered
    return SKIPPED, turn.text


def _shares_feeling(turn: Turn) -> bool:
    """Whether the message shares a feeling and answers no question."""
    if turn.intent != "share_feeling" or not turn.is_confident or declines_to_answer(turn.text):
        return False
    return recognise_feeling(turn.text) is not None or not turn.changes.added


def _read_answers(turn: Turn, search_service: SearchService) -> dict[str, Any]:
    """The slots that the turn fills."""
    answers: dict[str, Any] = {}
    place = turn.entities.get("area") if turn.is_tap else turn.text
    if place and search_service.find_area(place):
        answers["area"] = place
    wishes = turn.merge_wishes()
    if turn.slots.get("ease") is None and any(map(makes_going_easier, wishes)):
        answers["ease"] = ANSWERED_BY_WISHES
    if turn.requested_slot is None:
        return answers
    if turn.changes_wishes:
        answers["wishes"] = wishes
    if turn.intent == "show_more":
        return dict.fromkeys(list_open_slots(turn), SKIPPED) | answers
    if turn.is_tap:
        return _read_tap(turn) | answers
    return answers | _read_typed_answer(turn, search_service, answers)


def _read_tap(turn: Turn) -> dict[str, Any]:
    """The slots that a button fills; a button that answers no question fills none."""
    # A place that the directory does not know is an answer too.
    if turn.intent == "deny" or (turn.intent, turn.requested_slot) == ("set_area", "area"):
        return {str(turn.requested_slot): SKIPPED}
    return {slot: turn.entities[slot] for slot in ("interest", "strength") if slot in turn.entities}


def _read_typed_answer(
    turn: Turn, search_service: SearchService, answers: dict[str, Any]
) -> dict[str, Any]:
    """The slots that the words fill, in addition to those in `answers`."""
    requested, words = str(turn.requested_slot), turn.utterance
    is_answer = turn.intent in {*_ANSWER_INTENTS, "deny"} or not turn.is_confident
    if requested == "area" and turn.intent == "out_of_scope":
        # Rasa takes the name of an unknown place as out of scope too.
        is_answer = len(turn.text.split()) <= _MAX_PLACE_NAME_WORDS
    if declines_to_answer(turn.text):
        return {requested: SKIPPED}
    if not is_answer and not answers:
        return {}
    if "area" not in answers or is_outright_request(turn.text):
        has_words = words.wanted or words.refused or words.offered
        if (
            (words.changed_mind and has_words)
            or (words.refused and requested != "strength")
            or (requested != "interest" and _is_new_request(turn, search_service))
        ):
            return _read_new_request(turn)
    if turn.intent == "deny":
        return {requested: SKIPPED}
    if requested in answers or not is_answer:
        return {}
    if answers and turn.intent in {"refine_search", "set_area"}:
        # The message did not answer the question, which is asked again.
        return {}
    if requested == "area":
        return {"area": SKIPPED}
    if requested == "ease" or turn.intent == "refine_search":
        interest = extend_interest(turn.read_answer("interest"), turn.text)
        ease = {"ease": ANSWERED_BY_WISHES} if requested == "ease" else {}
        return {"interest": interest, **ease}
    if requested == "interest" and words.offered and words.wanted:
        return {"interest": words.wanted, "strength": words.offered}
    return {requested: turn.text}


def _is_new_request(turn: Turn, search_service: SearchService) -> bool:
    """Whether the message asks for something else instead of answering the question."""
    if is_outright_request(turn.text):
        return True
    if turn.intent not in _REQUEST_INTENTS or not turn.is_confident:
        return False
    return is_request(turn.text) or _names_listing_topic(turn, search_service)


def _names_listing_topic(turn: Turn, search_service: SearchService) -> bool:
    """Whether the answer to "Where are you?" is close to the topic of a listing."""
    if turn.requested_slot != "area":
        return False
    hits = search_service.search(Query(turn.text, limit=1))
    return bool(hits) and hits[0].fit >= MIN_TOPIC_FIT


def _read_new_request(turn: Turn) -> dict[str, Any]:
    """The slots of a new request or refusal; the form then asks its question again."""
    words = turn.utterance
    slots: dict[str, Any] = {"avoid": join_refusals(turn.slots.get("avoid"), words.refused)}
    if words.wanted:
        slots["interest"] = words.wanted
    elif turn.requested_slot == "ease":
        slots["ease"] = ANSWERED_BY_WISHES
    if words.offered:
        slots["strength"] = words.offered
    return slots
