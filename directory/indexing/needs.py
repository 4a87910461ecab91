"""Whether a listing meets a need: access, online or in person, and who it is for.

Pure functions of a listing. A verdict is True, False or None for "it does not say", and each
True comes with the fact that shows it. Must never take silence for a yes or a no. A change to a
pattern changes stored entries: `entries.VERSION` must grow with it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from directory.indexing.mentions import find_mention, quote_mention
from directory.listing import Listing


@dataclass(frozen=True)
class Verdict:
    """`suits` is None where the listing does not say; `reason` is empty unless it is True."""

    suits: bool | None
    reason: str = ""


UNKNOWN_VERDICT = Verdict(None)
UNSUITABLE = Verdict(False)

_JudgeNeed = Callable[[Listing], Verdict]


def _judge_mention(mention: re.Match[str] | None) -> Verdict:
    return Verdict(True, quote_mention(mention)) if mention else UNKNOWN_VERDICT


def _mentions(yes: str, no: str = r"(?!)", yes_in_notes: str = r"(?!)") -> _JudgeNeed:
    """A need judged by the listing's words; `yes_in_notes` counts in its access notes alone."""
    in_text, against = re.compile(yes, re.I), re.compile(no, re.I)
    in_notes = re.compile(f"{yes}|{yes_in_notes}", re.I)

    def judge(listing: Listing) -> Verdict:
        notes = "; ".join(listing.accessibility)
        text = f"{listing.name}. {listing.description}"
        if against.search(notes) or against.search(text):
            return UNSUITABLE
        return _judge_mention(find_mention(in_notes, notes) or find_mention(in_text, text))

    return judge


def _is_for(audience: str, other_audience: str, words: str) -> _JudgeNeed:
    """A need for a group of one's own, which a listing for `other_audience` alone does not meet."""
    pattern = re.compile(words, re.I)

    def judge(listing: Listing) -> Verdict:
        audiences = {name.casefold() for name in listing.audience}
        if audience in audiences and other_audience not in audiences:
            return Verdict(True, f"It is for {audience}")
        if other_audience in audiences and audience not in audiences:
            return UNSUITABLE
        return _judge_mention(find_mention(pattern, f"{listing.name}. {listing.description}"))

    return judge


_judge_online_words = _mentions(
    r"\b(?:(?<!book )(?<!apply )(?<!register )(?<!pay )(?<!buy )(?<!donate )(?<!order )(?<!more )"
    r"online|zoom|by phone|over the phone|from home)\b",
    no=r"\bnot online\b",
)


def _judge_online(listing: Listing) -> Verdict:
    if listing.online:
        return Verdict(True, "You can join from home, online")
    return UNSUITABLE if listing.places else _judge_online_words(listing)


def _judge_in_person(listing: Listing) -> Verdict:
    if listing.places:
        return Verdict(True, "You meet people face to face")
    return UNSUITABLE if listing.online else UNKNOWN_VERDICT


_ADULT_AGE = 16
_CHILDREN_IN_FACTS = re.compile(
    r"\b(?:families|parents?|child(?:ren)?|toddlers?|babies|baby(?! chang)|grandparents?)\b", re.I
)
# A description may speak of children who do not come along, so it has to invite them.
_CHILDREN_IN_DESCRIPTION = re.compile(
    r"\b(?:families|children|kids|toddlers|babies)(?: are| is)?(?: very| always)? welcome\b"
    r"|\b(?:bring|with) (?:your|the) (?:child(?:ren)?|kids|baby|toddlers?|little ones)\b"
    r"|\b(?:whole|all the) family\b",
    re.I,
)


def _judge_children(listing: Listing) -> Verdict:
    if listing.minimum_age is not None and listing.minimum_age >= _ADULT_AGE:
        return UNSUITABLE
    facts = "; ".join((*listing.audience, listing.name, *listing.accessibility))
    return _judge_mention(
        find_mention(_CHILDREN_IN_FACTS, facts)
        or find_mention(_CHILDREN_IN_DESCRIPTION, listing.description)
    )


_JUDGES: dict[str, _JudgeNeed] = {
    "step-free": _mentions(
        yes=r"\bstep[- ]free\b|\blevel (?:access|paths?)\b|\bno steps\b"
        r"|\b(?:there is|with) a lift\b"
        r"|\bwheelchair (?:lift|access(?:ible)?|friendly|users? (?:are )?welcome)\b"
        r"|\b(?:fully|disabled) access(?:ible)?\b",
        no=r"\b(?:not|no) (?:\w+ )?(?:wheelchair|step[- ]free|level|disabled) access(?:ible)?\b"
        r"|\bnot (?:\w+ )?accessible\b|\b(?:only by|flights? of|are|steep) stairs\b|\bno lift\b",
        yes_in_notes=r"\b(?:lift|ramps?)\b",
    ),
    "accessible toilet": _mentions(
        r"\b(?:accessible|disabled) (?:toilet|loo)s?\b|\bchanging places\b"
    ),
    "hearing loop": _mentions(r"\b(?:hearing|induction) loop\b"),
    "bus": _mentions(r"\bbus(?:es)?(?: (?:stops?|routes?|number))?\b", no=r"\bno bus(?:es)?\b"),
    "online": _judge_online,
    "in person": _judge_in_person,
    "women": _is_for("women", "men", r"\bwomen(?:['’]?s)?[- ]only\b|\bfor women\b|\bladies\b"),
    "men": _is_for("men", "women", r"\bmen(?:['’]?s)?[- ]only\b|\bfor men\b|\bmen['’]s shed\b"),
    "children": _judge_children,
}

NEEDS = tuple(_JUDGES)
"""The needs a person can have, by name. The order is that of the stored verdicts."""


def judge_need(listing: Listing, need: str) -> Verdict:
    """Whether the listing meets the need. Raises KeyError for a name that is not in `NEEDS`."""
    return _JUDGES[need](listing)
