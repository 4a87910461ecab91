"""Typed words that mean a button: those our own copy tells people to use.

They need no model to be understood, so they are kept even when Rasa is away.
"""

import re

# Longer texts are no commands, and would cost the patterns time.
_LONGEST = 80
_COUNTED = {
    **dict.fromkeys(("first", "1st", "1", "one", "number 1", "number one"), "1"),
    **dict.fromkeys(("second", "2nd", "2", "two", "number 2", "number two"), "2"),
    **dict.fromkeys(("third", "3rd", "3", "three", "number 3", "number three"), "3"),
    **dict.fromkeys(("fourth", "4th", "4", "four", "number 4", "number four"), "4"),
    "last": "last",
}
# Rasa drops what is no word, and would be left with nothing.
_FACES = {
    **dict.fromkeys("👋🙋", "greet"),
    **dict.fromkeys("😢😭😔😞😟😥🥺☹💔😩😿", "share_feeling"),
    **dict.fromkeys("👍👌✅", "affirm"),
    **dict.fromkeys("👎❌", "deny"),
    **dict.fromkeys("🙏💐❤😊", "thank"),
}
_WHICH = "|".join(sorted(map(re.escape, _COUNTED), key=len, reverse=True))
_COMMANDS = tuple(
    (re.compile(rf"\W*(?:please |can (?:i|we|you) |could you |let['’]?s |i want to )*{words}"
                r"\W*(?:please|now|thanks)?\W*", re.I), tap)
    for words, tap in (
        (r"(?:start|begin) (?:again|over|afresh)", "start_again"),
        (r"(?:delete|forget) (?:all )?(?:of )?(?:my data|me)", "forget_me"),
        (r"(?:(?:show|send|give|read|see|whats on|what['’]s on|what is on) )?(?:me |to me )?"
         r"my list", "ask_details:list=show"),
        (r"(?:clear|empty|delete) my list", "ask_details:list=clear"),
        (r"(?:show me )?(?:others|more|some|something)(?: \w+)? like (?:this|that|it)(?: one)?",
         "show_more:listing=this"),
        (rf"(?:add|put|save|keep) (?:the )?(?P<which>{_WHICH})(?: one)?"
         r"(?: (?:to|on|in|for) (?:my|the) list| for later)?", "ask_details:keep={which}"),
        (r"(?:add|put|save|keep) (?:it|this|that)(?: one)?"
         r"(?: (?:to|on|in|for) (?:my|the) list| for later)?", "ask_details:keep=this"),
    )
)  # fmt: skip


def read_command(text: str) -> str | None:
    """The tap that the typed `text` stands for, or None if it is no command."""
    if len(text) > _LONGEST:
        return None
    if text.strip() and not re.search(r"\w", text):
        return _FACES.get(text.strip()[0])
    for pattern, tap in _COMMANDS:
        if found := pattern.fullmatch(text.casefold()):
            return tap.format(which=_COUNTED[found["which"].casefold()]) if "{" in tap else tap
    return None
