"""Whether a listing's text mentions something, and does not deny it a few words away.

Pure functions of a text. Must never count "no step-free access" as a mention of it.
"""

import re

# Characters either side of a mention that are searched for a denial.
_WINDOW = 80
# A denial reaches over three words: what stands farther off is about something else.
_DENIAL_BEFORE = re.compile(
    r"\b(?:no|not|nor|without|cannot|can['’]t|don['’]t|isn['’]t|never|neither|except|closed|"
    r"excluding)(?: \w+){0,3} ?$",
    re.I,
)
# "step-free access: no", "the loop is broken".
_DENIAL_AFTER = re.compile(
    r"^(?: (?:access|toilets?|loops?|loos?|available|welcome|lift))?(?:"
    r" ?[:\-–(,]\s*(?:no|not|none|n/a|unavailable)\b"
    r"|[\w ]{0,12}? (?:is|are|was|will be|do|does|isn['’]t|aren['’]t)? ?"
    r"(?:not\b|n['’]t\b|unavailable|broken|out of|planned|closed|coming|only (?:to|in|for|on|with))"
    r"|[\w ]{0,12}? (?:isn|aren|don|doesn)['’]t\b"
    r"|[\w ]{0,12}? (?:is|are) (?:a|half a|two|several) miles?)",
    re.I,
)


def find_mention(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """The first match of `pattern` in `text` that is not denied, or None."""
    return next((match for match in pattern.finditer(text) if not is_denied(text, match)), None)


def is_denied(text: str, mention: re.Match[str]) -> bool:
    """Whether the words just before or after the mention deny it."""
    before = text[max(0, mention.start() - _WINDOW) : mention.start()]
    after = text[mention.end() : mention.end() + _WINDOW]
    return bool(_DENIAL_BEFORE.search(before) or _DENIAL_AFTER.search(after))


def quote_mention(mention: re.Match[str]) -> str:
    """The reason that a mention gives for showing a listing."""
    return f"It mentions “{mention[0].casefold()}”"
