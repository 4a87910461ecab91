"""The written copy: buttons that work in every channel, and plain texts."""

import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.messages import MAX_MESSAGE_LENGTH, MAX_TAP_BYTES, Choices
from bot.responses import Responses, clean_typed_text
from bot.settings import ROOT
from nlu.understanding.feelings import FEELINGS

ALL_RESPONSES = Responses()
RESPONSES = sorted(ALL_RESPONSES.templates.items())
BUTTONS = [
    pytest.param(button["payload"], id=f"{name}: {button['title']}")
    for name, response in RESPONSES
    for button in response.get("buttons", ())
]


@pytest.mark.parametrize("tap", BUTTONS)
def test_every_button_sends_a_known_tap(tap: str) -> None:
    assert len(tap.encode()) <= MAX_TAP_BYTES
    assert tap in {"start_again", "listen_now"} or ALL_RESPONSES.make_payload(tap)


@pytest.mark.parametrize("tap", BUTTONS)
def test_no_tap_contains_braces(tap: str) -> None:
    """Rasa takes braces for slots, and logs the slots if it cannot fill them."""
    assert not set("{}") & set(tap)


@pytest.mark.parametrize(("name", "response"), RESPONSES)
def test_a_response_is_one_plain_text(name: str, response: dict[str, object]) -> None:
    text = str(response["text"])
    assert text.strip(), name
    # Rasa sends the parts around an empty line as two messages.
    assert "\n\n" not in text
    assert not re.search(r"[<>*_]", re.sub(r"\{\w+\}", "", text)), "markup is for channels"


@pytest.mark.parametrize(
    ("tap", "payload"),
    [
        ("greet", "/greet"),
        ("set_area:area=St John's", '/set_area{"area": "St John\'s"}'),
        (
            'find_group:interest=a "quoted" {word}',
            '/find_group{"interest": "a \\"quoted\\" {word}"}',
        ),
        ("no_such_intent", None),
        ("greet; drop", None),
        ("", None),
    ],
)
def test_a_tap_becomes_a_payload(tap: str, payload: str | None) -> None:
    assert ALL_RESPONSES.make_payload(tap) == payload


@given(st.text())
def test_typed_text_never_starts_with_a_slash(text: str) -> None:
    cleaned = clean_typed_text(f"/{text}")
    assert not cleaned.startswith(("/", " "))
    assert len(cleaned) <= MAX_MESSAGE_LENGTH


def test_a_response_with_buttons_offers_choices() -> None:
    reply = ALL_RESPONSES.render("utter_ask_strength")
    assert isinstance(reply, Choices)
    assert [option.tap for option in reply.options] == [
        "deny",
        "show_more",
        "ask_details:list=show",
    ]


def test_every_aside_has_a_response() -> None:
    rules = yaml.safe_load((ROOT / "nlu/data/rules/aside.yml").read_text(encoding="utf-8"))
    intents = [step["intent"] for step in rules["rules"][0]["steps"][0]["or"]]
    assert len(intents) > 5
    for intent in intents:
        assert f"utter_{intent}" in ALL_RESPONSES.templates


def test_every_feeling_has_its_responses() -> None:
    for feeling in FEELINGS:
        assert f"utter_acknowledge_{feeling.name}" in ALL_RESPONSES.templates
        assert f"utter_share_feeling_{feeling.name}" in ALL_RESPONSES.templates
