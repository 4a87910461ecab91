"""Whole conversations with the running program: the data beside this file, and how it is read."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.responses import Responses, get_line
from tests.support.service import Talk, cards, taps, words

_RESPONSES = Responses()
_KEYS = set(
    "say tap press hears not says cards kinds kind mentions without reason reasons free near new "
    "offers urgent gentle checkin".split()
)


def read_conversations() -> list[Any]:
    """Every entry of every file here, named by its capability."""
    return [
        pytest.param(entry, id=f"{path.stem}: {entry['name']}")
        for path in sorted(Path(__file__).parent.glob("*.yml"))
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))
    ]


def hears(replies: list[dict[str, Any]], name: str) -> bool:
    """Whether the written response or line `name` is among the replies, its blanks filled."""
    response = _RESPONSES.templates.get(name)
    written = response["text"].strip() if response else get_line(name)
    pattern = ".+".join(re.escape(part) for part in re.split(r"\{\w+\}", written))
    found = re.compile(pattern, re.S)
    return any(found.fullmatch(reply.get("text", "").strip()) for reply in replies)


def names(value: str | list[str]) -> list[str]:
    """One name or several, as written in the data."""
    return [value] if isinstance(value, str) else value


def check_turn(turn: dict[str, Any], replies: list[dict[str, Any]], seen: set[int]) -> None:
    """Hold the replies to everything that the turn expects."""
    assert set(turn) <= _KEYS, "a key is misspelt"
    shown = cards(replies)
    said = words(replies)
    for name in names(turn.get("hears", [])):
        assert hears(replies, name), f"expected {name}, heard: {said}"
    for name in names(turn.get("not", [])):
        assert not hears(replies, name), said
    for part in names(turn.get("says", [])):
        assert part.casefold() in said.casefold(), said
    if "cards" in turn:
        assert len(shown) == turn["cards"], (said, [card["name"] for card in shown])
    check_cards(turn, shown)
    if turn.get("new"):
        assert seen.isdisjoint(card["listing_id"] for card in shown)
    if "offers" in turn:
        assert turn["offers"] in taps(replies)
    if turn.get("urgent"):
        assert [reply["type"] for reply in replies] == ["help_lines"]
        assert "Nobody reads this chat" in said
        assert {"tel:999", "tel:116123"} <= {one["link"] for one in replies[0]["lines"]}
    if turn.get("gentle"):
        assert replies[0]["type"] == "help_lines"
        assert "tel:116123" in {one["link"] for one in replies[0]["lines"]}
        assert "will listen" in replies[0]["text"], said
    if turn.get("checkin"):
        assert "Are you 16 or over?" in said
        assert any(tap.startswith("ci:") for tap in taps(replies))
    seen.update(card["listing_id"] for card in shown)


def check_cards(turn: dict[str, Any], shown: list[dict[str, Any]]) -> None:
    """Hold the listings to what the turn expects of them."""
    about_cards = "kinds kind mentions without reason reasons free near new"
    assert shown or not turn.keys() & set(about_cards.split()), "no listing was shown"
    if "kinds" in turn:
        assert {card["kind"] for card in shown} <= set(turn["kinds"])
    if "kind" in turn:
        assert turn["kind"] in {card["kind"] for card in shown}
    for part in names(turn.get("mentions", [])):
        assert part in str(shown).casefold(), (part, [card["name"] for card in shown])
    for part in names(turn.get("without", [])):
        assert part not in str(shown).casefold(), (part, [card["name"] for card in shown])
    told = [" ".join(card["reasons"]).casefold() for card in shown]
    if "reason" in turn:
        assert any(turn["reason"] in reasons for reasons in told), told
    if "reasons" in turn:
        assert all(turn["reasons"] in reasons for reasons in told), told
    if turn.get("free"):
        assert all("It is free" in card["reasons"] for card in shown)
    if turn.get("near"):
        assert any(" from " in reason for card in shown for reason in card["reasons"])


def act(talk: Talk, turn: dict[str, Any], heard: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Say or press what the turn says; `press` looks for the button among what was `heard`."""
    if "say" in turn:
        return talk.say(turn["say"])
    if "tap" in turn:
        return talk.tap(turn["tap"])
    buttons = [option for reply in heard for option in reply.get("options", ())]
    found = [button["tap"] for button in buttons if button["label"] == turn["press"]]
    assert found, f"no button {turn['press']}: {[button['label'] for button in buttons]}"
    return talk.tap(found[0])


def hold(talk: Talk, conversation: dict[str, Any]) -> None:
    """Have the conversation."""
    seen: set[int] = set()
    replies: list[dict[str, Any]] = []
    for number, turn in enumerate(conversation["turns"], start=1):
        replies = act(talk, turn, replies)
        assert replies, f"turn {number} was answered with nothing"
        said = [reply["text"] for reply in replies if "text" in reply]
        assert len(said) == len(set(said)), f"turn {number} was answered twice: {said}"
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
