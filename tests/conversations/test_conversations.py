"""Whole conversations with the running program: the data beside this file, and how it is read."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.wording import Wording
from tests.service import Talk, cards, taps, words

_WORDING = Wording()
_KEYS = set(
    "say tap hears not cards kinds kind mentions free near new offers urgent checkin".split()
)


def read_conversations() -> list[Any]:
    """Every entry of every file here, named by its capability."""
    return [
        pytest.param(entry, id=f"{path.stem}: {entry['name']}")
        for path in sorted(Path(__file__).parent.glob("*.yml"))
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))
    ]


def hears(replies: list[dict[str, Any]], name: str) -> bool:
    """Whether the written response `name` is among the replies, whatever fills its blanks."""
    written = _WORDING.responses[name]["text"].strip()
    pattern = ".+".join(re.escape(part) for part in re.split(r"\{\w+\}", written))
    return any(re.fullmatch(pattern, reply.get("text", "").strip()) for reply in replies)


def check_turn(turn: dict[str, Any], replies: list[dict[str, Any]], seen: set[int]) -> None:
    """Hold the replies to everything that the turn expects."""
    assert set(turn) <= _KEYS, "a key is misspelt"
    shown = cards(replies)
    said = words(replies)
    if "hears" in turn:
        assert hears(replies, turn["hears"]), f"expected {turn['hears']}, heard: {said}"
    if "not" in turn:
        assert not hears(replies, turn["not"]), said
    if "cards" in turn:
        assert len(shown) == turn["cards"], (said, [card["name"] for card in shown])
    if "kinds" in turn:
        assert {card["kind"] for card in shown} <= set(turn["kinds"])
    if "kind" in turn:
        assert turn["kind"] in {card["kind"] for card in shown}
    if "mentions" in turn:
        assert turn["mentions"] in str(shown).casefold()
    if turn.get("free"):
        assert all("It is free" in card["reasons"] for card in shown)
    if turn.get("near"):
        assert any(" from " in reason for card in shown for reason in card["reasons"])
    if turn.get("new"):
        assert seen.isdisjoint(card["listing_id"] for card in shown)
    if "offers" in turn:
        assert turn["offers"] in taps(replies)
    if turn.get("urgent"):
        assert [reply["type"] for reply in replies] == ["help_lines"]
        assert "Nobody reads this chat" in said
        assert {"tel:999", "tel:116123"} <= {line["link"] for line in replies[0]["lines"]}
    if turn.get("checkin"):
        assert "Are you 16 or over?" in said
        assert any(tap.startswith("ci:") for tap in taps(replies))
    seen.update(card["listing_id"] for card in shown)


def hold(talk: Talk, conversation: dict[str, Any]) -> None:
    """Have the conversation."""
    seen: set[int] = set()
    for number, turn in enumerate(conversation["turns"], start=1):
        replies = talk.say(turn["say"]) if "say" in turn else talk.tap(turn["tap"])
        assert replies, f"turn {number} was answered with nothing"
        check_turn(turn, replies, seen)


@pytest.mark.parametrize(
    "conversation", [one for one in read_conversations() if one.values[0].get("degraded") != "only"]
)
def test_with_rasa(talk: Talk, conversation: dict[str, Any]) -> None:
    hold(talk, conversation)


@pytest.mark.parametrize(
    "conversation", [one for one in read_conversations() if one.values[0].get("degraded")]
)
def test_without_rasa(talk_without_rasa: Talk, conversation: dict[str, Any]) -> None:
    hold(talk_without_rasa, conversation)
