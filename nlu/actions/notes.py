"""Telling the team: who they are, notes that residents pass on to them, and what was useful.

Must never keep a note that was not shown back and sent, nor anything of who sent it.
"""

import asyncio
import logging
import re
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from directory.errors import DatabaseError
from directory.notes import MAX_NOTE_LENGTH, Kind, Notebook, Useful
from directory.search.service import SearchService
from directory.team import Team
from nlu.actions.cards import find_meant
from nlu.actions.find_form import ASKED, begin
from nlu.actions.turn import Turn
from nlu.understanding.utterance import asks, asks_outright, gives_nothing

log = logging.getLogger(__name__)

# What makes a message a note by itself, rather than the wish to leave one.
_TELLS_FAULT = re.compile(
    r"\b(?:closed|shut|moved|finished|ended|gone|stopped|cancell?ed|folded|changed|no longer|"
    r"wrong (?:number|time|day|date|address|place|phone|price|link|website)|out of date|"
    r"(?:does|is|do|are|has|was)(?: not|n['’]?t)|nobody|no one|never|not (?:on|there|running))\b",
    re.I,
)
_TELLS_GROUP = re.compile(
    r"\bcalled\b|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|\b(?:at|in) the \w+|\d", re.I
)
_OFFERS_NOTE = re.compile(r"\b(?:add|suggest\w*|list\w*|report\w*|tell you|wrong|mistake)\b", re.I)
_FEWEST_WORDS = 2
_NOTE_SLOTS = ("note", "note_kind", "note_about", "note_sending")

# Anything else that is typed when a note is asked for is the note.
_NO_NOTE = {"ask_privacy", "ask_bot", "ask_navigator", "ask_capabilities", "share_feeling"}
_CHANGE = re.compile(
    r"\W*(?:no\W+)?(?:can i |let me )?(?:change|edit)(?: (?:it|that|this))?\W*", re.I
)
_SEND = re.compile(
    r"(?:yes|yep|yeah|aye|ok(?:ay)?|sure|please|send(?: it)?)(?:[ ,]+(?:please|send(?: it)?))*",
    re.I,
)
# The first that matches: "not bad" is no "bad", and "not good" no "good".
_USEFUL: tuple[tuple[re.Pattern[str], Useful], ...] = (
    (
        re.compile(
            r"\b(?:in between|sort of|kind of|kinda|a bit|so so|partly|some of it|not bad)\b", re.I
        ),
        "in between",
    ),
    (re.compile(r"\bno (?:problems?|complaints?|bother)\b", re.I), "yes"),
    (
        re.compile(
            r"\b(?:(?:could|would|did|do|does|was|is|has|ca)n['’]?t|cannot|not|nothing|none|hardly|"
            r"barely|no|nope|nah|never|useless|rubbish|waste|bad|terrible|crap|awful|pointless|"
            r"hopeless|unhelpful)\b",
            re.I,
        ),
        "no",
    ),
    (
        re.compile(
            r"\b(?:yes|yep|yeah|aye|helpful|useful|great|good|brilliant|lovely|perfect|helped|"
            r"worked|fab|ace|amazing|nice|spot on|excellent|handy|champion|loved|enjoyed|grand)\b",
            re.I,
        ),
        "yes",
    ),
)


def introduce(team: Team) -> tuple[str, dict[str, str]]:
    """The response that tells of the team, and what fills its blanks."""
    if not (team.phone or team.email):
        return "utter_ask_navigator", {}
    contact = "\n".join(filter(None, (team.phone, team.email, team.hours)))
    return "utter_navigators", {"team": team.name, "contact": contact}


class ActionShowTeam(Action):
    """Tells how to reach a person. Keeps nothing."""

    def __init__(self, team: Team) -> None:
        self._team = team

    def name(self) -> str:
        return "action_show_team"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        response, values = introduce(self._team)
        dispatcher.utter_message(response=response, **values)
        return []


class ActionBeginNote(Action):
    """Starts a note: a group to add, or what is wrong with one."""

    def __init__(self, search_service: SearchService) -> None:
        self._search_service = search_service

    def name(self) -> str:
        return "action_begin_note"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        turn = Turn.read(tracker)
        looks = turn.said.changed or not _OFFERS_NOTE.search(turn.text)
        if looks and asks_outright(turn.text):
            return [*begin(dispatcher, tracker), FollowupAction("find_form")]
        report = turn.intent == "report_listing"
        stored = find_meant(self._search_service, tracker) if report else None
        picked = turn.entities.get("note")
        told = not turn.tapped and (_TELLS_FAULT if report else _TELLS_GROUP).search(turn.text)
        note = picked if picked != "change" else None
        return [
            SlotSet("note_kind", "report" if report else "suggestion"),
            SlotSet("note_about", stored.listing.name if stored else ""),
            SlotSet("note", turn.text[:MAX_NOTE_LENGTH] if told else note),
            SlotSet("note_sending", None),
        ]


class ActionAskNote(Action):
    """Asks for the note's words; for a report with the usual faults to pick from."""

    def name(self) -> str:
        return "action_ask_note"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        if tracker.get_slot("note_kind") == "report":
            about = tracker.get_slot("note_about")
            response = "utter_ask_what_is_wrong" if about else "utter_ask_which_is_wrong"
            dispatcher.utter_message(response=response, about=about)
        else:
            dispatcher.utter_message(response="utter_ask_suggestion")
        return []


class ActionAskNoteSending(Action):
    """Shows the note as it would be kept, and asks whether to send it."""

    def name(self) -> str:
        return "action_ask_note_sending"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        parts = (tracker.get_slot("note_about"), f"“{tracker.get_slot('note')}”")
        dispatcher.utter_message(response="utter_show_note", note=": ".join(filter(None, parts)))
        return []


class ValidateNoteForm(Action):
    """Reads the note, and whether it may be sent. Setting no slot hands the turn to the rules."""

    def name(self) -> str:
        return "validate_note_form"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        turn = Turn.read(tracker)
        told = {"note": _read_note, "note_sending": _read_sending}.get(turn.asked_for or "")
        return [SlotSet(slot, value) for slot, value in (told(turn) if told else {}).items()]


def _read_note(turn: Turn) -> dict[str, str | None]:
    if turn.intent == "deny" or gives_nothing(turn.text):
        return {"note": "", "note_sending": "no"}
    if turn.tapped:
        picked = turn.entities.get("note")
        return {} if picked is None else {"note": None if picked == "change" else picked}
    aside = turn.intent in _NO_NOTE and turn.sure
    if aside or asks_outright(turn.text) or len(turn.text.split()) < _FEWEST_WORDS:
        return {}
    return {"note": turn.text[:MAX_NOTE_LENGTH]}


def _read_sending(turn: Turn) -> dict[str, str | None]:
    if turn.entities.get("note") == "change":
        return {"note": None}
    if turn.intent == "affirm" or (not turn.tapped and _SEND.fullmatch(turn.text.strip(" .,!"))):
        return {"note_sending": "yes"}
    if turn.intent == "deny":
        return {"note_sending": "no"}
    if _CHANGE.fullmatch(turn.text):
        return {"note": None}
    aside = turn.intent in _NO_NOTE and turn.sure
    if turn.tapped or aside or asks(turn.text) or len(turn.text.split()) < _FEWEST_WORDS:
        return {}
    # More was said of it: that is the note now.
    return {"note": turn.text[:MAX_NOTE_LENGTH], "note_sending": None}


class ActionPassOnNote(Action):
    """Keeps the note that was sent, or drops it; then comes back to what was going on."""

    def __init__(self, notebook: Notebook) -> None:
        self._notebook = notebook

    def name(self) -> str:
        return "action_pass_on_note"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        response = "utter_note_dropped"
        if tracker.get_slot("note_sending") == "yes":
            kind: Kind = "report" if tracker.get_slot("note_kind") == "report" else "suggestion"
            text, about = str(tracker.get_slot("note")), tracker.get_slot("note_about") or ""
            try:
                await asyncio.to_thread(self._notebook.add_note, kind, text, about)
                response = "utter_note_sent"
            except (DatabaseError, ValueError) as error:
                log.error("%s", type(error).__name__)
                response = "utter_note_failed"
        dispatcher.utter_message(response=response)
        return [*(SlotSet(slot, None) for slot in _NOTE_SLOTS), *come_back(tracker)]


class ActionTakeFeedback(Action):
    """Counts a yes, a no or an in-between for this week; asks where none was said."""

    def __init__(self, notebook: Notebook) -> None:
        self._notebook = notebook

    def name(self) -> str:
        return "action_take_feedback"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        useful = tracker.get_slot("useful") or read_useful(Turn.read(tracker))
        if useful is None:
            return [FollowupAction("feedback_form")]
        response = "utter_feedback_no" if useful == "no" else "utter_feedback"
        try:
            await asyncio.to_thread(self._notebook.add_feedback, useful)
        except (DatabaseError, ValueError) as error:
            log.error("%s", type(error).__name__)
            response = "utter_feedback_failed"
        dispatcher.utter_message(response=response)
        return [SlotSet("useful", None), *come_back(tracker)]


class ValidateFeedbackForm(Action):
    """Reads a yes, a no or an in-between. Setting no slot hands the turn to the rules."""

    def name(self) -> str:
        return "validate_feedback_form"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        turn = Turn.read(tracker)
        useful = read_useful(turn) if turn.asked_for else None
        return [SlotSet("useful", useful)] if useful else []


def read_useful(turn: Turn) -> Useful | None:
    """What the turn says of it, if it says so plainly."""
    if turn.tapped:
        picked = {"yes": "yes", "no": "no", "between": "in between"}
        by_intent = {"affirm": "yes", "deny": "no"}.get(turn.intent)
        return picked.get(turn.entities.get("answer", ""), by_intent)  # type: ignore[return-value]
    for pattern, useful in _USEFUL:
        if pattern.search(turn.text):
            return useful
    return None


def come_back(tracker: Tracker) -> list[EventType]:
    """Ask the search's next question again, if one was still open."""
    begun = tracker.get_slot("interest") is not None and not tracker.get_slot("results")
    unasked = any(tracker.get_slot(slot) is None for slot in ASKED)
    return [FollowupAction("find_form")] if begun and unasked else []
