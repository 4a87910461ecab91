"""How people say whether the chat was useful, and how they send a note."""

import time

import pytest

from nlu.actions.notes import read_note, read_note_sending
from nlu.understanding.feedback import read_usefulness
from nlu.understanding.notes import describes_fault
from nlu.understanding.patterns import straighten_apostrophes
from nlu.understanding.turn import Turn


def parse_turn(text: str) -> Turn:
    return Turn.parse(text, intent="out_of_scope", confidence=0.9, entities=(), slots={})


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
def test_praise_and_complaint_are_recognised(text: str, useful: str | None) -> None:
    assert read_usefulness(straighten_apostrophes(text)) == useful


@pytest.mark.parametrize(
    ("text", "is_sent"),
    [("send it", True), ("Yes please.", True), ("ok, send", True), ("?", False), ("...", False)],
)
def test_only_a_yes_sends_a_note(text: str, is_sent: bool) -> None:
    assert (read_note_sending(parse_turn(text)).get("note_sending") == "yes") is is_sent


def test_a_note_is_kept_exactly_as_it_was_typed() -> None:
    text = "They don’t meet in the ‘old’ hall any more"
    assert read_note(parse_turn(text)) == {"note": text}


@pytest.mark.parametrize(
    ("text", "is_fault"),
    [
        ("that phone number's dead", True),
        ("the lift is broken", True),
        ("they want eight quid now", True),
        ("the first one is wrong", False),
        ("there's a mistake in the chess club", False),
        ("one of your groups is wrong", False),
    ],
)
def test_a_report_says_what_is_wrong_or_only_that_something_is(text: str, is_fault: bool) -> None:
    assert describes_fault(text, "Larkhaven Chess Club") is is_fault


def test_more_words_join_the_note() -> None:
    turn = parse_turn("It just rings out").with_slots({"note": "That number is dead."})
    assert read_note_sending(turn)["note"] == "That number is dead. It just rings out"


def test_no_message_takes_long_to_read() -> None:
    started = time.process_time()
    read_note_sending(parse_turn("." * 999 + "x"))
    assert time.process_time() - started < 1
