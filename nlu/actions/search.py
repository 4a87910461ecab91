"""Searches the directory with the slots and wishes so far, and shows the recommendations."""

from collections.abc import Sequence
from dataclasses import replace

from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from directory.recommend import (
    Recommendation,
    RecommendationRequest,
    recommend_listings,
    recommend_similar,
)
from directory.search.query import Hit
from nlu.actions.adapter import Services
from nlu.actions.details import find_referenced_listing, show_listing
from nlu.actions.find_form import (
    begin_search_form,
    extend_interest,
    join_refusals,
    list_open_slots,
    search_for_feeling,
)
from nlu.actions.requests import read_request, set_wishes
from nlu.understanding.feelings import recognise_feeling
from nlu.understanding.turn import SKIPPED, Turn
from nlu.understanding.utterance import is_outright_request, is_request
from nlu.understanding.wishes import FREE, NEAR, ONE_SEARCH_WISHES


def find_listings(
    turn: Turn, services: Services, dispatcher: CollectingDispatcher
) -> list[EventType]:
    """Show listings that were not shown yet, after the form is filled or when asked for more."""
    request = read_request(turn, services.search)
    # "Others like this" names a listing by a tap, its position or its name.
    liked = find_referenced_listing(turn, services) if turn.entities.get("listing") else None
    if liked is None:
        return _search(request, services, dispatcher)
    recommendation = recommend_similar(services.search, request, liked)
    request = replace(request, strength=None)
    return _show(request, recommendation, services, dispatcher, "utter_found_like")


def refine_search(
    turn: Turn, services: Services, dispatcher: CollectingDispatcher
) -> list[EventType]:
    """Search again with one more wish, with less of something, or in other words."""
    words, request = turn.utterance, read_request(turn, services.search)
    added = turn.changes.added
    if not request.shown:
        return _keep_wishes_for_first_search(turn, services, dispatcher)
    if turn.is_tap and not added:
        dispatcher.utter_message(response="utter_ask_ease")
        return []
    if NEAR in added and not services.search.list_area_names():
        dispatcher.utter_message(response="utter_places_unknown")
        return []
    interest = request.interest
    if words.changed_mind and words.wanted:
        interest = words.wanted
    elif words.wanted and not turn.changes_wishes:
        interest = extend_interest(interest or request.strength, words.wanted)
    wishes, avoid = turn.merge_wishes(), join_refusals(request.avoid, words.refused)
    events: list[EventType] = [
        SlotSet("wishes", wishes),
        SlotSet("interest", interest or SKIPPED),
        SlotSet("avoid", avoid),
    ]
    if NEAR in added and request.area is None:
        # The form asks for the area and then shows the results.
        skipped = [SlotSet(slot, SKIPPED) for slot in list_open_slots(turn)]
        reset = [SlotSet("area", None), SlotSet("shown", [])]
        return [*skipped, *events, *reset, FollowupAction("find_form")]
    # After a new wish, listings shown before may come back; after a change of mind they must not.
    shown = request.shown if words.changed_mind or words.refused else frozenset()
    request = replace(set_wishes(request, wishes), interest=interest, avoid=avoid, shown=shown)
    return [*events, *_search(request, services, dispatcher, _choose_refined_opening(turn))]


def set_area(turn: Turn, services: Services, dispatcher: CollectingDispatcher) -> list[EventType]:
    """Store where the person is, and search again if there is something to look for."""
    place = turn.read_value("area") or ""
    area = services.search.find_area(place)
    if area is None:
        dispatcher.utter_message(response="utter_area_unknown_try_again")
        return []
    dispatcher.utter_message(response="utter_area_set", area=area.name)
    request, suggested = read_request(turn, services.search), turn.slots.get("heard")
    wishes = turn.merge_wishes()
    events: list[EventType] = [SlotSet("area", place), SlotSet("wishes", wishes)]
    if suggested and request.interest is None:
        return [*events, *search_for_feeling(suggested)]
    if request.interest is None and request.strength is None and not request.shown:
        dispatcher.utter_message(response="utter_ask_interest")
        return events
    request = replace(set_wishes(request, wishes), area=area, shown=frozenset())
    return [*events, *_search(request, services, dispatcher)]


def fall_back(turn: Turn, services: Services, dispatcher: CollectingDispatcher) -> list[EventType]:
    """Search for the words of a message that Rasa did not understand; show only good results."""
    words, known = turn.utterance, read_request(turn, services.search)
    if not words.wanted and (turn.changes_wishes or words.refused):
        return refine_search(turn, services, dispatcher)
    begins_search = recognise_feeling(turn.text) or (words.offered and is_request(words.wanted))
    if begins_search or is_outright_request(turn.text):
        return begin_search_form(turn, services, dispatcher)
    if not words.wanted:
        dispatcher.utter_message(response="utter_nlu_fallback")
        return []
    named_area = services.search.find_area(turn.text)
    wishes = turn.merge_wishes(turn.known_wishes - ONE_SEARCH_WISHES)
    request = RecommendationRequest(
        interest=words.wanted, area=named_area or known.area, avoid=words.refused
    )
    request = set_wishes(request, wishes)
    recommendation = recommend_listings(services.search, request)
    if not recommendation.has_good_hits:
        dispatcher.utter_message(response="utter_nlu_fallback")
        services.record_unmet_need(request, needs_topic=True)
        return []
    results = _show(request, recommendation, services, dispatcher, "utter_guessed")
    return [
        SlotSet("interest", words.wanted),
        SlotSet("wishes", wishes),
        SlotSet("avoid", words.refused),
        *([SlotSet("area", turn.text)] if named_area else []),
        *results,
    ]


def _search(
    request: RecommendationRequest,
    services: Services,
    dispatcher: CollectingDispatcher,
    opening: str | None = None,
) -> list[EventType]:
    recommendation = recommend_listings(services.search, request)
    return _show(request, recommendation, services, dispatcher, opening)


def _show(
    request: RecommendationRequest,
    recommendation: Recommendation,
    services: Services,
    dispatcher: CollectingDispatcher,
    opening: str | None,
) -> list[EventType]:
    """Show what is recommended, and remember what was shown."""
    if (not recommendation.has_good_hits or recommendation.is_far) and not request.shown:
        services.record_unmet_need(request)
    listing_ids = recommendation.listing_ids
    if not listing_ids:
        dispatcher.utter_message(response="utter_no_more" if request.shown else "utter_found_none")
        return []
    dispatcher.utter_message(response=_choose_opening(request, recommendation, opening))
    first, second = recommendation.places, recommendation.volunteering
    heading = "utter_volunteering" if second else "utter_volunteering_none"
    if recommendation.volunteering_first:
        first, second, heading = second, first, "utter_also_enjoy"
    _show_cards(dispatcher, first)
    if second or (request.strength is not None and not recommendation.volunteering_first):
        dispatcher.utter_message(response=heading)
        _show_cards(dispatcher, second)
    if recommendation.has_unknowns:
        dispatcher.utter_message(response="utter_ask_them_first")
    dispatcher.utter_message(response="utter_after_results")
    return [
        SlotSet("results", listing_ids),
        SlotSet("looking_at", None),
        SlotSet("shown", sorted({*request.shown, *listing_ids})),
    ]


def _choose_opening(
    request: RecommendationRequest, recommendation: Recommendation, opening: str | None
) -> str:
    if not recommendation.has_good_hits:
        return "utter_found_loosely"
    if recommendation.is_far:
        return "utter_found_far"
    if opening:
        return opening
    if recommendation.volunteering_first:
        return "utter_volunteering_first"
    return "utter_found_near" if request.area else "utter_found"


def _choose_refined_opening(turn: Turn) -> str:
    if turn.utterance.refused and not turn.changes.added:
        return "utter_refined_without"
    if NEAR in turn.changes.added:
        return "utter_refined_near"
    return "utter_refined_free" if FREE in turn.changes.added else "utter_refined"


def _show_cards(dispatcher: CollectingDispatcher, hits: Sequence[Hit]) -> None:
    for hit in hits:
        show_listing(dispatcher, hit.stored.id, "card", hit.reasons)


def _keep_wishes_for_first_search(
    turn: Turn, services: Services, dispatcher: CollectingDispatcher
) -> list[EventType]:
    """Before anything was shown: search for what is wanted, or keep a bare wish."""
    if turn.utterance.wanted:
        return begin_search_form(turn, services, dispatcher)
    dispatcher.utter_message(response="utter_nothing_to_refine")
    return [SlotSet("wishes", turn.merge_wishes()), SlotSet("avoid", turn.utterance.refused)]
