"""Searching the directory with what is known, and showing what was found."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from directory.catalogue import Catalogue
from directory.search import Hit
from nlu.actions.asking import add_words, ask_where, merge_wishes
from nlu.actions.matching import Found, Wanted, find
from nlu.actions.showing import make_card
from nlu.actions.turn import SKIPPED, Turn


class _SearchAction(Action):
    """Shared by the actions that search: each only decides what is wanted."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    async def _show(
        self, dispatcher: CollectingDispatcher, wanted: Wanted, opening: str | None = None
    ) -> list[EventType]:
        """Search, say what was found, and remember what was shown."""
        found = await self._find(wanted)
        return self._say(dispatcher, wanted, found, opening)

    async def _find(self, wanted: Wanted) -> Found:
        return await asyncio.to_thread(find, self._catalogue, wanted)

    def _say(
        self, dispatcher: CollectingDispatcher, wanted: Wanted, found: Found, opening: str | None
    ) -> list[EventType]:
        if not found.ids:
            dispatcher.utter_message(
                response="utter_no_more" if wanted.shown else "utter_found_none"
            )
            return []
        if found.loose:
            opening = "utter_found_loosely"
        elif found.gives_first:
            opening = opening or "utter_needed_first"
        elif opening is None:
            opening = "utter_found_near" if wanted.area else "utter_found"
        dispatcher.utter_message(response=opening)
        first, second = found.places, found.needed
        heading = "utter_needed" if found.needed else "utter_needed_none"
        if found.gives_first:
            first, second, heading = found.needed, found.places, "utter_enjoy"
        _show_cards(dispatcher, first)
        if second or (wanted.strength is not None and not found.gives_first):
            dispatcher.utter_message(response=heading)
            _show_cards(dispatcher, second)
        dispatcher.utter_message(response="utter_after_results")
        return [
            SlotSet("results", found.ids),
            SlotSet("shown", sorted({*wanted.shown, *found.ids})),
        ]


def _show_cards(dispatcher: CollectingDispatcher, hits: Sequence[Hit]) -> None:
    for hit in hits:
        dispatcher.utter_message(json_message=make_card(hit))


class ActionFindListings(_SearchAction):
    """What the search finds and was not shown yet: once the form is done, or for more."""

    def name(self) -> str:
        return "action_find_listings"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        return await self._show(dispatcher, Wanted.read(tracker, self._catalogue))


class ActionRefineSearch(_SearchAction):
    """The same search again with one more wish: free, nearer, or in the person's words."""

    def name(self) -> str:
        return "action_refine_search"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        turn, wanted = Turn.read(tracker), Wanted.read(tracker, self._catalogue)
        if not wanted.shown:
            dispatcher.utter_message(response="utter_nothing_to_refine")
            return []
        if "near" in turn.wishes and not self._catalogue.area_names():
            dispatcher.utter_message(response="utter_places_unknown")
            return []
        wishes = merge_wishes(tracker, turn)
        opening = "utter_refined"
        if turn.wishes:
            opening = "utter_refined_near" if "near" in turn.wishes else "utter_refined_free"
        interest = wanted.interest
        if not turn.wishes and not turn.tapped:
            interest = add_words(interest or wanted.strength, turn.text)
        events: list[EventType] = [
            SlotSet("wishes", wishes),
            SlotSet("interest", interest or SKIPPED),
        ]
        if "near" in wishes and wanted.area is None:
            ask_where(dispatcher, self._catalogue)
            return events
        # A new wish may well bring back what was shown before.
        wanted = replace(wanted, wishes=frozenset(wishes), interest=interest, shown=frozenset())
        return [*events, *await self._show(dispatcher, wanted, opening)]


class ActionSetArea(_SearchAction):
    """Hears where the person is, and looks again if there is something to look for."""

    def name(self) -> str:
        return "action_set_area"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        turn = Turn.read(tracker)
        named = turn.own_words("area") or ""
        area = self._catalogue.find_area(named)
        if area is None:
            dispatcher.utter_message(response="utter_area_unknown")
            return []
        dispatcher.utter_message(response="utter_area_set", area=area.name)
        wanted = Wanted.read(tracker, self._catalogue)
        events: list[EventType] = [SlotSet("area", named)]
        if wanted.interest is None and wanted.strength is None and not wanted.shown:
            dispatcher.utter_message(response="utter_ask_interest")
            return events
        wanted = replace(wanted, area=area, shown=frozenset())
        return [*events, *await self._show(dispatcher, wanted)]


class ActionFallBack(_SearchAction):
    """Not understood: searches for the words if they find something, else says so."""

    def name(self) -> str:
        return "action_fall_back"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        words = Turn.read(tracker).own_words("interest")
        wanted = replace(
            Wanted.read(tracker, self._catalogue),
            interest=words,
            strength=None,
            shown=frozenset(),
            wishes=frozenset(),
        )
        found = await self._find(wanted) if words else None
        if found is None or found.loose:
            dispatcher.utter_message(response="utter_nlu_fallback")
            return []
        shown = self._say(dispatcher, wanted, found, "utter_guessed")
        return [SlotSet("interest", words), *shown]
