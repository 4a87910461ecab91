"""What every listing says of a demand, at once: `fitting` over arrays instead of listings.

Says of each listing just what `fitting.judge` says of it; a test holds the two together.
"""

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from directory.indexing.criteria import NEEDS, TIME_ORDER, Demand, parse_times
from directory.indexing.entries import UNKNOWN, Entries, count_days
from directory.listing import DAYS, REPEATS, STATUSES, Schedule
from directory.schedule import find_dates

Verdicts = NDArray[np.int8]
"""1 where a listing suits, -1 where it does not, 0 where it does not say."""

_OPEN = STATUSES.index("open")
_NEED_NUMBER = {need: number for number, need in enumerate(NEEDS)}


def judge_all(entries: Entries, demand: Demand, today: date = date.min) -> Verdicts:
    """The verdict of every row, as `fitting.judge` gives it.

    Raises KeyError for a need that there is not.
    """
    if isinstance(demand, date):
        return _judge_week(entries, demand)
    if isinstance(demand, int):
        return _judge_age(entries, demand)
    if isinstance(demand, str):
        needs: Verdicts = entries.facts["needs"][:, _NEED_NUMBER[demand]]
        return needs
    return _judge_times(entries, demand, today)


def _judge_week(entries: Entries, first: date) -> Verdicts:
    def is_on(session: np.void) -> int:
        key = tuple(int(session[name]) for name in ("days", "repeats", "starts", "ends"))
        return _is_on(*key, first=first)

    distinct, which = np.unique(
        entries.sessions.values[["days", "repeats", "starts", "ends"]], return_inverse=True
    )
    said = np.array([is_on(session) for session in distinct], dtype=np.int8)
    verdicts = _best_session(entries, said[which] if len(said) else said)
    verdicts[entries.facts["status"] != _OPEN] = -1
    return verdicts


@lru_cache(maxsize=10_000)
def _is_on(days: int, repeats: int, starts: int, ends: int, first: date) -> int:
    schedule = Schedule(
        days=tuple(day for bit, day in enumerate(DAYS) if days >> bit & 1),
        repeats=REPEATS[repeats - 1] if repeats else "",
        starts=_read_day(starts),
        ends=_read_day(ends),
    )
    found = find_dates(schedule, first, first + timedelta(days=6))
    return 0 if found is None else 1 if found else -1


def _read_day(days: int) -> date | None:
    return None if days == UNKNOWN else date(1970, 1, 1) + timedelta(days=days)


def _judge_age(entries: Entries, age: int) -> Verdicts:
    youngest, oldest = entries.facts["youngest"], entries.facts["oldest"]
    said = np.ones(len(entries), dtype=np.int8)
    said[(age < youngest) | ((oldest != UNKNOWN) & (age > oldest))] = -1
    said[(youngest == UNKNOWN) & (oldest == UNKNOWN)] = 0
    return said


def _judge_times(entries: Entries, needs: Collection[str], today: date) -> Verdicts:
    days, hours = entries.sessions.values["days"], entries.sessions.values["hours"]
    wanted, barred, wanted_hours, barred_hours = parse_times(needs)
    tests: list[tuple[NDArray[np.bool_], NDArray[np.bool_]]] = []
    if wanted:
        tests.append((days != 0, days & _mask(map(DAYS.index, wanted)) != 0))
    if barred:
        tests.append((days != 0, days & ~np.uint8(_mask(map(DAYS.index, barred))) != 0))
    if wanted_hours:
        tests.append((hours != 0, hours & _mask(wanted_hours) != 0))
    if barred_hours:
        tests.append((hours != 0, hours & _mask(barred_hours) == 0))
    said = np.ones(len(days), dtype=np.int8)
    for known, suits in tests:
        # The worst of what is said of a session is said of it: no, silence, yes.
        said = np.minimum(said, np.where(known, np.where(suits, 1, -1), 0)).astype(np.int8)
    said[_find_over(entries, today)] = -1
    verdicts = _best_session(entries, said)
    if named := _mask(number for number, time in enumerate(TIME_ORDER) if time in needs):
        told = entries.facts["times_told"] & named == named
        verdicts = np.where((verdicts == 0) & told, 1, verdicts).astype(np.int8)
    return verdicts


def _find_over(entries: Entries, today: date) -> NDArray[np.bool_]:
    """The sessions that ended before today."""
    sessions = entries.sessions.values
    once = sessions["repeats"] == 1 + REPEATS.index("once")
    last = np.where(once & (sessions["ends"] == UNKNOWN), sessions["starts"], sessions["ends"])
    over: NDArray[np.bool_] = (last != UNKNOWN) & (last < count_days(today))
    return over


def _best_session(entries: Entries, said: Verdicts) -> Verdicts:
    """One session that suits is enough; only if none may is it a no."""
    best = np.full(len(entries), -2, dtype=np.int8)
    np.maximum.at(best, entries.sessions.rows, said)
    return np.where(best == -2, 0, best).astype(np.int8)


def _mask(bits: Iterable[int]) -> int:
    return sum(1 << bit for bit in bits)
