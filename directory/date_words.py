"""Finds the days that a text speaks of: "tonight", "next tuesday", "12 december", "over christmas".

A bare weekday is no date here, as it may mean every week. Pure functions of a text and the time.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from dateutil.easter import easter

from directory.listing import DAYS

MONTHS = (
    "january february march april may june july august september october november december"
).split()
"""Their names in lower case, January first."""
_MONTH = "|".join(f"{name[:3]}(?:{name[3:]})?" for name in MONTHS).replace(
    "sep(?:tember)", "sept?(?:ember)"
)
_DAY_NAME = "|".join(f"{name[:3]}(?:{name[3:]})?s?" for name in map(str.lower, DAYS))
_DAY_NUMBER = r"(?P<day>[0-3]?\d)(?:st|nd|rd|th)?"
_OVER = r"(?:over|during|around|at|for|on|before|open) (?:the )?"
_CHRISTMAS = r"(?:christ?mas|x-?mas|crimbo)"
_NEW_YEAR = r"new year'?s?"


@dataclass(frozen=True)
class DateWords:
    """The words from `start` to `end` of a text, the days they mean, and the hours if they say.

    `first` and `last` are both included. An empty `hours` means any hour.
    """

    start: int
    end: int
    first: date
    last: date
    hours: frozenset[int] = frozenset()


_Meaning = Callable[[re.Match[str], datetime], tuple[date, date, Sequence[int]] | None]


def find_date_words(text: str, now: datetime) -> list[DateWords]:
    """The days in `text`, in order; `now` is the time where the person is."""
    found: list[DateWords] = []
    for words in sorted(_find_all(text, now), key=lambda words: (words.start, -words.end)):
        if not found or words.start >= found[-1].end:
            found.append(words)
    return found


def find_day_of_month(number: int, month: str, today: date) -> date | None:
    """The next day of that number, today or later, in the month that is named, if one is.

    The first three letters of `month`, in lower case, tell. None if there is no such day.
    """
    for ahead in range(13):
        year, index = divmod(today.year * 12 + today.month - 1 + ahead, 12)
        if month and MONTHS[index][:3] != month[:3]:
            continue
        try:
            day = date(year, index + 1, number)
        except ValueError:
            continue
        if day >= today:
            return day
    return None


def _find_all(text: str, now: datetime) -> Iterator[DateWords]:
    for pattern, find_meaning in _MEANINGS:
        for match in pattern.finditer(text):
            if meaning := find_meaning(match, now):
                first, last, hours = meaning
                yield DateWords(match.start(), match.end(), first, last, frozenset(hours))


def _mean_days(first: int, last: int, hours: Callable[[int], Sequence[int]]) -> _Meaning:
    def find(_match: re.Match[str], now: datetime) -> tuple[date, date, Sequence[int]]:
        today = now.date()
        return today + timedelta(first), today + timedelta(last), hours(now.hour)

    return find


def _mean_weekend(_match: re.Match[str], now: datetime) -> tuple[date, date, Sequence[int]]:
    today = now.date()
    saturday = today + timedelta((5 - today.weekday()) % 7)
    if today.weekday() == 6:
        return today, today, ()
    return max(today, saturday), saturday + timedelta(1), ()


def _mean_next_week(_match: re.Match[str], now: datetime) -> tuple[date, date, Sequence[int]]:
    monday = now.date() + timedelta(7 - now.weekday())
    return monday, monday + timedelta(6), ()


def _mean_next_weekday(match: re.Match[str], now: datetime) -> tuple[date, date, Sequence[int]]:
    names = [name[:3].casefold() for name in DAYS]
    ahead = (names.index(match["weekday"][:3].casefold()) - now.weekday()) % 7
    if ahead == 0 and (match["which"] or "").casefold() == "next":
        ahead = 7
    day = now.date() + timedelta(ahead)
    return day, day, ()


def _mean_day_of_month(
    match: re.Match[str], now: datetime
) -> tuple[date, date, Sequence[int]] | None:
    month = (match.groupdict().get("month") or "").casefold()
    day = find_day_of_month(int(match["day"]), month, now.date())
    return (day, day, ()) if day else None


def _mean_feast(first: tuple[int, int], last: tuple[int, int]) -> _Meaning:
    """Days of the year, as month and day; those after new year belong to the feast before it."""

    def find(_match: re.Match[str], now: datetime) -> tuple[date, date, Sequence[int]]:
        today = now.date()
        for year in (today.year - 1, today.year, today.year + 1):
            begins = date(year, *first)
            ends = date(year + (last < first), *last)
            if ends >= today:
                break
        return max(begins, today), ends, ()

    return find


def _mean_easter(first: int, last: int) -> _Meaning:
    """Days counted from Easter Sunday."""

    def find(_match: re.Match[str], now: datetime) -> tuple[date, date, Sequence[int]]:
        today = now.date()
        for year in (today.year, today.year + 1):
            begins, ends = (easter(year) + timedelta(days) for days in (first, last))
            if ends >= today:
                break
        return max(begins, today), ends, ()

    return find


def _any_hour(_hour: int) -> Sequence[int]:
    return ()


def _from_now(hour: int) -> Sequence[int]:
    return range(hour, 24)


_MEANINGS: list[tuple[re.Pattern[str], _Meaning]] = [
    (re.compile(rf"\b{pattern}\b", re.IGNORECASE), meaning)
    for pattern, meaning in (
        (
            r"(?:(?<=\bopen )|(?<=\bon )|(?<=\bhappening )|(?<=\bavailable ))(?:right )?now",
            _mean_days(0, 0, lambda hour: [hour]),
        ),
        (r"(?:today|2day|to day)", _mean_days(0, 0, _from_now)),
        (
            r"(?:tonight|tonite|2nite|this (?:evening|eve|evenin))",
            _mean_days(0, 0, lambda hour: range(max(17, hour), 24)),
        ),
        (r"this (?:aft|afternoon|arvo)", _mean_days(0, 0, lambda hour: range(max(12, hour), 17))),
        (r"(?:tomorrow|tomorow|tommorow|tommorrow|tomoz|tmrw|2moro)", _mean_days(1, 1, _any_hour)),
        (r"(?:this week(?! ?end)|(?:in the )?next few days)", _mean_days(0, 6, _any_hour)),
        (r"next week(?! ?end)", _mean_next_week),
        (r"(?:this|the) (?:coming )?week ?end", _mean_weekend),
        (rf"(?P<which>next|this|this coming|coming) (?P<weekday>{_DAY_NAME})", _mean_next_weekday),
        (rf"{_DAY_NUMBER}(?: of)? (?P<month>{_MONTH})", _mean_day_of_month),
        (
            rf"(?P<month>{_MONTH}) (?:the )?{_DAY_NUMBER}(?! ?(?:am|pm|:|people|of|times|days))",
            _mean_day_of_month,
        ),
        (r"on the (?P<day>[0-3]?\d)(?:st|nd|rd|th)(?! (?:one|floor|of))", _mean_day_of_month),
        (rf"{_CHRISTMAS} eve", _mean_feast((12, 24), (12, 24))),
        (rf"{_CHRISTMAS} day", _mean_feast((12, 25), (12, 25))),
        (r"boxing day", _mean_feast((12, 26), (12, 26))),
        (rf"{_NEW_YEAR} eve", _mean_feast((12, 31), (12, 31))),
        (rf"{_NEW_YEAR} day", _mean_feast((1, 1), (1, 1))),
        (rf"{_OVER}{_CHRISTMAS}(?! (?:day|eve))", _mean_feast((12, 24), (1, 1))),
        (rf"{_OVER}{_NEW_YEAR}(?! (?:day|eve))", _mean_feast((12, 31), (1, 2))),
        (r"good friday", _mean_easter(-2, -2)),
        (r"easter sunday", _mean_easter(0, 0)),
        (r"easter monday", _mean_easter(1, 1)),
        (rf"{_OVER}easter(?! (?:sunday|monday))", _mean_easter(-2, 1)),
    )
]
