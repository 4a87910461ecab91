"""The replies to what the crisis guard found: a first line, and the helplines that fit.

Must never repeat what a person wrote.
"""

from collections.abc import Sequence

from bot.messages import HelpLines, Reply
from bot.responses import get_line
from bot.safety.guard import Label
from bot.safety.helplines import HELPLINES, UNKNOWN_PERSON, Helplines, Person, Topic
from bot.safety.patterns import Kind


def make_replies(
    label: Label,
    nation: str,
    kind: Kind | None = None,
    topics: Sequence[Topic] = (),
    person: Person = UNKNOWN_PERSON,
    helplines: Helplines = HELPLINES,
) -> tuple[Reply, ...]:
    """The replies to a label: the only ones for `crisis`, the first ones for `support`.

    `nation` is a key of `helplines.toml`, such as "england". Raises KeyError if it is unknown.
    """
    if label == "none":
        return ()
    if label == "support":
        lines = helplines.find_lines(nation, *topics, "support", person=person)
        return (HelpLines(get_line("safety_gentle"), lines),)
    first_line = get_line(f"safety_{kind or 'unsure'}")
    text = f"{first_line}\n{get_line('safety_nobody_reads')}"
    lines = helplines.find_lines(nation, *topics, kind or "unsure", person=person)
    return (HelpLines(text, lines),)
