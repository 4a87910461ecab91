"""One turn: its wishes, what negates them, and the words that remain."""

from datetime import datetime

import pytest
from rasa_sdk import Tracker

from nlu.actions.adapter import read_turn
from nlu.understanding.turn import Turn
from nlu.understanding.wishes import list_lasting_wishes, read_aged, read_wishes


def parse_turn(
    text: str, *spans: tuple[str, str, str], intent: str = "refine_search", confidence: float = 0.9
) -> Turn:
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
    return Turn.parse(text, intent, confidence, entities, slots={})


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
def test_a_wish_may_be_negated(
    text: str, span: tuple[str, str, str], wishes: set[str], dropped: set[str]
) -> None:
    turn = parse_turn(text, span)
    assert (turn.changes.added, turn.changes.dropped) == (wishes, dropped)


def test_wishes_are_no_part_of_what_is_wanted() -> None:
    turn = parse_turn(
        "gardening, no steps please and not evenings",
        ("access", "step-free", "no steps"),
        EVENING,
    )
    assert turn.utterance.wanted == "gardening"
    assert turn.utterance.refused == ""
    assert turn.changes.added == {"step-free", "not evening"}


def test_only_the_latest_wish_of_a_kind_counts() -> None:
    turn = parse_turn("evenings", EVENING)
    assert turn.merge_wishes({"daytime", "free", "tuesday"}) == ["evening", "free", "tuesday"]
    assert parse_turn("free", FREE).merge_wishes({"not evening"}) == ["free", "not evening"]
    assert parse_turn("doesnt have to be free", FREE).merge_wishes({"free"}) == []


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
def test_a_negation_counts_only_for_its_own_wishes(
    text: str, spans: tuple[tuple[str, str, str], ...], wishes: set[str]
) -> None:
    assert parse_turn(text, *spans).changes.added == wishes


def test_one_negation_does_not_replace_another() -> None:
    assert parse_turn("not mondays", MONDAY).merge_wishes({"not tuesday", "evening"}) == [
        "evening",
        "not monday",
        "not tuesday",
    ]
    assert parse_turn("mondays", MONDAY).merge_wishes({"not monday", "tuesday"}) == ["monday"]


def test_an_unlikely_intent_is_no_wish() -> None:
    assert not parse_turn("x", intent="have_a_say", confidence=0.3).changes.added


def test_having_a_say_is_a_wish() -> None:
    assert parse_turn("have a say", intent="have_a_say").changes.added == {"have_a_say"}


TODAY = "on 2026-12-02 2026-12-02"


@pytest.mark.parametrize(
    ("text", "wishes"),
    [
        ("the food bank today", {TODAY, "wednesday", "hours 15-23"}),
        ("warm space open now", {TODAY, "wednesday", "hours 15-15"}),
        ("what is on tonight", {TODAY, "wednesday", "hours 17-23"}),
        ("yoga tomorrow", {"on 2026-12-03 2026-12-03", "thursday"}),
        ("yoga next wednesday", {"on 2026-12-09 2026-12-09", "wednesday"}),
        ("something this weekend", {"on 2026-12-05 2026-12-06"}),
        ("anything over christmas", {"on 2026-12-24 2027-01-01"}),
        ("on the 12th", {"on 2026-12-12 2026-12-12", "saturday"}),
        ("1 december", {"on 2027-12-01 2027-12-01", "wednesday"}),
        ("a class after 6", {"hours 18-23"}),
        ("before 10am", {"hours 0-9"}),
        ("not today", set()),
        ("after 6 weeks", set()),
        ("the 2nd one", set()),
    ],
)
def test_dates_and_hours_are_read_from_the_words(text: str, wishes: set[str]) -> None:
    changes = read_wishes(text, [], datetime(2026, 12, 2, 15, 30))
    assert changes.added == wishes


def test_a_date_lasts_for_one_search() -> None:
    assert list_lasting_wishes({TODAY, "wednesday", "hours 15-23", "free"}) == {"free"}


def test_an_age_is_read_from_the_wishes() -> None:
    assert read_aged(["free", "aged 72"]) == (72, 72)
    assert read_aged(["aged 30 to 39"]) == (30, 39)
    assert read_aged(["free"]) is None


def test_apostrophes_are_straightened_for_reading_only() -> None:
    turn = parse_turn("it doesn’t have to be free", FREE)
    assert turn.changes.dropped == {"free"}
    assert turn.typed == "it doesn’t have to be free"


def test_a_turn_is_read_from_the_tracker() -> None:
    message = {
        "text": '/find_group{"interest": "chess"}',
        "intent": {"name": "find_group", "confidence": 1.0},
        "intent_ranking": [{"name": "find_group", "confidence": 1.0}],
        "entities": [{"entity": "interest", "value": "chess"}],
    }
    slots = {"requested_slot": "interest"}
    turn = read_turn(Tracker("anyone", slots, message, [], False, None, {}, "action_listen"))
    assert (turn.intent, turn.is_tap, turn.is_confident) == ("find_group", True, True)
    assert turn.read_value("interest") == "chess"
    assert turn.requested_slot == "interest"
