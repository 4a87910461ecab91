"""Searching the directory with what is known, and showing what was found."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from directory.notes import Notebook
from directory.search.query import Hit
from directory.search.service import SearchService
from nlu.actions.cards import find_meant, make_card
from nlu.actions.find_form import ASKED, add_words, begin
from nlu.actions.matching import Found, Wanted, count_unmet, find, find_like
from nlu.actions.small_talk import follow_up
from nlu.actions.turn import PASSING, SKIPPED, Turn
from nlu.understanding.feelings import recognise
from nlu.understanding.utterance import asks, asks_outright


class _SearchAction(Action):
    """Shared by the actions that search: each only decides what is wanted."""

    def __init__(self, search_service: SearchService, notebook: Notebook) -> None:
        self._search_service = search_service
        self._notebook = notebook

    async def _show(
        self, dispatcher: CollectingDispatcher, wanted: Wanted, opening: str | None = None
    ) -> list[EventType]:
        """Search, say what was found, and remember what was shown."""
        found = await asyncio.to_thread(find, self._search_service, wanted)
        return await self._say(dispatcher, wanted, found, opening)

    async def _say(
        self, dispatcher: CollectingDispatcher, wanted: Wanted, found: Found, opening: str | None
    ) -> list[EventType]:
        if (found.loose or found.far) and not wanted.shown:
            self._count_unmet(wanted)
        if not found.ids:
            dispatcher.utter_message(
                response="utter_no_more" if wanted.shown else "utter_found_none"
            )
            return []
        if found.loose:
            opening = "utter_found_loosely"
        elif found.far:
            opening = "utter_found_far"
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
        if found.silent:
            dispatcher.utter_message(response="utter_ask_them_first")
        dispatcher.utter_message(response="utter_after_results")
        return [
            SlotSet("results", found.ids),
            SlotSet("looking_at", None),
            SlotSet("shown", sorted({*wanted.shown, *found.ids})),
        ]

    def _count_unmet(self, wanted: Wanted) -> None:
        # Beside the answer: an import may hold the database for longer than somebody waits.
        loop = asyncio.get_running_loop()
        loop.run_in_executor(None, count_unmet, self._search_service, self._notebook, wanted)

    async def _refine(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        """The same search again with one more wish, with less of something, or in other words."""
        turn, wanted = Turn.read(tracker), Wanted.read(tracker, self._search_service)
        if not wanted.shown:
            return _begin_with_wishes(dispatcher, turn, tracker)
        if turn.tapped and not turn.wishes:
            dispatcher.utter_message(response="utter_ask_ease")
            return []
        if "near" in turn.wishes and not self._search_service.area_names():
            dispatcher.utter_message(response="utter_places_unknown")
            return []
        wishes = turn.merge_wishes(wanted.wishes)
        interest, opening = wanted.interest, _choose_opening(turn)
        if turn.said.changed and turn.said.wanted:
            interest = turn.said.wanted
        elif turn.said.wanted and not turn.wishes and not turn.dropped:
            interest = add_words(interest or wanted.strength, turn.said.wanted)
        avoid = ", ".join(filter(None, [wanted.avoid, turn.said.refused]))
        events: list[EventType] = [
            SlotSet("wishes", wishes),
            SlotSet("interest", interest or SKIPPED),
            SlotSet("avoid", avoid),
        ]
        # A new wish may well bring back what was shown before; a change of mind must not.
        shown = wanted.shown if turn.said.changed or turn.said.refused else frozenset()
        if "near" in turn.wishes and wanted.area is None:
            # The form asks for what is missing, and shows what is found then.
            filled = [SlotSet(slot, SKIPPED) for slot in ASKED if tracker.get_slot(slot) is None]
            unset = [SlotSet("area", None), SlotSet("shown", [])]
            return [*filled, *events, *unset, FollowupAction("find_form")]
        wanted = replace(
            wanted, wishes=frozenset(wishes), interest=interest, avoid=avoid, shown=shown
        )
        return [*events, *await self._show(dispatcher, wanted, opening)]


def _show_cards(dispatcher: CollectingDispatcher, hits: Sequence[Hit]) -> None:
    for hit in hits:
        dispatcher.utter_message(json_message=make_card(hit))


def _choose_opening(turn: Turn) -> str:
    if turn.said.refused and not turn.wishes:
        return "utter_refined_without"
    if "near" in turn.wishes:
        return "utter_refined_near"
    return "utter_refined_free" if "free" in turn.wishes else "utter_refined"


def _begin_with_wishes(
    dispatcher: CollectingDispatcher, turn: Turn, tracker: Tracker
) -> list[EventType]:
    """Before anything was found: what is wanted is looked for, and a bare wish is kept."""
    if turn.said.wanted:
        return [*begin(dispatcher, tracker), FollowupAction("find_form")]
    dispatcher.utter_message(response="utter_nothing_to_refine")
    wishes = turn.merge_wishes(tracker.get_slot("wishes") or ())
    return [SlotSet("wishes", wishes), SlotSet("avoid", turn.said.refused)]


class ActionFindListings(_SearchAction):
    """What the search finds and was not shown yet: once the form is done, or for more."""

    def name(self) -> str:
        return "action_find_listings"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        wanted = Wanted.read(tracker, self._search_service)
        # "Others like this": like the one tapped or counted, else as before.
        liked = None
        if Turn.read(tracker).entities.get("listing"):
            liked = find_meant(self._search_service, tracker)
        if liked is None:
            return await self._show(dispatcher, wanted)
        found = await asyncio.to_thread(find_like, self._search_service, wanted, liked)
        wanted = replace(wanted, strength=None)
        return await self._say(dispatcher, wanted, found, "utter_found_like")


class ActionRefineSearch(_SearchAction):
    """Hears one more wish, or one less."""

    def name(self) -> str:
        return "action_refine_search"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        return await self._refine(dispatcher, tracker)


class ActionSetArea(_SearchAction):
    """Hears where the person is, and looks again if there is something to look for."""

    def name(self) -> str:
        return "action_set_area"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        turn = Turn.read(tracker)
        named = turn.own_words("area") or ""
        area = self._search_service.find_area(named)
        if area is None:
            dispatcher.utter_message(response="utter_area_not_known")
            return []
        dispatcher.utter_message(response="utter_area_set", area=area.name)
        wanted, heard = Wanted.read(tracker, self._search_service), tracker.get_slot("heard")
        wishes = turn.merge_wishes(wanted.wishes)
        events: list[EventType] = [SlotSet("area", named), SlotSet("wishes", wishes)]
        if heard and wanted.interest is None:
            return [*events, *follow_up(heard)]
        if wanted.interest is None and wanted.strength is None and not wanted.shown:
            dispatcher.utter_message(response="utter_ask_interest")
            return events
        wanted = replace(wanted, area=area, wishes=frozenset(wishes), shown=frozenset())
        return [*events, *await self._show(dispatcher, wanted)]


class ActionFallBack(_SearchAction):
    """Not understood: searches for the words if they find something, else says so."""

    def name(self) -> str:
        return "action_fall_back"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        turn, known = Turn.read(tracker), Wanted.read(tracker, self._search_service)
        if not turn.said.wanted and (turn.wishes or turn.dropped or turn.said.refused):
            return await self._refine(dispatcher, tracker)
        told_more = recognise(turn.text) or (turn.said.given and asks(turn.said.wanted))
        if told_more or asks_outright(turn.text):
            return [*begin(dispatcher, tracker), FollowupAction("find_form")]
        found = None
        if turn.said.wanted:
            named = self._search_service.find_area(turn.text)
            wanted = Wanted(
                interest=turn.said.wanted,
                area=named or known.area,
                wishes=frozenset(turn.merge_wishes(known.wishes - PASSING)),
                avoid=turn.said.refused,
            )
            found = await asyncio.to_thread(find, self._search_service, wanted)
        if found is None or found.loose:
            dispatcher.utter_message(response="utter_nlu_fallback")
            # What names no topic may be no request at all.
            if found is not None and self._search_service.name_need(wanted.interest or ""):
                self._count_unmet(wanted)
            return []
        shown = await self._say(dispatcher, wanted, found, "utter_guessed")
        return [
            SlotSet("interest", wanted.interest),
            SlotSet("wishes", sorted(wanted.wishes)),
            SlotSet("avoid", wanted.avoid),
            *([SlotSet("area", turn.text)] if named else []),
            *shown,
        ]
