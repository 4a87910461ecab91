"""Notes that residents pass on to the team: a group to add, or what is wrong with a listing.

Must never store a note before the resident has seen and sent it, nor anything about its sender.
"""

import logging

from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from directory.errors import DatabaseError
from directory.notes import MAX_NOTE_LENGTH, Kind
from nlu.actions.adapter import Services
from nlu.actions.references import find_referenced_listing
from nlu.actions.search import begin_search
from nlu.understanding.notes import (
    agrees_to_send,
    asks_to_change_note,
    describes_fault,
    describes_group,
    offers_note,
)
from nlu.understanding.turn import Turn
from nlu.understanding.utterance import declines_to_answer, is_outright_request, is_request

log = logging.getLogger(__name__)

_MIN_NOTE_WORDS = 2  # in words
_NOTE_SLOTS = ("note", "note_kind", "note_about", "note_sending")
# Any other message is the note itself, once the form asks for it.
_OTHER_INTENTS = {"ask_privacy", "ask_bot", "ask_navigator", "ask_capabilities", "share_feeling"}


def begin_note(turn: Turn, services: Services, dispatcher: CollectingDispatcher) -> list[EventType]:
    """Start a note: a group to add, or what is wrong with one."""
    may_be_request = turn.utterance.changed_mind or not offers_note(turn.text)
    if may_be_request and is_outright_request(turn.text):
        # Without the last event, Rasa's rule would ask for a note next.
        return [*begin_search(turn, services, dispatcher), FollowupAction("action_listen")]
    is_report = turn.intent == "report_listing"
    stored = find_referenced_listing(turn, services) if is_report else None
    is_note = describes_fault if is_report else describes_group
    if not turn.is_tap and is_note(turn.text):
        note: str | None = turn.typed[:MAX_NOTE_LENGTH]
    else:
        note = _read_picked_note(turn)
    return [
        SlotSet("open_question", None),
        SlotSet("note_kind", "report" if is_report else "suggestion"),
        SlotSet("note_about", stored.listing.name if stored else ""),
        SlotSet("note", note),
        SlotSet("note_sending", None),
    ]


def ask_note(turn: Turn, services: Services, dispatcher: CollectingDispatcher) -> list[EventType]:
    """Ask for the note; for a report, with the usual faults as buttons."""
    if turn.slots.get("note_kind") == "report":
        about = turn.slots.get("note_about")
        response = "utter_ask_what_is_wrong" if about else "utter_ask_which_is_wrong"
        dispatcher.utter_message(response=response, about=about)
    else:
        dispatcher.utter_message(response="utter_ask_suggestion")
    return []


def ask_note_sending(
    turn: Turn, services: Services, dispatcher: CollectingDispatcher
) -> list[EventType]:
    """Show the note as it would be stored, and ask whether to send it."""
    parts = (turn.slots.get("note_about"), f"“{turn.slots.get('note')}”")
    dispatcher.utter_message(response="utter_show_note", note=": ".join(filter(None, parts)))
    return []


def validate_note_form(
    turn: Turn, services: Services, dispatcher: CollectingDispatcher
) -> list[EventType]:
    """Fill slots from an answer. With no slot set, Rasa hands the turn to the rules."""
    readers = {"note": read_note, "note_sending": read_note_sending}
    read = readers.get(turn.requested_slot or "")
    return [SlotSet(slot, value) for slot, value in (read(turn) if read else {}).items()]


def pass_on_note(
    turn: Turn, services: Services, dispatcher: CollectingDispatcher
) -> list[EventType]:
    """Store the note if it was sent, or drop it."""
    response = "utter_note_dropped"
    if turn.slots.get("note_sending") == "yes":
        kind: Kind = "report" if turn.slots.get("note_kind") == "report" else "suggestion"
        text, about = str(turn.slots.get("note")), turn.slots.get("note_about") or ""
        try:
            services.notebook.add_note(kind, text, about)
            response = "utter_note_sent"
        except (DatabaseError, ValueError) as error:
            # The type alone, because the error's own text may quote the note.
            log.error("%s", type(error).__name__)
            response = "utter_note_failed"
    dispatcher.utter_message(response=response)
    return [SlotSet(slot, None) for slot in _NOTE_SLOTS]


def read_note(turn: Turn) -> dict[str, str | None]:
    """The slots that an answer to "What is the note?" fills."""
    if turn.intent == "deny" or declines_to_answer(turn.text):
        return {"note": "", "note_sending": "no"}
    if turn.is_tap:
        return {"note": _read_picked_note(turn)} if "note" in turn.entities else {}
    if _is_other_message(turn) or is_outright_request(turn.text):
        return {}
    return {"note": turn.typed[:MAX_NOTE_LENGTH]}


def read_note_sending(turn: Turn) -> dict[str, str | None]:
    """The slots that an answer to "Shall I send it?" fills."""
    if turn.entities.get("note") == "change":
        return {"note": None}
    if turn.intent == "affirm" or (not turn.is_tap and agrees_to_send(turn.text)):
        return {"note_sending": "yes"}
    if turn.intent == "deny":
        return {"note_sending": "no"}
    if asks_to_change_note(turn.text):
        return {"note": None}
    if turn.is_tap or _is_other_message(turn) or is_request(turn.text):
        return {}
    # A longer answer is the new note.
    return {"note": turn.typed[:MAX_NOTE_LENGTH], "note_sending": None}


def _read_picked_note(turn: Turn) -> str | None:
    """The note that a button sends; None for the button that changes it."""
    note = turn.entities.get("note")
    return None if note == "change" else note


def _is_other_message(turn: Turn) -> bool:
    """Whether the message is something other than a note."""
    is_other_intent = turn.intent in _OTHER_INTENTS and turn.is_confident
    return is_other_intent or len(turn.text.split()) < _MIN_NOTE_WORDS
