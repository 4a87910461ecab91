"""After a danger, every answer has a button for helplines, on every channel."""

import pytest

from bot.helplines_button import TAP, add_helplines_button
from bot.messages import Choices, HelpLine, HelpLines, Message, Option, Reply, Text
from bot.safety.guard import Guard
from bot.telegram.render import render
from tests.support.fake_rasa import FakeRasa, make_conversation

HELPLINES = HelpLines("Call now.", (HelpLine("Samaritans", "116 123", "tel:116123"),))
YES = Option("Yes", "affirm")
LISTEN = Option("Someone to listen now", TAP)


def list_taps(replies: list[Reply]) -> list[str]:
    return [o.tap for reply in replies if isinstance(reply, Choices) for o in reply.options]


@pytest.mark.parametrize(
    ("replies", "taps"),
    [
        ([], [TAP]),
        ([Text("Hello")], [TAP]),
        ([Choices("Shall I?", (YES,))], ["affirm", TAP]),
        ([Text("One"), Choices("Two", (YES,))], ["affirm", TAP]),
        ([Choices("Two", (LISTEN,))], [TAP]),
        ([Text("Hello"), HELPLINES], []),
    ],
)
def test_one_button_is_added_where_no_helplines_are_shown(
    replies: list[Reply], taps: list[str]
) -> None:
    assert list_taps(add_helplines_button(replies)) == taps


def test_the_answers_to_a_question_stay_its_first_options() -> None:
    (question,) = add_helplines_button([Choices("How often?", (YES, YES), answers=1)])
    assert isinstance(question, Choices)
    assert question.answers == 1
    assert question.options[-1].tap == TAP


async def test_the_button_comes_after_a_danger_and_goes_with_the_conversation() -> None:
    talk = make_conversation(FakeRasa(), Guard())
    greet = Message(tap="greet")
    assert TAP not in list_taps(await talk.answer("telegram:1", greet))
    await talk.answer("telegram:1", Message(text="i want to die"))
    replies = await talk.answer("telegram:1", greet)
    rows = [option.tap for reply in replies for item in render(reply, strict=True)
            for row in item.button_rows for option in row]  # fmt: skip
    assert TAP in rows
    await talk.forget("telegram:1")
    assert TAP not in list_taps(await talk.answer("telegram:1", greet))
