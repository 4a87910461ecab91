"""Whether a listing suits what would make going easier: its time, its building, who it is for.

Pure functions of a listing. Each verdict is True, False or None for "it does not say", and
each True comes with the fact that shows it. Must never take silence for a yes or for a no.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from directory.listing import DAYS, Listing, Schedule
from directory.schedule import find_dates

_NOON, _FIVE = 12, 17
_WEEK = {day.casefold(): day for day in DAYS}
_DAYS_OF = {
    **{name: frozenset({day}) for name, day in _WEEK.items()},
    "weekend": frozenset(DAYS[5:]),
    "weekday": frozenset(DAYS[:5]),
}
_HOURS_OF = {
    "morning": range(_NOON),
    "afternoon": range(_NOON, _FIVE),
    "daytime": range(_FIVE),
    "evening": range(_FIVE, 24),
}
TIMES = frozenset({*_DAYS_OF, *_HOURS_OF})
"""What a single session must meet together: a Tuesday, and in the evening."""
TIME_ORDER = tuple(sorted(TIMES))
_TOLD = re.compile(rf"\b({'|'.join(TIME_ORDER)})s?\b", re.I)


@dataclass(frozen=True)
class Verdict:
    """`suits` is None where the listing does not say; `reason` is empty unless it is True."""

    suits: bool | None
    reason: str = ""


_UNSAID = Verdict(None)
_UNFIT = Verdict(False)


def judge_times(listing: Listing, needs: Collection[str], today: date = date.min) -> Verdict:
    """Whether one session of the listing is on such a day and at such an hour.

    `needs` are of `TIMES`, or of them with "not " before: two days mean either of the two.
    What ended before `today` is no session any more.
    """
    sessions = [
        False if _is_over(schedule, today) else _session_suits(schedule, needs)
        for schedule in listing.schedules
    ]
    if True in sessions:
        return Verdict(True, "It is on at a time you asked for")
    if sessions and None not in sessions:
        return _UNFIT
    told = _times_said(listing)
    found = [told.get(need) for need in sorted(needs) if need in TIMES]
    if found and all(found):
        return _mentions(next(filter(None, found)))
    return _UNSAID


def times_told(listing: Listing) -> frozenset[str]:
    """Those of `TIMES` that its words speak of, whatever its sessions say."""
    return frozenset(_times_said(listing))


def _times_said(listing: Listing) -> dict[str, re.Match[str]]:
    told = f"{listing.name}. {listing.description} {listing.commitment}"
    found: dict[str, re.Match[str]] = {}
    for one in _TOLD.finditer(told):
        if (time := one[1].casefold()) not in found and not _is_denied(told, one):
            found[time] = one
    return found


def parse_times(needs: Collection[str]) -> tuple[set[str], set[str], set[int], set[int]]:
    """The days wanted, the days barred, the hours wanted and the hours barred by `needs`."""
    return (
        _join(_DAYS_OF, needs),
        _join(_DAYS_OF, needs, "not "),
        _join(_HOURS_OF, needs),
        _join(_HOURS_OF, needs, "not "),
    )


def judge_age(listing: Listing, age: int) -> Verdict:
    """Whether somebody of `age`, in years, may come."""
    youngest, oldest = listing.minimum_age, listing.maximum_age
    if youngest is None and oldest is None:
        return _UNSAID
    if age < (youngest or 0) or (oldest is not None and age > oldest):
        return _UNFIT
    return Verdict(True, f"It is for people of {age}")


def judge_week(listing: Listing, first: date) -> Verdict:
    """Whether it is on, by its rules, in the seven days from `first`."""
    if listing.status != "open":
        return _UNFIT
    found = [find_dates(one, first, first + timedelta(days=6)) for one in listing.schedules]
    if days := sorted(day for dates in found for day in dates or ()):
        return Verdict(True, f"You can go on {days[0]:%A} {days[0].day} {days[0]:%B}")
    return _UNFIT if found and None not in found else _UNSAID


def _is_over(schedule: Schedule, today: date) -> bool:
    last = schedule.starts if schedule.repeats == "once" else None
    ends = schedule.ends or last
    return ends is not None and ends < today


def _session_suits(schedule: Schedule, needs: Collection[str]) -> bool | None:
    days, hours = set(schedule.days), set(hours_of(schedule))
    wanted, barred, wanted_hours, barred_hours = parse_times(needs)
    said: list[bool | None] = []
    if wanted:
        said.append(bool(days & wanted) if days else None)
    if barred:
        said.append(bool(days - barred) if days else None)
    if wanted_hours:
        said.append(bool(hours & wanted_hours) if hours else None)
    if barred_hours:
        # Another day of the session would do, but not a part of its time.
        said.append(not hours & barred_hours if hours else None)
    if False in said:
        return False
    return None if None in said else True


def _join(
    meanings: Mapping[str, Collection[Any]], needs: Collection[str], before: str = ""
) -> set[Any]:
    """The days or hours of every need that has `before` in front of its name."""
    return {one for name, of in meanings.items() if before + name in needs for one in of}


def hours_of(schedule: Schedule) -> range:
    """The hours of the day that it touches; one, where only the start is known."""
    opens, closes = schedule.opens_at, schedule.closes_at
    if opens is None:
        return range(0)
    ends = closes.hour + bool(closes.minute) if closes else 0
    return range(opens.hour, max(opens.hour + 1, ends))


def _find(pattern: re.Pattern[str], told: str) -> re.Match[str] | None:
    """What the words say, unless they say it is not so."""
    return next((one for one in pattern.finditer(told) if not _is_denied(told, one)), None)


def _is_denied(told: str, found: re.Match[str]) -> bool:
    # A no is heard over three words: what stands farther off is not looked at.
    before = told[max(0, found.start() - _EARSHOT) : found.start()]
    after = told[found.end() : found.end() + _EARSHOT]
    return bool(_DENIED.search(before) or _TAKEN_BACK.search(after))


_EARSHOT = 80
_DENIED = re.compile(
    r"\b(?:no|not|nor|without|cannot|can['’]t|don['’]t|isn['’]t|never|neither|except|closed|"
    r"excluding)(?: \w+){0,3} ?$",
    re.I,
)
# What takes it back after it was said: "step-free access: no", "the loop is broken".
_TAKEN_BACK = re.compile(
    r"^(?: (?:access|toilets?|loops?|loos?|available|welcome|lift))?(?:"
    r" ?[:\-–(,]\s*(?:no|not|none|n/a|unavailable)\b"
    r"|[\w ]{0,12}? (?:is|are|was|will be|do|does|isn['’]t|aren['’]t)? ?"
    r"(?:not\b|n['’]t\b|unavailable|broken|out of|planned|closed|coming|only (?:to|in|for|on|with))"
    r"|[\w ]{0,12}? (?:isn|aren|don|doesn)['’]t\b"
    r"|[\w ]{0,12}? (?:is|are) (?:a|half a|two|several) miles?)",
    re.I,
)


def _mentions(found: re.Match[str]) -> Verdict:
    return Verdict(True, f"It mentions “{found[0].casefold()}”")


def _has(
    pattern: str, against: str = r"(?!)", noted: str = r"(?!)"
) -> Callable[[Listing], Verdict]:
    """A need that the listing's words may speak of; `noted` counts in its access notes alone."""
    speaks_for, speaks_against = re.compile(pattern, re.I), re.compile(against, re.I)
    in_notes = re.compile(f"{pattern}|{noted}", re.I)

    def judge_words(listing: Listing) -> Verdict:
        notes = "; ".join(listing.accessibility)
        told = f"{listing.name}. {listing.description}"
        if speaks_against.search(notes) or speaks_against.search(told):
            return _UNFIT
        found = _find(in_notes, notes) or _find(speaks_for, told)
        return _mentions(found) if found else _UNSAID

    return judge_words


def _judge_online(listing: Listing) -> Verdict:
    if listing.online:
        return Verdict(True, "You can join from home, online")
    return _UNFIT if listing.places else _ON_SCREEN(listing)


_ON_SCREEN = _has(
    r"\b(?:(?<!book )(?<!apply )(?<!register )(?<!pay )(?<!buy )(?<!donate )(?<!order )(?<!more )"
    r"online|zoom|by phone|over the phone|from home)\b",
    r"\bnot online\b",
)


def _judge_in_person(listing: Listing) -> Verdict:
    if listing.places:
        return Verdict(True, "You meet people face to face")
    return _UNFIT if listing.online else _UNSAID


def _is_for(people: str, others: str, words: str) -> Callable[[Listing], Verdict]:
    """A need for a group of one's own: `others` alone in the audience speak against it."""
    by_name = re.compile(words, re.I)

    def judge_audience(listing: Listing) -> Verdict:
        audience = {one.casefold() for one in listing.audience}
        if people in audience and others not in audience:
            return Verdict(True, f"It is for {people}")
        if others in audience and people not in audience:
            return _UNFIT
        found = _find(by_name, f"{listing.name}. {listing.description}")
        return _mentions(found) if found else _UNSAID

    return judge_audience


_WITH_CHILDREN = re.compile(
    r"\b(?:families|parents?|child(?:ren)?|toddlers?|babies|baby(?! chang)|grandparents?)\b", re.I
)
_GROWN_UP = 16


def _judge_children(listing: Listing) -> Verdict:
    if listing.minimum_age is not None and listing.minimum_age >= _GROWN_UP:
        return _UNFIT
    told = "; ".join((*listing.audience, listing.name, *listing.accessibility))
    found = _find(_WITH_CHILDREN, told) or _find(_CHILDREN_TOO, listing.description)
    return _mentions(found) if found else _UNSAID


_CHILDREN_TOO = re.compile(
    r"\b(?:families|children|kids|toddlers|babies)(?: are| is)?(?: very| always)? welcome\b"
    r"|\b(?:bring|with) (?:your|the) (?:child(?:ren)?|kids|baby|toddlers?|little ones)\b"
    r"|\b(?:whole|all the) family\b",
    re.I,
)

NEEDS: dict[str, Callable[[Listing], Verdict]] = {
    "step-free": _has(
        r"\bstep[- ]free\b|\blevel (?:access|paths?)\b|\bno steps\b|\b(?:there is|with) a lift\b"
        r"|\bwheelchair (?:lift|access(?:ible)?|friendly|users? (?:are )?welcome)\b"
        r"|\b(?:fully|disabled) access(?:ible)?\b",
        r"\b(?:not|no) (?:\w+ )?(?:wheelchair|step[- ]free|level|disabled) access(?:ible)?\b"
        r"|\bnot (?:\w+ )?accessible\b|\b(?:only by|flights? of|are|steep) stairs\b|\bno lift\b",
        r"\b(?:lift|ramps?)\b",
    ),
    "accessible toilet": _has(r"\b(?:accessible|disabled) (?:toilet|loo)s?\b|\bchanging places\b"),
    "hearing loop": _has(r"\b(?:hearing|induction) loop\b"),
    "bus": _has(r"\bbus(?:es)?(?: (?:stops?|routes?|number))?\b", r"\bno bus(?:es)?\b"),
    "online": _judge_online,
    "in person": _judge_in_person,
    "women": _is_for("women", "men", r"\bwomen(?:['’]?s)?[- ]only\b|\bfor women\b|\bladies\b"),
    "men": _is_for("men", "women", r"\bmen(?:['’]?s)?[- ]only\b|\bfor men\b|\bmen['’]s shed\b"),
    "children": _judge_children,
}
"""What can be asked for, by the name it has among a person's wishes."""


Demand = frozenset[str] | str | int | date
"""One thing to judge by: times to be met together, another need, an age, or a week by its
first day."""


def demands(needs: Collection[str], age: int | None, week: date | None = None) -> list[Demand]:
    """What `judge` has to be asked, for all of the needs, the age and the week."""
    times = frozenset(need for need in needs if need.removeprefix("not ") in TIMES)
    asked: list[Demand] = [times] if times else []
    asked += sorted(set(needs) - times)
    return [*asked, *(one for one in (age, week) if one is not None)]


def judge(listing: Listing, demand: Demand, today: date = date.min) -> Verdict:
    """Whether the listing meets the demand. Raises KeyError for a need that there is not.

    What ended before `today` counts no more.
    """
    if isinstance(demand, date):
        return judge_week(listing, demand)
    if isinstance(demand, int):
        return judge_age(listing, demand)
    if isinstance(demand, str):
        return NEEDS[demand](listing)
    return judge_times(listing, demand, today)
