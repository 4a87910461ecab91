"""Holds whole conversations with the running program; the data is beside this file."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.responses import Responses, get_line
from tests.support.service import Talk, cards, taps, words

_RESPONSES = Responses()
_KEYS = set(
    "say tap press hears not says shows cards kinds kind mentions without reason reasons free near "
    "new offers urgent numbers no_numbers gentle checkin again says_any says_not answers".split()
)

#: How the verdict on a question about a listing is worded.
_VERDICTS = {
    "yes": re.compile(r"(?:^|[:.,] )yes\b", re.I | re.M),
    "no": re.compile(r"(?:^|[:.,] )no\b", re.I | re.M),
    "not_said": re.compile(r"\b(?:do|does) not say\b", re.I),
}


def read_conversations() -> list[Any]:
    """Every conversation of every file here, with its capability as the id."""
    return [
        pytest.param(entry, id=f"{path.stem}: {entry['name']}")
        for path in sorted(Path(__file__).parent.glob("*.yml"))
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))
    ]


def contains_response(replies: list[dict[str, Any]], name: str) -> bool:
    """Whether the response or line `name` is among the replies, whatever fills its placeholders."""
    template = _RESPONSES.templates.get(name)
    text = template["text"].strip() if template else get_line(name)
    pattern = ".+".join(re.escape(part) for part in re.split(r"\{\w+\}", text))
    expected = re.compile(pattern, re.S)
    return any(expected.fullmatch(reply.get("text", "").strip()) for reply in replies)


def list_values(value: str | list[str]) -> list[str]:
    """The value of a key that takes one text or several."""
    return [value] if isinstance(value, str) else value


def check_turn(turn: dict[str, Any], replies: list[dict[str, Any]], seen: set[int]) -> None:
    """Check the replies against everything that the turn expects."""
    assert set(turn) <= _KEYS, "a key is misspelt"
    shown = cards(replies)
    text = words(replies)
    for name in list_values(turn.get("hears", [])):
        assert contains_response(replies, name), f"expected {name}, received: {text}"
    for name in list_values(turn.get("not", [])):
        assert not contains_response(replies, name), text
    for part in list_values(turn.get("says", [])):
        assert part.casefold() in text.casefold(), text
    if "says_any" in turn:
        assert any(part.casefold() in text.casefold() for part in list_values(turn["says_any"])), (
            text
        )
    for part in list_values(turn.get("says_not", [])):
        assert part.casefold() not in text.casefold(), text
    if "answers" in turn:
        verdicts = {verdict for verdict, pattern in _VERDICTS.items() if pattern.search(text)}
        assert verdicts == {turn["answers"]}, text
    if "cards" in turn:
        assert len(shown) == turn["cards"], (text, [card["name"] for card in shown])
    check_cards(turn, shown)
    if turn.get("new"):
        assert seen.isdisjoint(card["listing_id"] for card in shown)
    if "offers" in turn:
        assert turn["offers"] in taps(replies)
    if turn.get("urgent"):
        assert [reply["type"] for reply in replies] == ["help_lines"]
        assert "Nobody reads this chat" in text
        assert {"tel:999", "tel:116123"} <= {line["link"] for line in replies[0]["lines"]}
    numbers = [line["contact"] for reply in replies for line in reply.get("lines", ())]
    assert set(list_values(turn.get("numbers", []))) <= set(numbers), numbers
    assert not set(list_values(turn.get("no_numbers", []))) & set(numbers), numbers
    if turn.get("gentle"):
        assert replies[0]["type"] == "help_lines"
        assert "tel:116123" in {line["link"] for line in replies[0]["lines"]}
        assert "will listen" in replies[0]["text"], text
    if turn.get("checkin"):
        assert "Are you 16 or over?" in text
        assert any(tap.startswith("ci:") for tap in taps(replies))
    seen.update(card["listing_id"] for card in shown)


def check_cards(turn: dict[str, Any], shown: list[dict[str, Any]]) -> None:
    """Check the listings against what the turn expects of them."""
    card_keys = "shows kinds kind mentions without reason reasons free near new"
    assert shown or not turn.keys() & set(card_keys.split()), "no listing was shown"
    if "kinds" in turn:
        assert {card["kind"] for card in shown} <= set(turn["kinds"])
    if "kind" in turn:
        assert turn["kind"] in {card["kind"] for card in shown}
    for part in list_values(turn.get("mentions", [])):
        assert part in str(shown).casefold(), (part, [card["name"] for card in shown])
    for part in list_values(turn.get("without", [])):
        assert part not in str(shown).casefold(), (part, [card["name"] for card in shown])
    reasons = [" ".join(card["reasons"]).casefold() for card in shown]
    if "reason" in turn:
        assert any(turn["reason"] in text for text in reasons), reasons
    if "reasons" in turn:
        assert all(turn["reasons"] in text for text in reasons), reasons
    if turn.get("free"):
        assert all("It is free" in card["reasons"] for card in shown)
    if turn.get("near"):
        assert any(" from " in reason for card in shown for reason in card["reasons"])


def send(talk: Talk, turn: dict[str, Any], previous: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Send what the turn says; `press` looks for its button among the `previous` replies."""
    if "say" in turn:
        return talk.say(turn["say"])
    if "tap" in turn:
        return talk.tap(turn["tap"])
    buttons = [option for reply in previous for option in reply.get("options", ())]
    matches = [button["tap"] for button in buttons if button["label"] == turn["press"]]
    assert matches, f"no button {turn['press']}: {[button['label'] for button in buttons]}"
    if turn.get("again"):
        talk.tap(matches[0])
    return talk.tap(matches[0])


def hold_conversation(talk: Talk, conversation: dict[str, Any]) -> None:
    """Send every turn of the conversation and check its replies."""
    seen: set[int] = set()
    replies: list[dict[str, Any]] = []
    for number, turn in enumerate(conversation["turns"], start=1):
        replies = send(talk, turn, replies)
        assert replies, f"turn {number} has no reply"
        texts = [reply["text"] for reply in replies if "text" in reply]
        assert len(texts) == len(set(texts)), f"turn {number} has a text twice: {texts}"
        check_turn(turn, replies, seen)


CONVERSATIONS = read_conversations()


@pytest.mark.parametrize(
    "conversation", [c for c in CONVERSATIONS if c.values[0].get("degraded") != "only"]
)
def test_with_rasa(talk: Talk, conversation: dict[str, Any]) -> None:
    hold_conversation(talk, conversation)


@pytest.mark.parametrize("conversation", [c for c in CONVERSATIONS if c.values[0].get("degraded")])
def test_without_rasa(talk_without_rasa: Talk, conversation: dict[str, Any]) -> None:
    hold_conversation(talk_without_rasa, conversation)
