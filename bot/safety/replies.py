"""The replies to what the crisis guard found, and to what follows it: a text and helplines.

Must never repeat what a person wrote.
"""

from collections.abc import Sequence

from bot.messages import HelpLines, Reply
from bot.responses import get_line
from bot.safety.guard import Label
from bot.safety.helplines import (
    HELPLINES,
    UNKNOWN_PERSON,
    Helplines,
    Person,
    Topic,
)
from bot.safety.patterns import Kind
from bot.safety.topics import FollowUp

# Topics with a first line of their own, where the kind of danger has none that fits better.
_SPOKEN_TOPICS: tuple[Topic, ...] = (
    "rough_sleeping", "forced_marriage", "modern_slavery", "exploitation", "elder_abuse",
    "bullying", "poisoning", "postnatal",
)  # fmt: skip
_HARM_BY_OTHERS: tuple[Kind, ...] = ("abuse", "child", "danger")


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
    spoken = next((topic for topic in topics if topic in _SPOKEN_TOPICS), None)
    if label == "support":
        lines = helplines.find_lines(nation, *topics, "support", person=person)
        text = _name_nobody(f"safety_{spoken}") if spoken else get_line("safety_gentle")
        return (HelpLines(_explain_relay(text, topics), lines),)
    text = _name_nobody(f"safety_{kind or spoken or 'unsure'}")
    lines = helplines.find_lines(nation, *topics, kind or "unsure", person=person)
    return (HelpLines(_explain_relay(text, topics), lines),)


def make_follow_up(
    follow_up: FollowUp,
    nation: str,
    kind: Kind | None = None,
    topics: Sequence[Topic] = (),
    person: Person = UNKNOWN_PERSON,
    helplines: Helplines = HELPLINES,
) -> Reply:
    """The reply to what a person writes after a danger, with the numbers of that danger beside it.

    Raises KeyError if the nation is unknown.
    """
    name = f"follow_up_{follow_up}"
    if follow_up == "what_to_say" and kind in _HARM_BY_OTHERS:
        name = "follow_up_what_to_say_of_harm"
    # Somebody who cannot speak needs the line by text, which not every danger has.
    purpose = "support" if follow_up == "cannot_call" else kind or "unsure"
    lines = helplines.find_lines(nation, *topics, purpose, person=person)
    return HelpLines(_explain_relay(get_line(name), topics), lines)


def _name_nobody(line: str) -> str:
    return f"{get_line(line)}\n{get_line('safety_nobody_reads')}"


def _explain_relay(text: str, topics: Sequence[Topic]) -> str:
    return f"{text}\n{get_line('safety_deaf')}" if "deaf" in topics else text
