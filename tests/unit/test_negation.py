"""What a message says no to: things, times, places and people, and what is merely not so."""

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.understanding.negation import find_negations
from nlu.understanding.negation_training import (
    LabelledMessage,
    fill_slots,
    read_example,
    read_lines,
    read_slots,
)
from tests.support.negations import measure

ROOT = Path(__file__).parents[2]


def find(text: str) -> list[tuple[str, str]]:
    return [
        (negation.kind, text[negation.start : negation.end]) for negation in find_negations(text)
    ]


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("somewhere to dance, nae line dancing mind", ["line dancing"]),
        ("no evenings no weekends", ["evenings", "weekends"]),
        ("tuesdays and thursdays are out because of my chemo", ["tuesdays", "thursdays"]),
        ("he goes to the Oldtown gym so I can't go there", ["the Oldtown gym"]),
        ("is there anything that isnt run by a church", ["church"]),
        ("I cannot be doing with bagpipes", ["bagpipes"]),
    ],
)
def test_things_times_and_places_are_refused(text: str, refused: list[str]) -> None:
    assert find(text) == [("refused", thing) for thing in refused]


@pytest.mark.parametrize(
    "text",
    [
        "no idea whats on, any art?",
        "why not join a choir",
        "not far from oldtown please",
        "i wouldn't say no to a cuppa",
        "do i not need to book",
        "im going round the bend here",
        "go back to the choir",
    ],
)
def test_a_no_may_say_no_to_nothing(text: str) -> None:
    assert find(text) == []


def test_what_is_not_so_is_not_refused() -> None:
    assert find("not depressed just bored, any snooker") == [("denied", "depressed")]
    assert find("I do not possess a computer") == [("denied", "computer")]


def test_a_wish_may_be_taken_back() -> None:
    assert find("im not bothered about it being free") == [("not_needed", "free")]


def test_an_example_is_read_with_its_marks() -> None:
    assert read_example("chess {but not [the sea one]}") == LabelledMessage(
        ("chess", "but", "not", "the", "sea", "one"),
        ("other", "no refused", "no refused", "refused", "refused", "refused"),
    )


def test_marks_without_a_thing_are_an_error() -> None:
    with pytest.raises(ValueError, match="says no to nothing"):
        read_example("{not at all}")


def test_the_model_was_learnt_from_the_examples() -> None:
    slots, chance = read_slots(), random.Random(1)
    right = 0
    lines = read_lines()
    for line in lines:
        text = fill_slots(line, slots, chance)
        expected = read_example(text)
        plain = " ".join(expected.words)
        things = {
            label for label in expected.labels if label in {"refused", "denied", "not_needed"}
        }
        right += {negation.kind for negation in find_negations(plain)} == things
    assert right / len(lines) > 0.9


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    for negation in find_negations(text):
        assert negation.clause_start <= negation.start < negation.end <= negation.clause_end


@pytest.mark.parametrize("batch", ["opened", "sealed"])
def test_the_documented_figures_are_those_of_the_model(batch: str) -> None:
    document = (ROOT / "docs" / "explanation" / "conversation.md").read_text("utf-8")
    cells = " | ".join(str(share) for share in measure(batch).values())
    assert f"| {batch} | {cells} |" in document


def test_what_is_wanted_is_seldom_taken_for_refused() -> None:
    wanted = measure("sealed")["wanted"]
    assert wanted.total > 40
    assert wanted.count >= 0.95 * wanted.total
