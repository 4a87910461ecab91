"""Typed words that stand for a button: those that our own copy tells people to use.

No model is needed to understand them, so they work while Rasa is away too.
"""

import re

from nlu.understanding.patterns import straighten_apostrophes

_MAX_COMMAND_LENGTH = 80  # in characters; longer texts would only cost the patterns time
_ORDINALS = {
    **dict.fromkeys(("first", "1st", "1", "one", "number 1", "number one"), "1"),
    **dict.fromkeys(("second", "2nd", "2", "two", "number 2", "number two"), "2"),
    **dict.fromkeys(("third", "3rd", "3", "three", "number 3", "number three"), "3"),
    **dict.fromkeys(("fourth", "4th", "4", "four", "number 4", "number four"), "4"),
    "last": "last",
}
# Rasa drops emoji, and would be left with an empty message.
_TAP_BY_EMOJI = {
    **dict.fromkeys("👋🙋", "greet"),
    **dict.fromkeys("😢😭😔😞😟😥🥺☹💔😩😿", "share_feeling"),
    **dict.fromkeys("👍👌✅", "affirm"),
    **dict.fromkeys("👎❌", "deny"),
    **dict.fromkeys("🙏💐❤😊", "thank"),
}
_ORDINAL = "|".join(sorted(map(re.escape, _ORDINALS), key=len, reverse=True))
_SAVED = r"(?: one)?(?: (?:to|on|in|for) (?:my|the) list| for later)?"
_COMMANDS = tuple(
    (
        re.compile(
            rf"\W*(?:please |can (?:i|we|you) |could you |let'?s |i want to )*{words}"
            r"\W*(?:please|now|thanks)?\W*",
            re.IGNORECASE,
        ),
        tap,
    )
    for words, tap in (
        (r"(?:(?:start|begin) (?:again|over|afresh)|restart|reset)", "start_again"),
        (r"(?:delete|forget) (?:all )?(?:of )?(?:my data|me)", "forget_me"),
        (
            r"(?:(?:show|send|give|read|see|what'?s on|what is on) )?(?:me |to me )?my list",
            "ask_details:list=show",
        ),
        (r"(?:clear|empty|delete) my list", "ask_details:list=clear"),
        (
            r"(?:show me )?(?:others|more|some|something)(?: \w+)? like (?:this|that|it)(?: one)?",
            "show_more:listing=this",
        ),
        (
            rf"(?:add|put|save|keep) (?:the )?(?P<ordinal>{_ORDINAL}){_SAVED}",
            "ask_details:keep={ordinal}",
        ),
        (rf"(?:add|put|save|keep) (?:it|this|that){_SAVED}", "ask_details:keep=this"),
    )
)


def read_command(text: str) -> str | None:
    """The tap that the typed `text` stands for, or None if it is not a command."""
    if len(text) > _MAX_COMMAND_LENGTH:
        return None
    if text.strip() and not re.search(r"\w", text):
        return _TAP_BY_EMOJI.get(text.strip()[0])
    for pattern, tap in _COMMANDS:
        if command := pattern.fullmatch(straighten_apostrophes(text).casefold()):
            ordinal = command.groupdict().get("ordinal")
            return tap.format(ordinal=_ORDINALS[ordinal]) if ordinal else tap
    return None
