"""The actions that Rasa calls back: each reads the turn, calls one service and answers.

They run in the project's own process. Must never see a check-in or log a slot.
"""

from rasa_sdk import Action

from nlu.actions import (
    details,
    feedback,
    notes,
    privacy,
    search,
    small_talk,
)
from nlu.actions.adapter import ActionFunction, FunctionAction, Services
from nlu.actions.listing_questions import answer_listing_questions
from nlu.actions.questions import read_answer_first

__all__ = ["ACTIONS", "Services", "make_actions"]

# Run for an intent, so that the message may answer the open question instead.
_BY_INTENT: dict[str, ActionFunction] = {
    "action_answer_aside": small_talk.answer_small_talk,
    "action_hear_feeling": small_talk.acknowledge_feeling,
    "action_show_team": small_talk.show_team,
    "action_stop": small_talk.stop,
    "action_start_check_in": small_talk.start_check_in,
    "action_forget": privacy.forget,
    "action_begin_search": search.begin_search,
    "action_refine_search": search.refine_search,
    "action_set_area": search.set_area,
    "action_find_listings": search.find_listings,
    "action_fall_back": search.fall_back,
    "action_show_details": details.show_details,
}

ACTIONS: dict[str, ActionFunction] = {
    **{
        name: read_answer_first(answer_listing_questions(function), search.search_with_answer)
        for name, function in _BY_INTENT.items()
    },
    "action_begin_note": notes.begin_note,
    "action_ask_note_about": notes.ask_note_about,
    "action_ask_note": notes.ask_note,
    "action_ask_note_sending": notes.ask_note_sending,
    "validate_note_form": notes.validate_note_form,
    "action_pass_on_note": notes.pass_on_note,
    "action_take_feedback": answer_listing_questions(feedback.take_feedback),
    "validate_feedback_form": feedback.validate_feedback_form,
}
"""Every action that the domain names."""


def make_actions(services: Services) -> list[Action]:
    """The actions, ready for Rasa's executor."""
    return [FunctionAction(name, function, services) for name, function in ACTIONS.items()]
