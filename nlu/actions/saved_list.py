"""The person's own list of listings, which lasts as long as the conversation."""

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from directory.describe import summarise_listing
from directory.listing import StoredListing
from nlu.actions.adapter import Services
from nlu.understanding.turn import Turn


def save_listing(
    turn: Turn, stored: StoredListing, dispatcher: CollectingDispatcher
) -> list[EventType]:
    """Put the listing on the list."""
    listing_ids = [*(turn.slots.get("kept") or ()), stored.id]
    dispatcher.utter_message(response="utter_list_added", name=stored.listing.name)
    return [SlotSet("kept", list(dict.fromkeys(listing_ids)))]


def show_or_clear_list(
    turn: Turn, services: Services, dispatcher: CollectingDispatcher
) -> list[EventType]:
    """Show the list as one text to copy or print, or clear it."""
    if turn.entities["list"] == "clear":
        dispatcher.utter_message(response="utter_list_cleared")
        return [SlotSet("kept", [])]
    listings = (services.search.get(int(saved)) for saved in turn.slots.get("kept") or ())
    summaries = [summarise_listing(stored) for stored in listings if stored]
    if summaries:
        dispatcher.utter_message(response="utter_list", places="\n".join(summaries))
    else:
        dispatcher.utter_message(response="utter_list_empty")
    return []
