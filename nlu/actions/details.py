"""Shows one listing in detail, found by a tap, its position or its name.

Sends ids, never a listing's own words: the conversation builds the card.
"""

from collections.abc import Sequence
from typing import Literal

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from directory.listing import StoredListing
from nlu.actions.adapter import Services
from nlu.actions.find_form import begin_search_form
from nlu.actions.saved_list import save_listing, show_or_clear_list
from nlu.understanding.references import (
    ORDINALS,
    THIS,
    choose_name,
    is_tapped_reference,
    read_listing_id,
)
from nlu.understanding.turn import Turn
from nlu.understanding.utterance import is_outright_request


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


def show_details(
    turn: Turn, services: Services, dispatcher: CollectingDispatcher
) -> list[EventType]:
    """Show everything about one listing, save it, or show the saved list."""
    if "list" in turn.entities:
        return show_or_clear_list(turn, services, dispatcher)
    stored = find_referenced_listing(turn, services)
    if stored is None:
        nothing_shown = "listing" not in turn.entities and not turn.slots.get("results")
        if nothing_shown and is_outright_request(turn.text):
            # There is no listing to describe, so the message asks for one.
            return begin_search_form(turn, services, dispatcher)
        _ask_which_listing(turn, services, dispatcher)
        return []
    if "keep" in turn.entities:
        return save_listing(turn, stored, dispatcher)
    show_listing(dispatcher, stored.id, "details")
    dispatcher.utter_message(response="utter_after_details")
    return [SlotSet("looking_at", stored.id)]


def find_referenced_listing(turn: Turn, services: Services) -> StoredListing | None:
    """The listing that a tap, a position or a name refers to, or else the one last looked at."""
    reference = _read_reference(turn)
    if is_tapped_reference(reference):
        listing_id = read_listing_id(reference)
        return None if listing_id is None else services.search.get(listing_id)
    looked_at = turn.slots.get("looking_at")
    last = services.search.get(int(looked_at)) if looked_at is not None else None
    if reference == THIS and last:
        return last
    results = _read_results(turn, services)
    names = [stored.listing.name for stored in results]
    index = choose_name(names, reference, "" if turn.is_tap else turn.text)
    if index is not None:
        return results[index]
    return None if reference in ORDINALS else last


def _ask_which_listing(turn: Turn, services: Services, dispatcher: CollectingDispatcher) -> None:
    """Ask which of the results is meant, or say that there is none."""
    if is_tapped_reference(_read_reference(turn)):
        dispatcher.utter_message(response="utter_details_gone")
    elif results := _read_results(turn, services):
        slot = "keep" if "keep" in turn.entities else "listing"
        buttons = [
            {"title": stored.listing.name, "payload": f"ask_details:{slot}=#{stored.id}"}
            for stored in results
        ]
        dispatcher.utter_message(response="utter_ask_which", buttons=buttons)
    else:
        dispatcher.utter_message(response="utter_nothing_to_refine")


def _read_reference(turn: Turn) -> str:
    return turn.entities.get("keep") or turn.entities.get("listing", "")


def _read_results(turn: Turn, services: Services) -> list[StoredListing]:
    """The listings last shown, without any that the directory has dropped since."""
    listing_ids = turn.slots.get("results") or ()
    listings = (services.search.get(int(listing_id)) for listing_id in listing_ids)
    return [stored for stored in listings if stored]
