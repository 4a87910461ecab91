"""Which kind a listing is, where its source does not say.

Small and transparent on purpose: the first rule that matches the name, then the
first that matches the opening of the description, else a service.
"""

import re

_RULES = tuple(
    (re.compile(pattern, re.I), kind)
    for pattern, kind in (
        (r"\b(consultation|have your say|citizens.? panel|co-?production|forum)\b", "have_a_say"),
        (r"\bvolunteer(s|ing)?\b.*\b(wanted|needed|role|opportunit)", "volunteering"),
        (r"\bbecome an? .*\b(volunteer|trustee|befriender|mentor)\b", "volunteering"),
        (r"\bvolunteering\b", "volunteering"),
        (
            r"\b(group|club|choir|society|circle|class(es)?|caf[eé]|coffee|walk(s|ing)?|friends of|"
            r"meet(s|ing|up)?|band|toddlers?|playgroup|sessions?|shed|knit|guides|scouts|"
            r"yoga|dance|dancing|craft(s|ing)?|bowls|bingo|lunch)\b",
            "group",
        ),
    )
)
_OPENING = 120


def propose_kind(name: str, description: str) -> str:
    """The likeliest of `listings.KINDS`, from words in the name, then in the first sentence."""
    for text, rules in ((name, _RULES), (description[:_OPENING], _RULES[:3])):
        for pattern, kind in rules:
            if pattern.search(text):
                return kind
    return "service"
