"""Shows recommended listings, and asks the next question under them.

Sends ids, never a listing's own words: the conversation builds the cards.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from directory.recommend import Recommendation, RecommendationRequest, recommend_listings
from directory.search.query import Hit
from nlu.actions.adapter import Services
from nlu.actions.questions import ask_next_question
from nlu.actions.references import remember_seen
from nlu.actions.requests import read_request
from nlu.understanding.turn import Turn


def search(
    turn: Turn,
    changes: Mapping[str, Any],
    services: Services,
    dispatcher: CollectingDispatcher,
    *,
    opening: str | None = None,
    may_repeat: bool = False,
    in_distress: bool = False,
) -> list[EventType]:
    """Search with the slots of `turn` after these `changes`, and show what is recommended.

    `opening` is the response that introduces good results. Listings that were shown come again only
    if they `may_repeat`. A person `in_distress` is not asked
    what they could give.
    """
    turn = turn.with_slots(changes)
    request = read_request(turn, services.search)
    if may_repeat:
        request = replace(request, shown=frozenset())
    recommendation = recommend_listings(services.search, request)
    results = show_recommendation(
        turn, request, recommendation, services, dispatcher, opening, in_distress=in_distress
    )
    return [*set_slots(changes), *results]


def show_recommendation(
    turn: Turn,
    request: RecommendationRequest,
    recommendation: Recommendation,
    services: Services,
    dispatcher: CollectingDispatcher,
    opening: str | None = None,
    *,
    in_distress: bool = False,
    asks_next: bool = True,
) -> list[EventType]:
    """Show what is recommended, remember what was shown, and ask the next question."""
    if (not recommendation.has_good_hits or recommendation.is_far) and not request.shown:
        services.record_unmet_need(request)
    listing_ids = recommendation.listing_ids
    if not listing_ids:
        dispatcher.utter_message(response="utter_no_more" if request.shown else "utter_found_none")
        return []
    area = request.area.name if request.area else ""
    dispatcher.utter_message(response=_choose_opening(request, recommendation, opening), area=area)
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
    shown = sorted({*(turn.slots.get("shown") or ()), *listing_ids})
    changes = {
        "results": listing_ids,
        "looking_at": None,
        "shown": shown,
        **remember_seen(turn, listing_ids),
    }
    if not asks_next:
        return set_slots(changes)
    question = ask_next_question(turn, services, dispatcher, in_distress=in_distress)
    return [*set_slots(changes), *question]


def show_listing(
    dispatcher: CollectingDispatcher,
    listing_id: int,
    view: Literal["card", "details"],
    reasons: Sequence[str] = (),
) -> None:
    """Send a listing's id and reasons, which `bot.rasa.client` reads as a `ListingReference`."""
    dispatcher.utter_message(
        json_message={
            "type": "listing",
            "id": listing_id,
            "reasons": list(reasons),
            "view": view,
        }
    )


def set_slots(changes: Mapping[str, Any]) -> list[EventType]:
    """The events that set these slots."""
    return [SlotSet(slot, value) for slot, value in changes.items()]


def _choose_opening(
    request: RecommendationRequest, recommendation: Recommendation, opening: str | None
) -> str:
    if not recommendation.has_good_hits and opening != "utter_volunteering_none":
        return "utter_found_loosely"
    if recommendation.is_far:
        return "utter_found_far"
    if opening:
        return opening
    if recommendation.volunteering_first:
        return "utter_volunteering_first"
    return "utter_found_near" if request.area else "utter_found"


def _show_cards(dispatcher: CollectingDispatcher, hits: Sequence[Hit]) -> None:
    for hit in hits:
        show_listing(dispatcher, hit.stored.id, "card", hit.reasons)
