"""Keeps the helplines within reach: a button in every answer after a danger."""

from collections.abc import Sequence
from dataclasses import replace

from bot.messages import Choices, HelpLines, Option, Reply, Text
from bot.responses import get_line

TAP = "listen_now"


def add_helplines_button(replies: Sequence[Reply]) -> list[Reply]:
    """The replies with a button for helplines under the last text; the same if they show some."""
    if any(isinstance(reply, HelpLines) for reply in replies):
        return list(replies)
    button = Option(get_line("helplines_button"), TAP)
    for place in reversed(range(len(replies))):
        match replies[place]:
            case Choices() as choices if all(option.tap != TAP for option in choices.options):
                changed: Reply = replace(choices, options=(*choices.options, button))
            case Choices() as choices:
                changed = choices
            case Text(text):
                changed = Choices(text, (button,))
            case _:
                continue
        return [*replies[:place], changed, *replies[place + 1 :]]
    return [*replies, Choices(get_line("helplines_in_reach"), (button,))]
