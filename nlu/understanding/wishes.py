"""Wishes, which a search must keep to: found among a message's entities, and merged.

A wish is a text: "free", "near", THIS_WEEK, a need of `directory.indexing.needs`, a time of
`directory.indexing.times`, perhaps after NOT, or an age after AGED. Slots hold wishes in this form.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from directory.indexing.needs import NEEDS
from directory.indexing.times import TIMES, is_time
from directory.listing import DAYS
from nlu.understanding.patterns import compile_pattern

FREE = "free"
NEAR = "near"
HAVE_A_SAY = "have_a_say"
VOLUNTEER = "give"
THIS_WEEK = "this week"
"""Within the next seven days."""
AGED = "aged "
NOT = "not "

WISHES_BY_INTENT = {"have_a_say": HAVE_A_SAY, "offer_help": VOLUNTEER}
ONE_SEARCH_WISHES = frozenset({HAVE_A_SAY, VOLUNTEER, NEAR})
"""Wishes that are not carried over to the next search."""

_WISH_ENTITIES = frozenset({"cost", "distance", "day_time", "access", "audience"})
_KNOWN_WISHES = frozenset({FREE, NEAR, THIS_WEEK, *NEEDS, *TIMES})
# Wishes for a day counted from today: how many days on, and what else they mean.
_DAYS_ON = {"today": (0, ()), "tonight": (0, ("evening",)), "tomorrow": (1, ())}
_THIS_WEEKEND = "this weekend"
_OPPOSITES = {"online": "in person", "in person": "online"}
_HOURS = frozenset({"morning", "afternoon", "daytime", "evening"})
# Only the latest wish of each group counts.
_EXCLUSIVE_GROUPS = (
    _HOURS,
    frozenset(TIMES - _HOURS),
    frozenset({"online", "in person"}),
    frozenset({"women", "men"}),
)

_NEGATION = compile_pattern(r"\b{negation}(?: {negation_filler})*\s*$")
_NEGATION_AFTER = compile_pattern(r"\s+{negation_after}")
_NEED_NOT = compile_pattern(r"\b{need_not}(?:\s[\w']+){0,2}\s*$")
# Between two wishes: one negation counts for both, as in "not Mondays or Fridays".
_OR = re.compile(r"[\s,]*(?:or|and|nor)?\s*(?:on |in the )?", re.IGNORECASE)


@dataclass(frozen=True)
class WishChanges:
    """The wishes that a message adds, drops and refuses; `rest` is its text without them.

    What is refused has no opposite to wish for, such as "children".
    """

    added: frozenset[str]
    dropped: frozenset[str]
    rest: str
    refused: frozenset[str] = frozenset()


def read_wishes(
    text: str, entities: Iterable[Mapping[str, Any]], today: date | None = None
) -> WishChanges:
    """Read the wishes in `text`, whose `entities` are in Rasa's form.

    "Tomorrow" is counted from `today`, by default the date that it is.
    """
    added: set[str] = set()
    dropped: set[str] = set()
    refused: set[str] = set()
    rest: list[str] = []
    position = 0
    negated = False
    for entity in sorted(entities, key=lambda entity: entity.get("start") or 0):
        wish = str(entity["value"])
        start, end = entity.get("start") or 0, entity.get("end") or 0
        if entity["entity"] == "age" and re.fullmatch("[0-9]{1,3}", wish):
            if read_age(added) is None:
                added.add(f"{AGED}{int(wish)}")
            continue
        meanings = _resolve_day(wish, today or date.today())
        if entity["entity"] not in _WISH_ENTITIES or not meanings <= _KNOWN_WISHES:
            continue
        before, after = text[position:start], text[end:]
        need_not, negation = _NEED_NOT.search(before), _NEGATION.search(before)
        negated = bool(negation or _NEGATION_AFTER.match(after)) or (
            negated and bool(_OR.fullmatch(before))
        )
        if need_not:
            dropped |= meanings
        elif not negated:
            added |= meanings
        else:
            for meaning in meanings:
                opposite = f"{NOT}{meaning}" if meaning in TIMES else None
                if opposite := _OPPOSITES.get(meaning, opposite):
                    dropped.add(meaning)
                    added.add(opposite)
                elif meaning in NEEDS:
                    dropped.add(meaning)
                    refused.add(meaning)
        cut = need_not or negation
        rest.append(before[: cut.start()] if cut else before)
        position = max(end, position)
    rest.append(text[position:])
    return WishChanges(frozenset(added), frozenset(dropped), " ".join(rest), frozenset(refused))


def list_lasting_wishes(wishes: Iterable[str]) -> frozenset[str]:
    """Those of `wishes` that the next search keeps; a day of this week is for one search."""
    wishes = frozenset(wishes)
    passing = {*ONE_SEARCH_WISHES, *(TIMES if THIS_WEEK in wishes else ()), THIS_WEEK}
    return wishes - passing


def merge_wishes(known: Iterable[str], changes: WishChanges) -> list[str]:
    """The `known` wishes after `changes`, sorted; within a group only the latest counts."""
    known = set(known)
    if THIS_WEEK in known and not changes.added.isdisjoint(TIMES - _HOURS):
        # "This weekend" after "tomorrow night" asks for no night.
        known -= TIMES
    remaining = {
        wish
        for wish in known - changes.dropped
        if not any(_replaces(new, wish) for new in changes.added)
    }
    return sorted(remaining | changes.added)


def read_age(wishes: Iterable[str]) -> int | None:
    """The age among `wishes`, in years."""
    ages = [int(wish.removeprefix(AGED)) for wish in wishes if wish.startswith(AGED)]
    return ages[0] if ages else None


def read_needs(wishes: Iterable[str]) -> frozenset[str]:
    """Those of `wishes` that a search judges each listing by."""
    return frozenset(wish for wish in wishes if wish in NEEDS or is_time(wish))


def makes_going_easier(wish: str) -> bool:
    """Whether the wish answers "What would make it easier to go?"."""
    return wish not in ONE_SEARCH_WISHES and not wish.startswith(AGED)


def _resolve_day(wish: str, today: date) -> frozenset[str]:
    """The wishes that `wish` stands for: a weekday of this week for "tomorrow"."""
    if wish == _THIS_WEEKEND:
        return frozenset({"weekend", THIS_WEEK})
    if wish not in _DAYS_ON:
        return frozenset({wish})
    days_on, others = _DAYS_ON[wish]
    day = DAYS[(today + timedelta(days=days_on)).weekday()].casefold()
    return frozenset({day, THIS_WEEK, *others})


def _replaces(new: str, known: str) -> bool:
    """Whether both wishes cannot hold: two ages, two days, or a wish and its negation."""
    if new.startswith(NOT) or known.startswith(NOT):
        return new.removeprefix(NOT) == known.removeprefix(NOT)
    return _find_group(new) == _find_group(known)


def _find_group(wish: str) -> object:
    if wish.startswith(AGED):
        return AGED
    return next((group for group in _EXCLUSIVE_GROUPS if wish in group), wish)
