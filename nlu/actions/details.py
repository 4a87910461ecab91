"""Shows one listing in detail, found by a tap, its position or its name."""

from collections.abc import Sequence

from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from directory.listing import StoredListing
from nlu.actions.adapter import Services
from nlu.actions.references import (
    find_referenced_listing,
    read_reference,
    read_results,
    remember_seen,
)
from nlu.actions.results import set_slots, show_listing
from nlu.actions.saved_list import save_listing, show_or_clear_list
from nlu.actions.search import begin_search, refine_search
from nlu.understanding.references import is_tapped_reference
from nlu.understanding.turn import Turn
from nlu.understanding.utterance import asks_question, is_outright_request


def show_details(
    turn: Turn, services: Services, dispatcher: CollectingDispatcher
) -> list[EventType]:
    """Show everything about one listing, save it, or show the saved list."""
    if "list" in turn.entities:
        return show_or_clear_list(turn, services, dispatcher)
    stored = find_referenced_listing(turn, services)
    if stored is None:
        nothing_shown = "listing" not in turn.entities and not turn.slots.get("results")
        asks = is_outright_request(turn.text) or asks_question(turn.text)
        if nothing_shown and not turn.is_tap and (asks or not turn.is_confident):
            # There is no listing to describe, so the message asks for one.
            return begin_search(turn, services, dispatcher)
        if turn.changes_wishes and not read_reference(turn):
            # "I need to get there by bus" is about all of the results.
            return refine_search(turn, services, dispatcher)
        if is_outright_request(turn.text):
            return begin_search(turn, services, dispatcher)
        _ask_which_listing(turn, services, dispatcher)
        return []
    if "keep" in turn.entities:
        return save_listing(turn, stored, dispatcher)
    return show_again([stored], turn, dispatcher)


def show_again(
    listings: Sequence[StoredListing], turn: Turn, dispatcher: CollectingDispatcher
) -> list[EventType]:
    """Show everything about one listing that was seen before, or the cards of several."""
    ids = [stored.id for stored in listings]
    if len(ids) == 1:
        show_listing(dispatcher, ids[0], "details")
        dispatcher.utter_message(response="utter_after_details")
        return set_slots({"looking_at": ids[0], **remember_seen(turn, ids)})
    dispatcher.utter_message(response="utter_shown_again")
    for listing_id in ids:
        show_listing(dispatcher, listing_id, "card")
    dispatcher.utter_message(response="utter_after_details")
    return set_slots({"results": ids, "looking_at": None, **remember_seen(turn, ids)})


def _ask_which_listing(turn: Turn, services: Services, dispatcher: CollectingDispatcher) -> None:
    """Ask which of the results is meant, or say that there is none."""
    if is_tapped_reference(read_reference(turn)):
        dispatcher.utter_message(response="utter_details_gone")
    elif results := read_results(turn, services):
        slot = "keep" if "keep" in turn.entities else "listing"
        buttons = [
            {"title": stored.listing.name, "payload": f"ask_details:{slot}=#{stored.id}"}
            for stored in results
        ]
        dispatcher.utter_message(response="utter_ask_which", buttons=buttons)
    else:
        dispatcher.utter_message(response="utter_nothing_to_refine")
