"""What a conversation tells of a person chooses the numbers, and is forgotten with it."""

import pytest

from bot.messages import HelpLines, Message, Reply
from bot.safety.care import Care
from bot.safety.guard import Guard
from bot.safety.talk_states import TalkState, TalkStates
from tests.support.fake_rasa import FakeRasa, make_conversation

GUARD = Guard()
CHILDLINE = "0800 1111"


def list_contacts(replies: list[Reply]) -> list[str]:
    return [
        line.contact for reply in replies if isinstance(reply, HelpLines) for line in reply.lines
    ]


async def hold(*texts: str) -> list[str]:
    """The numbers after the last of these messages."""
    talk = make_conversation(FakeRasa(), GUARD)
    replies: list[Reply] = []
    for text in texts:
        replies = await talk.answer("web:ann", Message(text=text))
    return list_contacts(replies)


@pytest.mark.parametrize(
    ("texts", "second"),
    [
        (["im 15 and i want to die"], CHILDLINE),
        (["i'm 15", "i want to die"], CHILDLINE),
        (["i want to die", "im 15", "i want to die"], CHILDLINE),
        (["i'm in year 9", "my mum hits me"], CHILDLINE),
        (["my son is 15 and says he wants to kill himself"], "0800 068 4141"),
        (["my son is 15", "i want to die"], "116 123"),
        (["i am 52 and i want to die"], "116 123"),
    ],
)
async def test_the_age_that_was_told_chooses_the_numbers(texts: list[str], second: str) -> None:
    contacts = await hold(*texts)
    assert contacts[0] == "999"
    assert contacts[1] == second


async def test_the_helplines_button_shows_those_of_the_danger() -> None:
    talk = make_conversation(FakeRasa(), GUARD)
    button = Message(tap="listen_now")
    assert list_contacts(await talk.answer("web:ann", button))[0] == "116 123"
    await talk.answer("web:ann", Message(text="my husband hits me"))
    assert list_contacts(await talk.answer("web:ann", button))[:2] == ["999", "0808 2000 247"]


@pytest.mark.parametrize("tap", ["forget_me", "start_again"])
async def test_what_is_known_is_forgotten_with_the_conversation(tap: str) -> None:
    talk = make_conversation(FakeRasa(), GUARD)
    await talk.answer("web:ann", Message(text="im 15"))
    await talk.answer("web:ann", Message(tap=tap))
    contacts = list_contacts(await talk.answer("web:ann", Message(text="i want to die")))
    assert CHILDLINE not in contacts


async def test_nothing_of_one_person_is_known_in_the_talk_of_another() -> None:
    talk = make_conversation(FakeRasa(), GUARD)
    await talk.answer("web:ann", Message(text="im 15"))
    assert CHILDLINE not in list_contacts(
        await talk.answer("web:bob", Message(text="i want to die"))
    )


def test_a_state_is_forgotten_after_an_hour() -> None:
    now = 0.0
    states = TalkStates(lambda: now)
    states.keep_state("ann", TalkState("crisis", "suicide"))
    now = 3599.0
    assert states.read_state("ann").label == "crisis"
    now = 3600.0
    assert states.read_state("ann") == TalkState()


def test_no_word_is_kept() -> None:
    care = Care(GUARD, "england")
    care.answer("ann", "im 15 and i want to die because of zanzibar")
    assert "zanzibar" not in repr(vars(care._states))
