"""One turn of the talk, read from Rasa's tracker."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rasa_sdk import Tracker

from directory.indexing.needs import NEEDS
from directory.indexing.times import TIMES
from nlu.understanding.utterance import Said, read

_NOT = "not "
# Below this, what Rasa takes a turn for is less likely than that it answers our question.
SURE = 0.6

# A slot that the person chose not to fill. Never a text that somebody could type.
SKIPPED = "\x00skipped"
# And one that they filled in other words, among the wishes.
TOLD = "\x00told"

# Among the wishes: within the next seven days.
SOON = "this week"
# Before an age, in years, among the wishes.
AGED = "aged "
_ENTITIES = frozenset({"cost", "distance", "day_time", "access", "audience"})
# What somebody is after in one search, by the intent; with "near", not kept for the next one.
_BY_INTENT = {"have_a_say": "have_a_say", "offer_help": "give"}
PASSING = frozenset({*_BY_INTENT.values(), "near"})
_WISHES = frozenset({"free", "near", SOON, *NEEDS, *TIMES})
# Before a wish: it is turned round, or no longer held to.
_AGAINST = re.compile(
    r"\b(?:not|no|never|except|avoid|hate|without|instead of|rather than|apart from|anything but|"
    r"no good|work|works|working|(?:scared|afraid|frightened|nervous) (?:to|of)(?: \w+){1,2}|"
    r"(?:(?:ca|do|does|could|would|wo)n['’]?t|(?:can|do|does|could|would|will) ?not)"
    r"(?: (?:do|make|want|like|manage|come))?)"
    r"(?: (?:on|in|at|the|a|an|any|for|be|of|too|really|just|keen on|to|me|my))*\s*$",
    re.I,
)
# After one, it says the same; between two, the first no counts for both.
_NO_GOOD = re.compile(
    r"\s+(?:(?:is|are) (?:no|not|n['’]t) (?:good|any good|great|possible)|do ?n['’]?t suit)", re.I
)
_OR = re.compile(r"[\s,]*(?:or|and|nor)?\s*(?:on |in the )?", re.I)
_OPPOSITES = {"online": "in person", "in person": "online"}
_NEED_NOT = re.compile(
    r"\b(?:(?:does|do)(?: ?n['’]?t| not) (?:have|need|ave) to be|need ?n['’]?t be|not bothered "
    r"(?:about|if)|(?:does|do)(?: ?n['’]?t| not) (?:matter|mind|care)(?: (?:if|about))?)"
    r"(?:\s[\w'’]+){0,2}\s*$",
    re.I,
)


@dataclass(frozen=True)
class Turn:
    """What was just said: its intent, the words, and the entities by name.

    `rest` is the text without the wishes in it. `wishes` are to be held to from now on, `dropped`
    need not be any more.
    """

    intent: str
    text: str
    rest: str
    tapped: bool
    sure: bool
    entities: dict[str, str]
    wishes: frozenset[str]
    dropped: frozenset[str]
    asked_for: str | None

    @classmethod
    def read(cls, tracker: Tracker) -> "Turn":
        message: dict[str, Any] = tracker.latest_message or {}
        text = message.get("text") or ""
        entities = message.get("entities") or ()
        intent = tracker.get_intent_of_latest_message() or ""
        wishes, dropped, rest = _read_wishes(text, entities)
        sure = float(message.get("intent", {}).get("confidence") or 0) >= SURE
        if sure and intent in _BY_INTENT:
            wishes.add(_BY_INTENT[intent])
        return cls(
            intent=intent,
            text=text,
            rest=rest,
            # A button's payload reaches Rasa as a text that starts with a slash;
            # typed text never does, because `bot.responses.keep_words` sees to it.
            tapped=text.startswith("/"),
            sure=sure,
            entities={one["entity"]: str(one["value"]) for one in entities},
            wishes=frozenset(wishes),
            dropped=frozenset(dropped),
            asked_for=tracker.get_slot("requested_slot"),
        )

    @cached_property
    def said(self) -> Said:
        """What the typed words say beside the wishes; nothing for a tap."""
        return read("" if self.tapped else self.rest)

    def own_words(self, entity: str) -> str | None:
        """What a button said for `entity`, or what the person typed; None for a bare tap."""
        if self.tapped:
            return self.entities.get(entity)
        return self.text.strip() or None

    def merge_wishes(self, known: Iterable[str]) -> list[str]:
        """The wishes known before with those just told: of one kind, the latest counts."""
        kept = {
            wish
            for wish in set(known) - self.dropped
            if not any(_replaces(told, wish) for told in self.wishes)
        }
        return sorted(kept | self.wishes)


def said(value: str | None) -> str | None:
    """A slot's text, or None if it was skipped or never filled."""
    return None if value in (None, SKIPPED) else value


def read_age(wishes: Iterable[str]) -> int | None:
    """The age among the wishes, in years."""
    ages = [int(wish.removeprefix(AGED)) for wish in wishes if wish.startswith(AGED)]
    return ages[0] if ages else None


def _read_wishes(
    text: str, entities: Iterable[Mapping[str, Any]]
) -> tuple[set[str], set[str], str]:
    """What the search must keep to, what it need not any more, and the text without both."""
    wishes: set[str] = set()
    dropped: set[str] = set()
    rest: list[str] = []
    told_until = 0
    against = False
    for one in sorted(entities, key=lambda one: one.get("start") or 0):
        wish, start, end = str(one["value"]), one.get("start") or 0, one.get("end") or 0
        if one["entity"] == "age" and re.fullmatch("[0-9]{1,3}", wish):
            if not any(told.startswith(AGED) for told in wishes):
                wishes.add(f"{AGED}{int(wish)}")
            continue
        if one["entity"] not in _ENTITIES or wish not in _WISHES:
            continue
        before, after = text[told_until:start], text[end:]
        need_not, turned = _NEED_NOT.search(before), _AGAINST.search(before)
        # "Not mondays or fridays" says no to both.
        against = bool(turned or _NO_GOOD.match(after)) or (against and bool(_OR.fullmatch(before)))
        if need_not:
            dropped.add(wish)
        elif not against:
            wishes.add(wish)
        elif opposite := _OPPOSITES.get(wish, f"{_NOT}{wish}" if wish in TIMES else None):
            dropped.add(wish)
            wishes.add(opposite)
        cut = need_not or turned
        rest.append(before[: cut.start()] if cut else before)
        told_until = max(end, told_until)
    return wishes, dropped, " ".join([*rest, text[told_until:]])


_FAMILIES = (
    frozenset({"morning", "afternoon", "daytime", "evening"}),
    frozenset(TIMES - {"morning", "afternoon", "daytime", "evening"}),
    frozenset({"online", "in person"}),
    frozenset({"women", "men"}),
)


def _replaces(told: str, wish: str) -> bool:
    """Whether both cannot hold: two ages, a day and another, or a thing and its contrary."""
    bare, old = told.removeprefix(_NOT), wish.removeprefix(_NOT)
    if told.startswith(_NOT) or wish.startswith(_NOT):
        return bare == old
    return _family(told) == _family(wish)


def _family(wish: str) -> object:
    """What only the latest wish counts of."""
    if wish.startswith(AGED):
        return AGED
    return next((family for family in _FAMILIES if wish in family), wish)
