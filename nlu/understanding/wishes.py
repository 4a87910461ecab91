"""Wishes, which a search must keep to: found among a message's entities, and merged.

A wish is a text: "free", "near", days after ON, a need of `directory.indexing.needs`, a time of
`directory.indexing.times`, perhaps after NOT, or an age after AGED. Slots hold wishes in this form.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from directory.date_words import DateWords, find_date_words
from directory.indexing.needs import NEEDS
from directory.indexing.times import TIMES, is_time, name_hours
from directory.listing import DAYS
from nlu.understanding.ages import Ages, read_ages
from nlu.understanding.negation import Negation, NegationKind, find_negations

FREE = "free"
NEAR = "near"
HAVE_A_SAY = "have_a_say"
VOLUNTEER = "give"
ON = "on "
"""Before the first and the last day, such as "on 2026-12-24 2027-01-01"."""
AGED = "aged "
NOT = "not "

WISHES_BY_INTENT = {"have_a_say": HAVE_A_SAY, "offer_help": VOLUNTEER}
ONE_SEARCH_WISHES = frozenset({HAVE_A_SAY, VOLUNTEER, NEAR})
"""Wishes that are not carried over to the next search."""

_WISH_ENTITIES = frozenset({"cost", "distance", "day_time", "access", "audience"})
_KNOWN_WISHES = frozenset({FREE, NEAR, *NEEDS, *TIMES})
_OPPOSITES = {"online": "in person", "in person": "online"}
_HOURS = frozenset({"morning", "afternoon", "daytime", "evening"})
# Only the latest wish of each group counts.
_EXCLUSIVE_GROUPS = (
    _HOURS,
    frozenset(TIMES - _HOURS),
    frozenset({"online", "in person"}),
    frozenset({"women", "men"}),
)

# A parent comes along with a younger child, so a group that adults may bring one to suits too.
_GOES_ALONE = 5
_BRITAIN = ZoneInfo("Europe/London")
# "After 6" without more is in the evening; "before 9" is in the morning.
_EARLIEST_HOUR = 8
_NO_CLOCK = r"\d|to\b|-|minutes?|hours?|days?|weeks?|months?|years?|people|miles?|pounds?|sessions?"
_CLOCK = re.compile(
    r"\b(?P<side>after|from|past|before|by|until|till) (?P<hour>\d{1,2})(?:[:.]\d\d)? ?"
    rf"(?:(?P<half>[ap])\.?m\b|o'?clock\b|\b(?!\W*(?:{_NO_CLOCK})))",
    re.IGNORECASE,
)

# In a wish such as "no steps", which means step-free.
_SAYS_NO = re.compile(
    r"\b(?:no|not|never|without|cannot|(?:ca|do|does|did|wo|is|has|have|ai)n'?t)\b", re.IGNORECASE
)


@dataclass(frozen=True)
class WishChanges:
    """The wishes that a message adds, drops and refuses; in `rest`, its text, they are blank.

    What is refused has no opposite to wish for, such as "children".
    """

    added: frozenset[str]
    dropped: frozenset[str]
    rest: str
    refused: frozenset[str] = frozenset()


def read_wishes(
    text: str,
    entities: Iterable[Mapping[str, Any]],
    now: datetime | None = None,
    negations: Sequence[Negation] | None = None,
) -> WishChanges:
    """Read the wishes in `text`, whose `entities` are in Rasa's form.

    "Tomorrow" is counted from `now`, by default the time in Britain. `negations` are those of
    `text`, found now if they are None.
    """
    now = now or datetime.now(_BRITAIN)
    negations = find_negations(text) if negations is None else negations
    added: set[str] = set()
    dropped: set[str] = set()
    refused: set[str] = set()
    rest = text
    position = 0
    for start, end, meanings in _find_wishes(text, entities, now):
        if start < position:
            continue
        position = max(end, position)
        rest = f"{rest[:start]}{' ' * (end - start)}{rest[end:]}"
        kind = _find_negation(text, start, end, negations)
        if kind == "not_needed":
            dropped |= meanings
        elif kind is None:
            # Of several ages, the first is the person's own.
            is_second_age = read_aged(added) is not None and read_aged(meanings) is not None
            added |= frozenset() if is_second_age else meanings
        elif any(map(is_date, meanings)):
            # "Not today" says nothing about other weeks.
            dropped |= meanings
        else:
            for meaning in meanings:
                opposite = f"{NOT}{meaning}" if is_time(meaning) else None
                if opposite := _OPPOSITES.get(meaning, opposite):
                    dropped.add(meaning)
                    added.add(opposite)
                elif meaning in NEEDS:
                    dropped.add(meaning)
                    refused.add(meaning)
    if read_aged(added) is None and (ages := read_ages(text, now.date())):
        added.add(_name_ages(*ages))
    return WishChanges(frozenset(added), frozenset(dropped), rest, frozenset(refused))


def _find_negation(
    text: str, start: int, end: int, negations: Sequence[Negation]
) -> NegationKind | None:
    """How the wish at these positions is said no to, unless its own words say so."""
    for negation in negations:
        if negation.start < end and start < negation.end:
            return None if _SAYS_NO.search(text, start, negation.start) else negation.kind
    return None


def _find_wishes(
    text: str, entities: Iterable[Mapping[str, Any]], now: datetime
) -> list[tuple[int, int, frozenset[str]]]:
    """Where each wish begins and ends, and what it means; dates come before the days in them."""
    found = [(words.start, words.end, _name_date(words)) for words in find_date_words(text, now)]
    found += [(match.start(), match.end(), _name_hours(match)) for match in _CLOCK.finditer(text)]
    for entity in entities:
        wish = str(entity["value"])
        start, end = entity.get("start") or 0, entity.get("end") or 0
        if entity["entity"] == "age" and re.fullmatch("[0-9]{1,3}", wish):
            found.append((start, end, frozenset({f"{AGED}{int(wish)}"})))
        elif entity["entity"] in _WISH_ENTITIES and wish in _KNOWN_WISHES:
            found.append((start, end, frozenset({wish})))
    return sorted(found, key=lambda wish: wish[0])


def _name_ages(first: int, last: int) -> str:
    if last < _GOES_ALONE:
        return "children"
    return f"{AGED}{first} to {last}" if first < last else f"{AGED}{first}"


def list_lasting_wishes(wishes: Iterable[str]) -> frozenset[str]:
    """Those of `wishes` that the next search keeps; a date and its hours are for one search."""
    wishes = frozenset(wishes)
    has_date = any(map(is_date, wishes))
    return frozenset(
        wish
        for wish in wishes - ONE_SEARCH_WISHES
        if not (has_date and (is_date(wish) or is_time(wish)))
    )


def merge_wishes(known: Iterable[str], changes: WishChanges) -> list[str]:
    """The `known` wishes after `changes`, sorted; within a group only the latest counts."""
    known = set(known)
    has_new_day = any(is_date(wish) or wish in TIMES - _HOURS for wish in changes.added)
    if any(map(is_date, known)) and has_new_day:
        # "This weekend" after "tomorrow night" asks for no night.
        known = {wish for wish in known if not (is_date(wish) or is_time(wish))}
    remaining = {
        wish
        for wish in known - changes.dropped
        if not any(_replaces(new, wish) for new in changes.added)
    }
    return sorted(remaining | changes.added)


def read_aged(wishes: Iterable[str]) -> Ages | None:
    """The age among `wishes`, in years: the youngest and the oldest that the person may be."""
    for wish in wishes:
        if wish.startswith(AGED):
            first, _, last = wish.removeprefix(AGED).partition(" to ")
            return int(first), int(last or first)
    return None


def read_needs(wishes: Iterable[str]) -> frozenset[str]:
    """Those of `wishes` that a search judges each listing by."""
    return frozenset(wish for wish in wishes if wish in NEEDS or is_time(wish))


def makes_going_easier(wish: str) -> bool:
    """Whether the wish answers "What would make it easier to go?"."""
    return wish not in ONE_SEARCH_WISHES and not wish.startswith((AGED, ON))


def is_date(wish: str) -> bool:
    """Whether the wish is for one day or more, by date."""
    return wish.startswith(ON)


def read_dates(wishes: Iterable[str]) -> tuple[date, date] | None:
    """The first and the last day among `wishes`."""
    for wish in filter(is_date, wishes):
        first, last = map(date.fromisoformat, wish.removeprefix(ON).split())
        return first, last
    return None


def _name_date(words: DateWords) -> frozenset[str]:
    """The wishes for a date; the weekday as well, so that one session must meet day and hours."""
    names = {f"{ON}{words.first} {words.last}"}
    if words.first == words.last:
        names.add(DAYS[words.first.weekday()].casefold())
    if words.hours:
        names.add(name_hours(min(words.hours), max(words.hours)))
    return frozenset(names)


def _name_hours(match: re.Match[str]) -> frozenset[str]:
    """The wish in words such as "after 6" or "before 10am"."""
    hour = int(match["hour"]) % 12 if match["half"] else int(match["hour"])
    is_afternoon = match["half"] == "p" or (not match["half"] and hour < _EARLIEST_HOUR)
    hour += 12 if is_afternoon and hour < 12 else 0
    if hour > 23:
        return frozenset()
    is_until = match["side"].casefold() in {"before", "by", "until", "till"}
    return frozenset({name_hours(0, hour - 1) if is_until and hour else name_hours(hour, 23)})


def _replaces(new: str, known: str) -> bool:
    """Whether both wishes cannot hold: two ages, two days, or a wish and its negation."""
    if new.startswith(NOT) or known.startswith(NOT):
        return new.removeprefix(NOT) == known.removeprefix(NOT)
    return _find_group(new) == _find_group(known)


def _find_group(wish: str) -> object:
    for prefix in (AGED, ON, "hours "):
        if wish.startswith(prefix):
            return prefix
    return next((group for group in _EXCLUSIVE_GROUPS if wish in group), wish)
