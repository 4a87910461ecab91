"""Listings as the payloads of cards, and the details of one of them."""

import re
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from directory.catalogue import Catalogue
from directory.listings import StoredListing
from directory.search import Hit
from directory.showing import show_listing
from directory.wording import describe_opening
from nlu.actions.turn import Turn

_NUMBER = re.compile(r"[0-9]{1,18}")
_ORDINALS = {"1": 0, "2": 1, "3": 2, "4": 3, "last": -1}


def make_card(hit: Hit) -> dict[str, Any]:
    """A search result in short: the whole description is one tap away.

    Where neither time nor place is known, as in many real feeds, it begins here.
    """
    shown = show_listing(hit.found)
    bare = not (shown["when"] or shown["where"])
    return {
        "type": "listing",
        **shown,
        "reasons": list(hit.reasons),
        "description": describe_opening(hit.found.listing) if bare else "",
        "options": [
            {"label": "Tell me more", "tap": f"ask_details:listing=#{hit.found.id}"},
        ],
    }


def make_details(stored: StoredListing) -> dict[str, Any]:
    """Everything anyone may see of one listing."""
    return {"type": "listing", **show_listing(stored), "reasons": [], "options": []}


class ActionShowDetails(Action):
    """Tells all about one listing: the one tapped, counted, or named."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def name(self) -> str:
        return "action_show_details"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        turn = Turn.read(tracker)
        results = [
            stored
            for listing_id in tracker.get_slot("results") or ()
            if (stored := self._catalogue.get(int(listing_id)))
        ]
        meant = turn.entities.get("listing", "")
        if meant.startswith("#"):
            number = meant[1:]
            stored = self._catalogue.get(int(number)) if _NUMBER.fullmatch(number) else None
            if stored is None:
                dispatcher.utter_message(response="utter_details_gone")
                return []
        else:
            stored = choose(results, meant, turn.text)
        if stored is not None:
            dispatcher.utter_message(json_message=make_details(stored))
            dispatcher.utter_message(response="utter_after_results")
        elif results:
            buttons = [
                {
                    "title": result.listing.name,
                    "payload": f"ask_details:listing=#{result.id}",
                }
                for result in results
            ]
            dispatcher.utter_message(response="utter_ask_which", buttons=buttons)
        else:
            dispatcher.utter_message(response="utter_nothing_to_refine")
        return []


def choose(results: list[StoredListing], meant: str, text: str) -> StoredListing | None:
    """The result that was counted ("2", "last") or whose name `text` uses; None if unsure."""
    if meant in _ORDINALS:
        place = _ORDINALS[meant]
        return results[place] if -len(results) <= place < len(results) else None
    if len(results) == 1:
        return results[0]
    words = set(re.findall(r"\w{3,}", text.casefold()))
    shared = [
        (len(words & set(re.findall(r"\w{3,}", stored.listing.name.casefold()))), stored)
        for stored in results
    ]
    best = max((count for count, _ in shared), default=0)
    named = [stored for count, stored in shared if count == best and best > 0]
    return named[0] if len(named) == 1 else None
