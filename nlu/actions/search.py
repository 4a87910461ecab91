"""Searches the directory for what a message asks, and shows listings in the same reply."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rasa_sdk.events import ActiveLoop, EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from directory.indexing.words import find_content_words
from directory.recommend import (
    Recommendation,
    recommend_listings,
    recommend_similar,
    recommend_volunteering,
)
from nlu.actions.adapter import Services
from nlu.actions.questions import ask_question, names_unknown_place
from nlu.actions.references import find_referenced_listing
from nlu.actions.requests import find_accepted_area, read_request
from nlu.actions.results import search, set_slots, show_recommendation
from nlu.understanding.feelings import recognise_feeling
from nlu.understanding.turn import Turn
from nlu.understanding.utterance import asks_question, is_outright_request, is_request
from nlu.understanding.wishes import FREE, NEAR, list_lasting_wishes

_MAX_INTEREST_LENGTH = 500  # in characters; the encoder reads little more
_NEW_SEARCH: dict[str, Any] = {"results": [], "shown": [], "looking_at": None, "heard": None}


def begin_search(
    turn: Turn, services: Services, dispatcher: CollectingDispatcher
) -> list[EventType]:
    """Search for what the message asks; what is known of the person stays known."""
    if _only_adds_wishes(turn) and turn.slots.get("shown"):
        return refine_search(turn, services, dispatcher)
    if _names_only_place(turn, services) and turn.slots.get("shown"):
        return set_area(turn, services, dispatcher)
    feeling = None if turn.is_tap else recognise_feeling(turn.text, turn.negations)
    if feeling:
        dispatcher.utter_message(response=f"utter_acknowledge_{feeling.name}")
    in_distress = bool(turn.slots.get("heard") or (feeling and feeling.name == "bereaved"))
    interest, strength = _read_interest_and_strength(turn)
    if strength and interest is None and turn.slots.get("interest"):
        # The person says what they could give as well, and still wants what they asked for.
        return _offer_volunteering(turn, strength, services, dispatcher)
    changes: dict[str, Any] = {
        **_NEW_SEARCH,
        "interest": interest,
        "strength": strength or turn.slots.get("strength"),
        "wishes": turn.merge_wishes(list_lasting_wishes(turn.known_wishes)),
        **_read_refusals(turn, "", services),
    }
    if turn.utterance.changed_mind:
        # What the person turned down does not come back.
        changes["shown"] = turn.slots.get("shown") or []
    if area := find_accepted_area(turn, services.search):
        changes["area"] = area
    return [
        *_leave_form(turn),
        *search(turn, changes, services, dispatcher, in_distress=in_distress),
    ]


def search_for_feeling(
    interest: str, turn: Turn, services: Services, dispatcher: CollectingDispatcher
) -> list[EventType]:
    """Search for what may help with a feeling, without asking what the person could give."""
    changes = {**_NEW_SEARCH, "interest": interest, "wishes": [], "avoid": ""}
    return search(turn, changes, services, dispatcher, in_distress=True)


def search_with_answer(
    turn: Turn,
    question: str,
    answer: Mapping[str, Any],
    services: Services,
    dispatcher: CollectingDispatcher,
) -> list[EventType]:
    """Search again with the `answer` to our question; an empty one is taken kindly."""
    if not answer:
        dispatcher.utter_message(response="utter_question_left")
        return []
    if question == "area":
        return set_area(turn, services, dispatcher)
    return _offer_volunteering(turn, answer["strength"], services, dispatcher)


def find_listings(
    turn: Turn, services: Services, dispatcher: CollectingDispatcher
) -> list[EventType]:
    """Show listings that were not shown yet, or others like one that was."""
    # "Others like this" names a listing by a tap, its position or its name.
    liked = find_referenced_listing(turn, services) if turn.entities.get("listing") else None
    if liked is None and turn.changes_wishes:
        return refine_search(turn, services, dispatcher)
    if liked is None:
        return search(turn, {}, services, dispatcher)
    request = read_request(turn, services.search)
    recommendation = recommend_similar(services.search, request, liked)
    request = replace(request, strength=None)
    return show_recommendation(
        turn, request, recommendation, services, dispatcher, "utter_found_like"
    )


def refine_search(
    turn: Turn, services: Services, dispatcher: CollectingDispatcher
) -> list[EventType]:
    """Search again with one more wish, with less of something, or in other words."""
    words, added = turn.utterance, turn.changes.added
    if turn.is_tap and not added:
        return ask_question("ease", turn, services, dispatcher)
    if NEAR in added and not services.search.list_area_names():
        dispatcher.utter_message(response="utter_places_unknown")
        return []
    was_shown = bool(turn.slots.get("shown"))
    if not was_shown and words.wanted:
        return begin_search(turn, services, dispatcher)
    if not was_shown and not (turn.changes_wishes or turn.refused):
        dispatcher.utter_message(response="utter_nothing_to_refine")
        return []
    interest = turn.slots.get("interest")
    if words.changed_mind and words.wanted:
        interest = words.wanted
    elif words.wanted and not turn.changes_wishes:
        interest = _extend_interest(interest or turn.slots.get("strength"), words.wanted)
    changes: dict[str, Any] = {
        "wishes": turn.merge_wishes(),
        "interest": interest,
        **_read_refusals(turn, turn.slots.get("avoid") or "", services),
    }
    # With a new wish, listings shown before may suit best; after a change of mind they do not.
    may_repeat = not (words.changed_mind or _sort_refusals(turn, services)[1])
    if NEAR in added and not turn.slots.get("area"):
        return [*set_slots(changes), *ask_question("area", turn, services, dispatcher)]
    opening = _choose_refined_opening(turn) if was_shown else None
    return search(turn, changes, services, dispatcher, opening=opening, may_repeat=may_repeat)


def set_area(turn: Turn, services: Services, dispatcher: CollectingDispatcher) -> list[EventType]:
    """Remember where the person is, and search near there."""
    if turn.utterance.refused:
        # "Anywhere but Northgate" says where the person is not.
        return refine_search(turn, services, dispatcher)
    place = turn.read_value("area") or ""
    area = services.search.find_area(place)
    if area and not turn.is_tap and not turn.slots.get("open_question"):
        rest = re.sub(re.escape(area.name), "", turn.utterance.wanted, flags=re.IGNORECASE)
        if services.search.name_unmet_need(rest):
            # "Gardening in Harbourside" names a wish as well.
            return begin_search(turn, services, dispatcher)
    if area is None:
        dispatcher.utter_message(response="utter_area_unknown_try_again")
        return [SlotSet("open_question", "area")]
    changes: dict[str, Any] = {"area": place, "wishes": turn.merge_wishes()}
    if not turn.slots.get("interest") and (suggested := turn.slots.get("heard")):
        changes["interest"] = suggested
    return search(turn, changes, services, dispatcher, may_repeat=True)


def fall_back(
    turn: Turn,
    services: Services,
    dispatcher: CollectingDispatcher,
    otherwise: str = "utter_nlu_fallback",
) -> list[EventType]:
    """Search for the words of a message that Rasa did not understand; show only good results.

    `otherwise` is the response where there are none.
    """
    words = turn.utterance
    if names_unknown_place(turn) or _names_only_place(turn, services):
        return set_area(turn, services, dispatcher)
    if not words.wanted and (turn.changes_wishes or turn.refused):
        return refine_search(turn, services, dispatcher)
    begins_search = recognise_feeling(turn.text, turn.negations) or (
        words.offered and is_request(words.wanted)
    )
    if begins_search or turn.changes_wishes or is_outright_request(turn.text):
        return begin_search(turn, services, dispatcher)
    if not words.wanted:
        dispatcher.utter_message(response=otherwise)
        return []
    named_area = find_accepted_area(turn, services.search)
    wishes = turn.merge_wishes(list_lasting_wishes(turn.known_wishes))
    changes: dict[str, Any] = {
        "interest": words.wanted,
        "strength": None,
        "shown": [],
        "wishes": wishes,
        **_read_refusals(turn, "", services),
    }
    if named_area:
        changes["area"] = named_area
    request = read_request(turn.with_slots(changes), services.search)
    recommendation = recommend_listings(services.search, request)
    if not recommendation.has_good_hits:
        dispatcher.utter_message(response=otherwise)
        services.record_unmet_need(request, needs_topic=True)
        return []
    results = show_recommendation(
        turn.with_slots(changes), request, recommendation, services, dispatcher, "utter_guessed"
    )
    return [*set_slots(changes), *results]


def _only_adds_wishes(turn: Turn) -> bool:
    """Whether the message is about the last results, as in "can't do evenings"."""
    words = turn.utterance
    is_new = words.wanted or words.offered or asks_question(turn.text) or is_request(turn.text)
    return not turn.is_tap and turn.changes_wishes and not is_new


def _names_only_place(turn: Turn, services: Services) -> bool:
    """Whether the message wants nothing but a place, as in "sorry, I meant Harbourside"."""
    wanted = "" if turn.is_tap or turn.refused else turn.utterance.wanted
    area = services.search.find_area(wanted) if wanted else None
    if area is None:
        return False
    return set(find_content_words(wanted)) <= set(find_content_words(area.name))


def _leave_form(turn: Turn) -> list[EventType]:
    """End a form that the search interrupts, which would ask its question again."""
    return [ActiveLoop(None), SlotSet("requested_slot", None)] if turn.requested_slot else []


def _offer_volunteering(
    turn: Turn, strength: str, services: Services, dispatcher: CollectingDispatcher
) -> list[EventType]:
    """Add the strength to the search so far, and show volunteering that asks for it."""
    turn = turn.with_slots({"strength": strength})
    request = read_request(turn, services.search)
    hits = recommend_volunteering(services.search, request)
    is_good = any(hit.is_good for hit in hits)
    opening = "utter_volunteering" if is_good else "utter_volunteering_none"
    recommendation = Recommendation((), hits, volunteering_first=True)
    results = show_recommendation(turn, request, recommendation, services, dispatcher, opening)
    return [SlotSet("strength", strength), *results]


def _read_interest_and_strength(turn: Turn) -> tuple[str | None, str | None]:
    """The interest and the strength in the message that begins a search."""
    words = turn.utterance
    if turn.is_tap:
        interest, strength = turn.entities.get("interest"), turn.entities.get("strength")
        return (None, strength) if turn.intent == "offer_help" else (interest, None)
    if turn.intent != "offer_help" or words.changed_mind:
        if words.offered and not is_request(words.wanted):
            return turn.text, words.offered
        is_wish_alone = bool(turn.refused) or turn.changes_wishes
        return words.wanted or (None if is_wish_alone else turn.text), words.offered or None
    if words.offered and is_request(words.wanted):
        return words.wanted, words.offered
    return None, turn.text


def _extend_interest(interest: str | None, text: str) -> str:
    """`interest` with more words; if it grows too long, the latest words stay."""
    return ". ".join(filter(None, [interest, text.strip()]))[-_MAX_INTEREST_LENGTH:]


def _read_refusals(turn: Turn, known: str, services: Services) -> dict[str, Any]:
    """The slots of everything refused: places for the whole talk, the rest with the `known`."""
    places, others = _sort_refusals(turn, services)
    away_from = list(dict.fromkeys([*(turn.slots.get("away_from") or ()), *places]))
    return {"avoid": ", ".join(filter(None, [known, *others])), "away_from": away_from}


def _sort_refusals(turn: Turn, services: Services) -> tuple[list[str], list[str]]:
    """The places that the message refuses, and the other things."""
    refused = [words for words in turn.refused.split(", ") if words]
    places = [words for words in refused if services.search.find_area(words)]
    return places, [words for words in refused if words not in places]


def _choose_refined_opening(turn: Turn) -> str:
    if turn.utterance.refused and not turn.changes.added:
        return "utter_refined_without"
    if NEAR in turn.changes.added:
        return "utter_refined_near"
    return "utter_refined_free" if FREE in turn.changes.added else "utter_refined"
