"""Typed words that stand for a button, with or without Rasa."""

import pytest

from bot.commands import read_command


@pytest.mark.parametrize(
    ("text", "tap"),
    [
        ("start again", "start_again"),
        ("Can we start over please?", "start_again"),
        ("restart", "start_again"),
        ("/restart", "start_again"),
        ("please restart now", "start_again"),
        ("my phone keeps restarting", None),
        ("delete my data", "forget_me"),
        ("please forget me", "forget_me"),
        ("my list", "ask_details:list=show"),
        ("send me my list please", "ask_details:list=show"),
        ("What's on my list?", "ask_details:list=show"),
        ("clear my list", "ask_details:list=clear"),
        ("save the second one", "ask_details:keep=2"),
        ("add the first to my list", "ask_details:keep=1"),
        ("keep the last one for later", "ask_details:keep=last"),
        ("add it to my list", "ask_details:keep=this"),
        ("save this one", "ask_details:keep=this"),
        ("I want to add my group to the list", None),
        ("save the \u017fecond one", "ask_details:keep=2"),
        ("👋", "greet"),
        ("😢😢", "share_feeling"),
        ("🎸", None),
        ("👋 hello", None),
        ("forget", None),
        ("my list of woes is long", None),
        ("delete my data " * 10, None),
    ],
)
def test_only_commands_are_recognised(text: str, tap: str | None) -> None:
    assert read_command(text) == tap
