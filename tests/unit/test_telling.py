"""What a person says of the chat's use, and how a note is sent."""

import time

import pytest
from rasa_sdk import Tracker

from nlu.actions.notes import _read_sending, read_useful
from nlu.actions.turn import Turn


def turn(text: str, intent: str = "give_feedback") -> Turn:
    message = {
        "text": text,
        "intent": {"name": intent, "confidence": 0.9},
        "intent_ranking": [{"name": intent, "confidence": 0.9}],
    }
    return Turn.read(Tracker("anyone", {}, message, [], False, None, {}, "action_listen"))


@pytest.mark.parametrize(
    ("text", "useful"),
    [
        ("that was really helpful", "yes"),
        ("no problem, very helpful", "yes"),
        ("not bad", "in between"),
        ("sort of", "in between"),
        ("nothing useful", "no"),
        ("none of it helped", "no"),
        ("hardly helpful", "no"),
        ("couldn't find anything good", "no"),
        ("couldnt find anything good", "no"),
        ("i don’t think it was good", "no"),
        ("the second one", None),
    ],
)
def test_praise_and_blame_are_told_apart(text: str, useful: str | None) -> None:
    assert read_useful(turn(text)) == useful


@pytest.mark.parametrize(
    ("text", "sent"),
    [("send it", True), ("Yes please.", True), ("ok, send", True), ("?", False), ("...", False)],
)
def test_only_a_yes_sends_a_note(text: str, sent: bool) -> None:
    assert (_read_sending(turn(text, "out_of_scope")).get("note_sending") == "yes") is sent


def test_no_message_can_hold_the_program_up() -> None:
    started = time.process_time()
    _read_sending(turn("." * 999 + "x", "out_of_scope"))
    assert time.process_time() - started < 1
