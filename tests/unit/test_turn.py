"""One turn: its wishes, what turns them round, and what is left of the words."""

from typing import Any

import pytest
from rasa_sdk import Tracker

from nlu.actions.turn import SKIPPED, Turn, read_age, said


def turn(text: str, *spans: tuple[str, str, str], intent: str = "refine_search") -> Turn:
    """A turn whose entities are given as (entity, value, words in the text)."""
    entities = [
        {
            "entity": entity,
            "value": value,
            "start": text.index(words),
            "end": text.index(words) + len(words),
        }
        for entity, value, words in spans
    ]
    message: dict[str, Any] = {
        "text": text,
        "intent": {"name": intent, "confidence": 0.9},
        "intent_ranking": [{"name": intent, "confidence": 0.9}],
        "entities": entities,
    }
    return Turn.read(Tracker("anyone", {}, message, [], False, None, {}, "action_listen"))


FREE = ("cost", "free", "free")
EVENING = ("day_time", "evening", "evenings")


@pytest.mark.parametrize(
    ("text", "span", "wishes", "dropped"),
    [
        ("free ones", FREE, {"free"}, set()),
        ("it doesnt have to be free", FREE, set(), {"free"}),
        ("doesn't need to be free", FREE, set(), {"free"}),
        ("not bothered if its free", FREE, set(), {"free"}),
        ("evenings", EVENING, {"evening"}, set()),
        ("not evenings", EVENING, {"not evening"}, {"evening"}),
        ("i cant do evenings", EVENING, {"not evening"}, {"evening"}),
        ("anything but in the evenings", EVENING, {"not evening"}, {"evening"}),
        ("not online", ("access", "online", "online"), {"in person"}, {"online"}),
        ("im 72", ("age", "72", "72"), {"aged 72"}, set()),
        ("over 60s", ("age", "over 60s", "over 60s"), set(), set()),
        ("near me", ("distance", "near", "near me"), {"near"}, set()),
    ],
)
def test_a_wish_may_be_turned_round(
    text: str, span: tuple[str, str, str], wishes: set[str], dropped: set[str]
) -> None:
    told = turn(text, span)
    assert (told.wishes, told.dropped) == (wishes, dropped)


def test_the_wishes_are_no_part_of_what_is_looked_for() -> None:
    told = turn(
        "gardening, no steps please and not evenings",
        ("access", "step-free", "no steps"),
        EVENING,
    )
    assert told.said.wanted == "gardening"
    assert told.said.refused == ""
    assert told.wishes == {"step-free", "not evening"}


def test_of_one_kind_the_latest_counts() -> None:
    told = turn("evenings", EVENING)
    assert told.merge_wishes({"daytime", "free", "tuesday"}) == ["evening", "free", "tuesday"]
    assert turn("free", FREE).merge_wishes({"not evening"}) == ["free", "not evening"]
    assert turn("doesnt have to be free", FREE).merge_wishes({"free"}) == []


MONDAY, TUESDAY = ("day_time", "monday", "mondays"), ("day_time", "tuesday", "tuesdays")


@pytest.mark.parametrize(
    ("text", "spans", "wishes"),
    [
        ("cant do mondays or tuesdays", (MONDAY, TUESDAY), {"not monday", "not tuesday"}),
        ("mondays or tuesdays", (MONDAY, TUESDAY), {"monday", "tuesday"}),
        ("not mondays but tuesdays are fine", (MONDAY, TUESDAY), {"not monday", "tuesday"}),
        ("mondays are no good", (MONDAY,), {"not monday"}),
        ("i work mondays", (MONDAY,), {"not monday"}),
        ("that one is not free", (FREE,), set()),
        ("im 72, my wife is 68", (("age", "72", "72"), ("age", "68", "68")), {"aged 72"}),
        ("aged ²", (("age", "²", "²"),), set()),
    ],
)
def test_a_no_counts_for_what_it_is_said_of(
    text: str, spans: tuple[tuple[str, str, str], ...], wishes: set[str]
) -> None:
    assert turn(text, *spans).wishes == wishes


def test_one_no_does_not_take_back_another() -> None:
    assert turn("not mondays", MONDAY).merge_wishes({"not tuesday", "evening"}) == [
        "evening",
        "not monday",
        "not tuesday",
    ]
    assert turn("mondays", MONDAY).merge_wishes({"not monday", "tuesday"}) == ["monday"]


def test_a_guess_at_the_intent_is_no_wish() -> None:
    message = {
        "text": "x",
        "intent": {"name": "have_a_say", "confidence": 0.3},
        "intent_ranking": [{"name": "have_a_say", "confidence": 0.3}],
    }
    told = Turn.read(Tracker("anyone", {}, message, [], False, None, {}, "action_listen"))
    assert not told.wishes


def test_having_a_say_is_a_wish() -> None:
    assert turn("have a say", intent="have_a_say").wishes == {"have_a_say"}


def test_a_skipped_slot_says_nothing() -> None:
    assert said(SKIPPED) is None
    assert said(None) is None
    assert said("chess") == "chess"
    assert read_age(["free", "aged 72"]) == 72
    assert read_age(["free"]) is None
