"""Notes that residents pass on to the team: a group to add, or what is wrong with a listing.

Must never store a note before the resident has seen and sent it, nor anything about its sender.
"""

import logging

from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from directory.errors import DatabaseError
from directory.notes import MAX_NOTE_LENGTH, Kind
from nlu.actions.adapter import Services
from nlu.actions.listing_questions import answer_listing_questions, is_listing_question
from nlu.actions.references import find_referenced_listing, read_results
from nlu.actions.results import set_slots
from nlu.actions.search import begin_search
from nlu.understanding.notes import (
    agrees_to_send,
    asks_to_change_note,
    describes_fault,
    describes_group,
    join_notes,
    offers_note,
)
from nlu.understanding.turn import MIN_ACT_CONFIDENCE, Turn
from nlu.understanding.utterance import declines_to_answer, is_outright_request, is_request

log = logging.getLogger(__name__)

_MIN_NOTE_WORDS = 2  # in words
_NOTE_SLOTS = ("note_kind", "note_about", "note", "note_sending")
# Any other message is the note itself, once the form asks for it.
_OTHER_INTENTS = {"ask_privacy", "ask_bot", "ask_navigator", "ask_capabilities", "share_feeling"}


def begin_note(turn: Turn, services: Services, dispatcher: CollectingDispatcher) -> list[EventType]:
    """Start a note: a group to add, or what is wrong with one."""
    may_be_request = turn.utterance.changed_mind or not offers_note(turn.text)
    is_report = turn.intent == "report_listing"
    is_unsure = turn.confidence < MIN_ACT_CONFIDENCE
    asks = is_unsure and (not is_report or is_listing_question(turn, services))
    if may_be_request and not turn.is_tap and (asks or is_outright_request(turn.text)):
        events = answer_listing_questions(begin_search)(turn, services, dispatcher)
        # Without the last event, Rasa's rule would ask for a note next.
        return [*events, FollowupAction("action_listen")]
    changes = {**dict.fromkeys(_NOTE_SLOTS), "open_question": None}
    if is_report:
        stored = find_referenced_listing(turn, services)
        name = stored.listing.name if stored else ""
        # Without a listing to choose from, the note itself has to name one.
        may_choose = not stored and bool(read_results(turn, services))
        changes |= {"note_kind": "report", "note_about": None if may_choose else name}
        is_note = describes_fault(turn.text, name)
    else:
        changes |= {"note_kind": "suggestion", "note_about": ""}
        is_note = describes_group(turn.text)
    if turn.is_tap:
        changes["note"] = _read_picked_note(turn)
    elif is_note:
        changes["note"] = turn.typed[:MAX_NOTE_LENGTH]
    return set_slots(changes)


def ask_note_about(
    turn: Turn, services: Services, dispatcher: CollectingDispatcher
) -> list[EventType]:
    """Ask which of the results is wrong."""
    buttons = [
        {"title": stored.listing.name, "payload": f"report_listing:listing=#{stored.id}"}
        for stored in read_results(turn, services)
    ]
    buttons.append({"title": "Not now", "payload": "deny"})
    dispatcher.utter_message(response="utter_ask_which", buttons=buttons)
    return []


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
    if turn.requested_slot == "note_about":
        return set_slots(_read_note_about(turn, services))
    readers = {"note": read_note, "note_sending": read_note_sending}
    read = readers.get(turn.requested_slot or "")
    return set_slots(read(turn) if read else {})


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


def _read_note_about(turn: Turn, services: Services) -> dict[str, str | None]:
    """The slots that an answer to "Which one do you mean?" fills. Other words join the note."""
    if turn.intent == "deny":
        return {"note_about": "", "note": "", "note_sending": "no"}
    if turn.is_tap and turn.intent != "report_listing":
        return {}
    if stored := find_referenced_listing(turn, services):
        return {"note_about": stored.listing.name}
    if declines_to_answer(turn.text):
        return {"note_about": ""}
    if turn.is_tap or _is_other_message(turn) or is_outright_request(turn.text):
        return {}
    note = join_notes(turn.slots.get("note"), turn.typed)
    return {"note_about": "", "note": note[:MAX_NOTE_LENGTH]}


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
    # A longer answer says more.
    note = join_notes(turn.slots.get("note"), turn.typed)
    return {"note": note[:MAX_NOTE_LENGTH], "note_sending": None}


def _read_picked_note(turn: Turn) -> str | None:
    """The note that a button sends; None for the button that changes it."""
    note = turn.entities.get("note")
    return None if note == "change" else note


def _is_other_message(turn: Turn) -> bool:
    """Whether the message is something other than a note."""
    is_other_intent = turn.intent in _OTHER_INTENTS and turn.is_confident
    return is_other_intent or len(turn.text.split()) < _MIN_NOTE_WORDS
