"""Listings as the payloads of cards, and the details of one of them."""

import re
from datetime import date
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from directory.describe import (
    describe_listing,
    find_map_point,
    shorten_description,
    summarise_listing,
)
from directory.listing import StoredListing
from directory.publishing.icalendar_export import has_times
from directory.search.query import Hit
from directory.search.service import SearchService
from nlu.actions.find_form import begin
from nlu.actions.turn import Turn
from nlu.understanding.utterance import asks_outright

_NUMBER = re.compile(r"[0-9]{1,18}")
_ON_DETAILS = (
    "show_more:listing",
    "ask_details:keep",
    "report_listing:listing",
    "give_feedback:listing",
)
# The one last looked at, as a typed command says it.
_THIS = "this"
_ORDINALS = {"1": 0, "2": 1, "3": 2, "4": 3, "last": -1}


def make_card(hit: Hit) -> dict[str, Any]:
    """A search result in short: the whole description is one tap away.

    Where neither time nor place is known, as in many real feeds, it begins here.
    """
    shown = describe_listing(hit.found)
    bare = not (shown["when"] or shown["where"])
    return {
        "type": "listing",
        **shown,
        "reasons": list(hit.reasons),
        "description": shorten_description(hit.found.listing) if bare else "",
        "taps": _taps(hit.found, "ask_details:listing", "ask_details:keep"),
        "asides": _taps(hit.found, "report_listing:listing"),
        **_place(hit.found),
    }


def make_details(stored: StoredListing) -> dict[str, Any]:
    """Everything anyone may see of one listing."""
    return {
        "type": "listing",
        **describe_listing(stored),
        "reasons": [],
        "taps": _taps(stored, *_ON_DETAILS),
        **_place(stored),
    }


def _place(stored: StoredListing) -> dict[str, Any]:
    """Whether a calendar can have it, and where it is on a map."""
    point = find_map_point(stored.listing)
    return {
        "calendar": has_times(stored, date.today()),
        "point": [point.latitude, point.longitude] if point else None,
    }


def _taps(stored: StoredListing, *kinds: str) -> list[str]:
    """What the buttons under a card send; `bot/copy.yml` has their words."""
    return [f"{kind}=#{stored.id}" for kind in kinds]


class ActionShowDetails(Action):
    """Tells all about one listing: the one tapped, counted, or named. Keeps a list of them."""

    def __init__(self, search_service: SearchService) -> None:
        self._search_service = search_service

    def name(self) -> str:
        return "action_show_details"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        entities = Turn.read(tracker).entities
        if "list" in entities:
            return show_list(dispatcher, self._search_service, tracker, entities["list"])
        stored = find_meant(self._search_service, tracker)
        turn = Turn.read(tracker)
        counted = "listing" in turn.entities
        nothing_shown = not (stored or counted or tracker.get_slot("results"))
        if nothing_shown and asks_outright(turn.text):
            # There is nothing to tell more about: it is asked for.
            return [*begin(dispatcher, tracker), FollowupAction("find_form")]
        if stored is None:
            ask_which(dispatcher, self._search_service, tracker)
            return []
        if "keep" in entities:
            return keep(dispatcher, tracker, stored)
        dispatcher.utter_message(json_message=make_details(stored))
        dispatcher.utter_message(response="utter_after_details")
        return [SlotSet("looking_at", stored.id)]


def find_meant(search_service: SearchService, tracker: Tracker) -> StoredListing | None:
    """The listing that the turn is about: tapped, counted, named, or the one last looked at."""
    turn = Turn.read(tracker)
    meant = turn.entities.get("keep") or turn.entities.get("listing", "")
    if meant.startswith("#"):
        number = meant[1:]
        return search_service.get(int(number)) if _NUMBER.fullmatch(number) else None
    looked_at = tracker.get_slot("looking_at")
    known = search_service.get(int(looked_at)) if looked_at is not None else None
    if meant == _THIS and known:
        return known
    chosen = choose(_results(search_service, tracker), meant, "" if turn.tapped else turn.text)
    return known if chosen is None and meant not in _ORDINALS else chosen


def ask_which(
    dispatcher: CollectingDispatcher, search_service: SearchService, tracker: Tracker
) -> None:
    """Ask which of the results is meant; say so where there are none, or none any more."""
    turn = Turn.read(tracker)
    results = _results(search_service, tracker)
    if any(turn.entities.get(slot, "").startswith("#") for slot in ("listing", "keep")):
        dispatcher.utter_message(response="utter_details_gone")
    elif results:
        slot = "keep" if "keep" in turn.entities else "listing"
        buttons = [
            {"title": result.listing.name, "payload": f"ask_details:{slot}=#{result.id}"}
            for result in results
        ]
        dispatcher.utter_message(response="utter_ask_which", buttons=buttons)
    else:
        dispatcher.utter_message(response="utter_nothing_to_refine")


def _results(search_service: SearchService, tracker: Tracker) -> list[StoredListing]:
    ids = tracker.get_slot("results") or ()
    return [stored for one in ids if (stored := search_service.get(int(one)))]


def keep(
    dispatcher: CollectingDispatcher, tracker: Tracker, stored: StoredListing
) -> list[EventType]:
    """Put the listing on the person's list, which lasts as long as the talk."""
    kept = [*(tracker.get_slot("kept") or ()), stored.id]
    dispatcher.utter_message(response="utter_kept", name=stored.listing.name)
    return [SlotSet("kept", list(dict.fromkeys(kept)))]


def show_list(
    dispatcher: CollectingDispatcher, search_service: SearchService, tracker: Tracker, what: str
) -> list[EventType]:
    """Say the list as one text, to copy, print or pass on; or clear it."""
    if what == "clear":
        dispatcher.utter_message(response="utter_list_cleared")
        return [SlotSet("kept", [])]
    kept = [
        summarise_listing(stored)
        for one in tracker.get_slot("kept") or ()
        if (stored := search_service.get(int(one)))
    ]
    if not kept:
        dispatcher.utter_message(response="utter_list_empty")
        return []
    dispatcher.utter_message(response="utter_list", places="\n".join(kept))
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
