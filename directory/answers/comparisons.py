"""Compares what a question names with what a statement gives: days, times, ages, languages.

Pure functions of two texts. A comparison gives 1 for yes, -1 for no, and 0 where either names
nothing to compare.
"""

import re

from directory.answers.ages import compare_ages, find_asked_age
from directory.answers.clock_times import compare_clock_times, find_asked_time

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = (
    r"(mon|tue|wed|thu|fri|sat|sun)"
    r"(?:days?|nesdays?|sdays?|rsdays?|ursdays?|urdays?|s|es|rs|urs|nes|ds)?"
)
_TO = r"\.?\s*(?:-|–|—|to|until|till|through)\s*"
_DAY_NAME = re.compile(rf"\b{_DAY}\b")
_DAY_RANGE = re.compile(rf"\b{_DAY}\b{_TO}\b{_DAY}\b")
_EVERY_DAY = re.compile(
    r"\b(?:every day|daily(?! (?:tasks?|life|living|lives|routines?|activit\w+|needs))|seven days|"
    r"7 days|any day)\b|24/7"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
    r"(?:uary|ruary|ch|il|e|y|ust|t|tember|ober|ember)?"
)
_MONTH_NAME = re.compile(
    r"\b(january|february|march|april|(?<=in )may|june|july|august|september|october|november|"
    r"december)\b"
)
_MONTH_RANGE = re.compile(rf"\b{_MONTH}\b{_TO}\b{_MONTH}\b")
_SEASONS = {
    "winter": {11, 0, 1},
    "spring": {2, 3, 4},
    "summer": {5, 6, 7},
    "autumn": {8, 9, 10},
    "christmas": {11},
    "winter months": {11, 0, 1},
    "new year": {0},
    "halloween": {9},
}
_EXCEPTION = re.compile(
    r"\b(?:except|apart from|but not|but|no|not|closed?|closes|excluding|breaks?|pauses?)\b"
)
_RHYTHMS = (
    # The first that fits counts: "every other week" is not weekly.
    (
        "fortnightly",
        re.compile(r"\bfortnight\w*|\bevery (?:other|second|two weeks)|\balternate|\bbi-?weekly"),
    ),
    (
        "monthly",
        re.compile(
            r"\bmonthly\b"
            r"|\b(?:once|twice|day|sunday|saturday) (?:a|of the|of each|of every) month\b"
            r"|\bevery month\b"
            r"|\b(?:first|1st|second|2nd|third|3rd|fourth|4th|last) (?:and \w+ )?"
            r"(?:mon|tue|wed|thu|fri|sat|sun)\w*\b"
        ),
    ),
    ("daily", re.compile(r"\bdaily\b|\bevery day\b|\b(?:7|seven) days\b|\b365\b")),
    (
        "weekly",
        re.compile(
            r"\bweekly\b|\b(?:every|each|a|per) (?:week|mon|tue|wed|thu|fri|sat|sun)\w*"
            r"|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days\b"
        ),
    ),
    ("in term", re.compile(r"\bterms?\b|\b\w+[ -]week (?:course|term|block)")),
    ("all year", re.compile(r"\ball (?:the )?year\b|\byear[ -]round\b|\b52 weeks\b")),
)
_ASKED_RHYTHM = re.compile(
    r"\b(?:every (?:week|day|month|fortnight|mon|tue|wed|thu|fri|sat|sun|other)\w*|weekly|daily|"
    r"monthly|fortnightly|once a (?:week|month)|all (?:the )?year|year[ -]round)\b"
)
_OUTCODE = re.compile(r"\b([a-z]{1,2}\d{1,2}[a-z]?)(?: ?\d[a-z]{2})?\b")
_COVERS = re.compile(r"\bpost ?codes?\b|\bcover|\bserv|\bliv(?:e|ing)\b|\bresid")
LANGUAGES = frozenset(
    "english welsh polish urdu arabic somali punjabi bengali hindi gujarati cantonese mandarin "
    "chinese spanish french italian portuguese romanian ukrainian russian farsi persian kurdish "
    "turkish tamil sylheti german pashto dari swahili albanian vietnamese greek tigrinya amharic "
    "bsl czech slovak hungarian lithuanian latvian bulgarian thai japanese korean nepali".split()
)
"""The languages that people ask for by name, in lower case."""
_ASKED_AMOUNT = re.compile(r"\b(more than|over|less than|under) (?:a )?£ ?(\d+(?:\.\d\d)?)")
_AMOUNT = re.compile(r"£ ?(\d+(?:\.\d\d)?)")
_LETTERS = re.compile(r"[a-z]+")
_CLOSED = re.compile(r"\b(?:close|closed|closes|shut|shuts|stop|pause)\b")
_SUMMER = re.compile(r"\b(?:august|summer|half term|school holidays)\b")
_TERM_ONLY = re.compile(r"\bterm[- ]time\b")
_HOLIDAY = re.compile(r"\b(?:christmas|easter)\b")
_BANK_HOLIDAYS = re.compile(r"\bbank holidays?\b")

COMPARED = ("day", "month", "age", "time", "rhythm", "postcode", "language", "amount")
"""The names of the comparisons, in the order in which `compare` gives them."""


def compare(question: str, statement: str) -> tuple[int, ...]:
    """The comparisons of what `COMPARED` names, in that order."""
    question, statement = question.casefold(), statement.casefold()
    return (
        _compare_sets(_find_days(question), _find_days(statement), question, statement),
        _compare_months(question, statement),
        compare_ages(question, statement),
        compare_clock_times(question, statement),
        _compare_rhythms(question, statement),
        _compare_postcodes(question, statement),
        int(bool(find_languages(question) & find_languages(statement))),
        _compare_amounts(question, statement),
    )


def names_values(question: str) -> tuple[bool, ...]:
    """Which of `COMPARED` a question names, in that order."""
    question = question.casefold()
    return (
        bool(_find_days(question)),
        bool(_find_months(question)),
        find_asked_age(question) is not None,
        find_asked_time(question) is not None,
        bool(_ASKED_RHYTHM.search(question)),
        bool(_OUTCODE.search(question)),
        bool(find_languages(question)),
        bool(_ASKED_AMOUNT.search(question)),
    )


def find_languages(text: str) -> frozenset[str]:
    """The languages that a text names."""
    return LANGUAGES & frozenset(_LETTERS.findall(text.casefold()))


def _compare_months(question: str, statement: str) -> int:
    asked = _find_months(question)
    if _HOLIDAY.search(question) and _BANK_HOLIDAYS.search(statement):
        return -1 if re.search(r"\b(?:closed?|except|not|no)\b", statement) else 1
    if _SUMMER.search(question) and _TERM_ONLY.search(statement):
        return -1
    result = _compare_sets(asked, _find_months(statement), question, statement)
    # A month that is named alone is not all the year that there is.
    is_whole = _MONTH_RANGE.search(statement) or _EXCEPTION.search(statement)
    return result if result > 0 or is_whole else 0


def _compare_rhythms(question: str, statement: str) -> int:
    if not _ASKED_RHYTHM.search(question):
        return 0
    asked = _find_rhythm(question)
    if asked == "all year":
        given = {name for name, pattern in _RHYTHMS if pattern.search(statement)}
        return 1 if asked in given else -1 if "in term" in given else 0
    rhythm = _find_rhythm(statement)
    if not asked or not rhythm:
        return 0
    return 1 if asked == rhythm else -1


def _compare_amounts(question: str, statement: str) -> int:
    asked = _ASKED_AMOUNT.search(question)
    amounts = [float(amount) for amount in _AMOUNT.findall(statement)]
    if "free" in statement.split() and not amounts:
        amounts = [0.0]
    if not asked or not amounts:
        return 0
    is_less = asked[1] in ("less than", "under")
    limit = float(asked[2])
    return 1 if (max(amounts) < limit if is_less else min(amounts) > limit) else -1


def _find_rhythm(text: str) -> str:
    return next((name for name, pattern in _RHYTHMS if pattern.search(text)), "")


def _compare_postcodes(question: str, statement: str) -> int:
    asked, given = (set(_OUTCODE.findall(text)) for text in (question, statement))
    if not asked or not given:
        return 0
    if asked & given:
        return 1
    return -1 if len(given) > 1 or _COVERS.search(statement) else 0


def _compare_sets(asked: set[int], given: set[int], question: str, statement: str) -> int:
    if not asked or not given:
        return 0
    if _CLOSED.search(question):
        return -_compare_sets(asked, given, _CLOSED.sub("", question), statement)
    exception = _EXCEPTION.search(statement)
    if not exception:
        return 1 if asked & given else -1
    # What stands before the exception is on, what stands behind it is not.
    find = _find_days if _find_days(question) else _find_months
    before, behind = find(statement[: exception.start()]), find(statement[exception.end() :])
    if asked & behind:
        return -1
    return 1 if not before or asked & before else -1


def _find_days(text: str) -> set[int]:
    days = {_DAYS.index(day[1]) for day in _DAY_NAME.finditer(text)}
    for match in _DAY_RANGE.finditer(text):
        days |= _fill(_DAYS.index(match[1]), _DAYS.index(match[2]), 7)
    if _EVERY_DAY.search(text):
        days |= set(range(7))
    if "weekend" in text:
        days |= {5, 6}
    if "weekday" in text:
        days |= set(range(5))
    return days


def _find_months(text: str) -> set[int]:
    months = {_MONTHS.index(month[1][:3]) for month in _MONTH_NAME.finditer(text)}
    for match in _MONTH_RANGE.finditer(text):
        months |= _fill(_MONTHS.index(match[1]), _MONTHS.index(match[2]), 12)
    for season, numbers in _SEASONS.items():
        if season in text:
            months |= numbers
    return months


def _fill(first: int, last: int, length: int) -> set[int]:
    return {(first + step) % length for step in range((last - first) % length + 1)}
