"""Criteria: each judges one listing, every row of an index, or a row in SQL.

Owns the three readings of each criterion, side by side; a test holds them together. The SQL
conditions may let through more than they should, as `rank` has the last word, but never less.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, and_, cast, func, or_, true

from directory.indexing.bits import join_bits, list_bits, pack_names
from directory.indexing.entries import UNKNOWN, count_days, read_day
from directory.indexing.entry_arrays import Entries
from directory.indexing.mentions import quote_mention
from directory.indexing.needs import NEEDS, UNKNOWN_VERDICT, UNSUITABLE, Verdict, judge_need
from directory.indexing.postgres_schema import (
    ANY_DAY,
    ANY_HOUR,
    ENTRY_SEARCH,
    SmallIntegers,
    has_any_bit,
)
from directory.indexing.times import (
    TIME_ORDER,
    TIMES,
    TimePreferences,
    find_time_mentions,
    is_time,
    list_hours,
    parse_times,
)
from directory.listing import DAYS, REPEATS, STATUSES, Listing, Schedule
from directory.schedule import describe_date, find_dates

Condition = ColumnElement[bool]
Verdicts = NDArray[np.int8]
"""One verdict a row: 1 where the listing suits, -1 where it does not, 0 where it does not say."""

_OPEN = STATUSES.index("open")
_ONCE = 1 + REPEATS.index("once")


class Criterion(Protocol):
    """One thing that a listing is judged by. Criteria are hashable and compare by value."""

    def judge(self, listing: Listing, today: date, /) -> Verdict:
        """The verdict on one listing, with its reason; sessions before `today` are over."""

    def judge_entries(self, entries: Entries, today: date, /) -> Verdicts:
        """The same verdict on every row of the entries."""

    def build_allowed(self) -> Condition:
        """SQL that is true of every row that does not fail the criterion."""

    def build_suited(self) -> Condition:
        """SQL that is true of every row that is known to meet the criterion."""


def make_criteria(
    needs: Collection[str],
    age: int | None,
    dates: tuple[date, date] | None,
    oldest: int | None = None,
) -> list[Criterion]:
    """The criteria for a person's needs and times, their age, and the days they want to go on.

    With `oldest`, the person is between `age` and it.
    """
    times = frozenset(filter(is_time, needs))
    # A date is a better reason than its weekday.
    criteria: list[Criterion] = [TimesCriterion(times, explains=dates is None)] if times else []
    criteria += [NeedCriterion(need) for need in sorted(set(needs) - times)]
    if age is not None:
        criteria.append(AgeCriterion(age, oldest))
    if dates is not None:
        criteria.append(DatesCriterion(*dates))
    return criteria


@dataclass(frozen=True)
class NeedCriterion:
    """One of `NEEDS`. Raises KeyError for another name."""

    need: str

    def __post_init__(self) -> None:
        if self.need not in NEEDS:
            raise KeyError(self.need)

    def judge(self, listing: Listing, _today: date = date.min) -> Verdict:
        return judge_need(listing, self.need)

    def judge_entries(self, entries: Entries, _today: date = date.min) -> Verdicts:
        verdicts: Verdicts = entries.facts["needs"][:, NEEDS.index(self.need)]
        return verdicts

    def build_allowed(self) -> Condition:
        return ~has_any_bit(ENTRY_SEARCH.c.refuses, self._bit)

    def build_suited(self) -> Condition:
        return has_any_bit(ENTRY_SEARCH.c.suits, self._bit)

    @property
    def _bit(self) -> int:
        return pack_names([self.need], NEEDS)


@dataclass(frozen=True)
class AgeCriterion:
    """The age of the person who would come, in years; with `oldest`, from `age` to that.

    A listing that takes somebody of such an age suits.
    """

    age: int
    oldest: int | None = None

    @property
    def last(self) -> int:
        """The greatest age that the person may have."""
        return self.age if self.oldest is None else self.oldest

    def judge(self, listing: Listing, _today: date = date.min) -> Verdict:
        youngest, oldest = listing.minimum_age, listing.maximum_age
        if youngest is None and oldest is None:
            return UNKNOWN_VERDICT
        if self.last < (youngest or 0) or (oldest is not None and self.age > oldest):
            return UNSUITABLE
        if self.last > self.age:
            return Verdict(True, "It is for people of that age")
        return Verdict(True, f"It is for people of {self.age}")

    def judge_entries(self, entries: Entries, _today: date = date.min) -> Verdicts:
        youngest, oldest = entries.facts["youngest"], entries.facts["oldest"]
        verdicts = np.ones(len(entries), dtype=np.int8)
        verdicts[(self.last < youngest) | ((oldest != UNKNOWN) & (self.age > oldest))] = -1
        verdicts[(youngest == UNKNOWN) & (oldest == UNKNOWN)] = 0
        return verdicts

    def build_allowed(self) -> Condition:
        youngest, oldest = ENTRY_SEARCH.c.youngest, ENTRY_SEARCH.c.oldest
        return and_(youngest <= self.last, or_(oldest == UNKNOWN, oldest >= self.age))

    def build_suited(self) -> Condition:
        return or_(ENTRY_SEARCH.c.youngest != UNKNOWN, ENTRY_SEARCH.c.oldest != UNKNOWN)


@dataclass(frozen=True)
class DatesCriterion:
    """The days from `first` to `last`: the listing is on, by its schedules, on one of them."""

    first: date
    last: date

    def judge(self, listing: Listing, today: date = date.min) -> Verdict:
        if listing.status != "open":
            return UNSUITABLE
        dates = [find_dates(schedule, self.first, self.last) for schedule in listing.schedules]
        if day := min((day for days in dates for day in days or ()), default=None):
            return Verdict(True, describe_date(listing, day, today))
        return UNSUITABLE if dates and None not in dates else UNKNOWN_VERDICT

    def judge_entries(self, entries: Entries, _today: date = date.min) -> Verdicts:
        # Many sessions have the same rule, and working out its days is slow.
        rules, rule_numbers = np.unique(
            entries.sessions.values[["days", "repeats", "starts", "ends"]], return_inverse=True
        )
        by_rule = [_judge_rule(*rule, first=self.first, last=self.last) for rule in rules.tolist()]
        verdicts = _take_best_session(entries, np.array(by_rule, dtype=np.int8)[rule_numbers])
        verdicts[entries.facts["status"] != _OPEN] = -1
        return verdicts

    def build_allowed(self) -> Condition:
        return true()

    def build_suited(self) -> Condition:
        # The table does not know which days a rule falls on: any listing with times may suit.
        return func.cardinality(ENTRY_SEARCH.c.slots) > 0


@lru_cache(maxsize=10_000)
def _judge_rule(days: int, repeats: int, starts: int, ends: int, first: date, last: date) -> int:
    """The verdict on a session of entries for the days from `first` to `last`."""
    schedule = Schedule(
        days=tuple(DAYS[bit] for bit in list_bits(days)),
        repeats=REPEATS[repeats - 1] if repeats else "",
        starts=read_day(starts),
        ends=read_day(ends),
    )
    dates = find_dates(schedule, first, last)
    return 0 if dates is None else 1 if dates else -1


@dataclass(frozen=True)
class TimesCriterion:
    """Names in `TIMES`, each perhaps with "not " before it, for one session to meet together.

    Two days mean either of the two: a session on a Tuesday, and in the evening.
    """

    times: frozenset[str]
    explains: bool = True

    def judge(self, listing: Listing, today: date = date.min) -> Verdict:
        preferences = parse_times(self.times)
        verdicts = [
            False if _is_over(schedule, today) else _judge_schedule(schedule, preferences)
            for schedule in listing.schedules
        ]
        if True in verdicts:
            return Verdict(True, "It is on at a time you asked for" if self.explains else "")
        if verdicts and None not in verdicts:
            return UNSUITABLE
        mentions = find_time_mentions(listing)
        names = sorted(self.times & TIMES)
        if names and all(name in mentions for name in names):
            return Verdict(True, quote_mention(mentions[names[0]]))
        return UNKNOWN_VERDICT

    def judge_entries(self, entries: Entries, today: date = date.min) -> Verdicts:
        days, hours = entries.sessions.values["days"], entries.sessions.values["hours"]
        preferences = parse_times(self.times)
        # Each test: where the session says, and where what it says suits.
        tests: list[tuple[NDArray[np.bool_], NDArray[np.bool_]]] = []
        if preferences.days:
            tests.append((days != 0, days & pack_names(preferences.days, DAYS) != 0))
        if preferences.excluded_days:
            excluded = np.uint8(pack_names(preferences.excluded_days, DAYS))
            tests.append((days != 0, days & ~excluded != 0))
        if preferences.hours:
            tests.append((hours != 0, hours & join_bits(preferences.hours) != 0))
        if preferences.excluded_hours:
            tests.append((hours != 0, hours & join_bits(preferences.excluded_hours) == 0))
        verdicts = np.ones(len(days), dtype=np.int8)
        for is_known, suits in tests:
            # The worst result counts: no, then silence, then yes.
            result = np.where(is_known, np.where(suits, 1, -1), 0)
            verdicts = np.minimum(verdicts, result).astype(np.int8)
        verdicts[_find_over(entries, today)] = -1
        verdicts = _take_best_session(entries, verdicts)
        if bits := self._mention_bits:
            mentioned = entries.facts["time_mentions"] & bits == bits
            verdicts = np.where((verdicts == 0) & mentioned, 1, verdicts).astype(np.int8)
        return verdicts

    def build_allowed(self) -> Condition:
        return true()

    def build_suited(self) -> Condition:
        preferences = parse_times(self.times)
        # A session that is also on another day than the excluded ones suits.
        days = [
            DAYS.index(day) for day in preferences.days or set(DAYS) - preferences.excluded_days
        ]
        hours = sorted((preferences.hours or set(range(24))) - preferences.excluded_hours)
        slots = [24 * day + hour for day in days for hour in hours]
        if not preferences.hours and not preferences.excluded_hours:
            slots += [ANY_DAY + day for day in days]
        if not preferences.days and not preferences.excluded_days:
            slots += [ANY_HOUR + hour for hour in hours]
        is_on: Condition = ENTRY_SEARCH.c.slots.op("&&")(cast(slots, SmallIntegers))
        bits = self._mention_bits
        return or_(is_on, ENTRY_SEARCH.c.times_told.op("&")(bits) == bits) if bits else is_on

    @property
    def _mention_bits(self) -> int:
        return pack_names(self.times & TIMES, TIME_ORDER)


def _is_over(schedule: Schedule, today: date) -> bool:
    last = schedule.ends or (schedule.starts if schedule.repeats == "once" else None)
    return last is not None and last < today


def _find_over(entries: Entries, today: date) -> NDArray[np.bool_]:
    """The sessions that ended before `today`."""
    sessions = entries.sessions.values
    starts_last = (sessions["repeats"] == _ONCE) & (sessions["ends"] == UNKNOWN)
    last = np.where(starts_last, sessions["starts"], sessions["ends"])
    is_over: NDArray[np.bool_] = (last != UNKNOWN) & (last < count_days(today))
    return is_over


def _judge_schedule(schedule: Schedule, preferences: TimePreferences) -> bool | None:
    days, hours = set(schedule.days), set(list_hours(schedule))
    results: list[bool | None] = []
    if preferences.days:
        results.append(bool(days & preferences.days) if days else None)
    if preferences.excluded_days:
        results.append(bool(days - preferences.excluded_days) if days else None)
    if preferences.hours:
        results.append(bool(hours & preferences.hours) if hours else None)
    if preferences.excluded_hours:
        # Another day of the session would do, but not a part of its time.
        results.append(not hours & preferences.excluded_hours if hours else None)
    if False in results:
        return False
    return None if None in results else True


def _take_best_session(entries: Entries, verdicts: Verdicts) -> Verdicts:
    """The verdict on each row, from those on its sessions: one that suits is enough."""
    best = np.full(len(entries), -2, dtype=np.int8)
    np.maximum.at(best, entries.sessions.rows, verdicts)
    return np.where(best == -2, 0, best).astype(np.int8)
