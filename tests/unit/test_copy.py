"""Everything written down to be said: buttons that work everywhere, and words to read with ease."""

import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.messages import MOST_CHARACTERS, TAP_BYTES, Choices
from bot.responses import Responses, clean_typed_text
from bot.settings import ROOT

WRITTEN = Responses()
RESPONSES = sorted(WRITTEN.templates.items())
BUTTONS = [
    pytest.param(button["payload"], id=f"{name}: {button['title']}")
    for name, response in RESPONSES
    for button in response.get("buttons", ())
]


@pytest.mark.parametrize("tap", BUTTONS)
def test_every_button_sends_something_we_understand(tap: str) -> None:
    assert len(tap.encode()) <= TAP_BYTES
    assert tap in {"start_again", "listen_now"} or WRITTEN.make_payload(tap)


@pytest.mark.parametrize("tap", BUTTONS)
def test_no_button_holds_braces(tap: str) -> None:
    """Rasa takes braces for slots, and logs the slots when it cannot fill them in."""
    assert not set("{}") & set(tap)


@pytest.mark.parametrize(("name", "response"), RESPONSES)
def test_a_response_is_one_plain_text(name: str, response: dict[str, object]) -> None:
    text = str(response["text"])
    assert text.strip(), name
    # Rasa sends what a blank line parts as two messages.
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
def test_a_tap_as_rasa_reads_it(tap: str, payload: str | None) -> None:
    assert WRITTEN.make_payload(tap) == payload


@given(st.text())
def test_typed_words_never_begin_with_a_slash(text: str) -> None:
    kept = clean_typed_text(f"/{text}")
    assert not kept.startswith(("/", " "))
    assert len(kept) <= MOST_CHARACTERS


def test_a_response_with_buttons_offers_choices() -> None:
    reply = WRITTEN.render("utter_ask_strength")
    assert isinstance(reply, Choices)
    assert [option.tap for option in reply.options] == ["deny", "show_more"]


def test_every_aside_has_an_answer() -> None:
    rules = yaml.safe_load((ROOT / "nlu/data/rules/aside.yml").read_text(encoding="utf-8"))
    intents = [one["intent"] for one in rules["rules"][0]["steps"][0]["or"]]
    assert len(intents) > 5
    for intent in intents:
        assert f"utter_{intent}" in WRITTEN.templates
