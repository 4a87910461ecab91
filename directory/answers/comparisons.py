"""Compares what a question names with what a statement gives: days, months and ages.

Pure functions of two texts. A comparison gives 1 for yes, -1 for no, and 0 where either names
nothing to compare.
"""

import re

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = (
    r"(mon|tue|wed|thu|fri|sat|sun)"
    r"(?:days?|nesdays?|sdays?|rsdays?|ursdays?|urdays?|s|es|rs|urs|nes|ds)?"
)
_TO = r"\.?\s*(?:-|–|—|to|until|till|through)\s*"
_DAY_NAME = re.compile(rf"\b{_DAY}\b")
_DAY_RANGE = re.compile(rf"\b{_DAY}\b{_TO}\b{_DAY}\b")
_EVERY_DAY = re.compile(r"\b(?:every day|daily|seven days|7 days|any day)\b|24/7")
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
    "new year": {0},
    "halloween": {9},
}
_EXCEPTION = re.compile(
    r"\b(?:except|apart from|but not|but|no|not|closed?|closes|excluding|break)\b"
)
_NUMERALS = (
    "three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
)
_AGE_WORDS = dict(zip(_NUMERALS.split(), range(3, 17), strict=True))
_NUMBER = rf"(\d{{1,2}}|{'|'.join(_AGE_WORDS)})"
_OTHER_UNIT = (
    r"(?!\s*(?:am|pm|:|%|\.\d|o.clock|points?|weeks?|months?|min|hours?|days?|miles?|people|kids|"
    r"children))"
)
_AGE_IN_QUESTION = (
    re.compile(
        r"\b(?:i am|am i|he is|she is|is|aged?|of|at|my \w+ is|my \w+|only) "
        rf"(?:only |just |nearly )?{_NUMBER}\b{_OTHER_UNIT}"
    ),
    re.compile(rf"\b{_NUMBER}[ -](?:year|yr)"),
    re.compile(rf"^(?:can )?(?:a|an) {_NUMBER}\b{_OTHER_UNIT}"),
)
_AGE_RANGE = re.compile(
    r"(\d{1,2})\s*(?:-|–|—|to|and|years? to|until)\s*(\d{1,2})"
    r"(?!\s*(?::|am|pm|\.\d|hours?|weeks?|min|miles?))"
)
_ABOUT_AGE = re.compile(r"\bage|\byear|\bbetween\b|\d\s*s\b|\bolds?\b|\byoung")
_LEAST_AGE = (
    re.compile(
        r"\b(?:over|aged?|ages|minimum age|at least|older than)\s*:?\s*"
        r"(?:the\s*)?(?:age of\s*)?(?:is\s*)?(\d{1,2})s?\b"
    ),
    re.compile(
        r"\b(\d{1,2})\s*(?:\+|plus\b|(?:years? )?(?:old )?(?:and|or) (?:over|above|older)\b)"
    ),
)
_MOST_AGE = re.compile(
    r"\b(?:under|up to|below|younger than|ages up to)\s*(?:the\s*)?(?:age(?: of)?\s*)?"
    r"(\d{1,2})(?:s|\s*years?)?\b(?!\s*(?:hours?|weeks?|people|miles?|min))"
)
_FIVE = {
    "five": "5",
    "seven": "7",
    "eleven": "11",
    "fifty": "50",
    "sixty": "60",
    "eighteen": "18",
    "sixteen": "16",
}
_ADULTS = re.compile(r"\badults?\b|\bgrown-?ups?\b")
_LEGAL_AGE = 18


def compare(question: str, statement: str) -> tuple[int, int, int]:
    """The comparisons of days, months and ages."""
    question, statement = question.casefold(), statement.casefold()
    return (
        _compare_sets(_find_days(question), _find_days(statement), question, statement),
        _compare_sets(_find_months(question), _find_months(statement), question, statement),
        _compare_ages(question, statement),
    )


def _compare_sets(asked: set[int], given: set[int], question: str, statement: str) -> int:
    if not asked or not given:
        return 0
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


def _compare_ages(question: str, statement: str) -> int:
    match = next(filter(None, (pattern.search(question) for pattern in _AGE_IN_QUESTION)), None)
    if not match:
        return 0
    age = _AGE_WORDS.get(match[1]) or int(match[1])
    least, most = _find_ages(statement)
    if least is None and most is None:
        return 0
    suits = (least is None or age >= least) and (most is None or age <= most)
    if re.search(r"\btoo (?:young|old)\b", question):
        suits = not suits
    return 1 if suits else -1


def _find_ages(text: str) -> tuple[int | None, int | None]:
    text = re.sub(
        r"\b(?:five|seven|eleven|fifty|sixty|eighteen|sixteen)(?=s?\b)",
        lambda word: _FIVE[word[0]],
        text,
    )
    between = _AGE_RANGE.search(text)
    if between and int(between[1]) < int(between[2]) and _ABOUT_AGE.search(text):
        return int(between[1]), int(between[2])
    most = _MOST_AGE.search(text)
    least = next(filter(None, (pattern.search(text) for pattern in _LEAST_AGE)), None)
    if least or most:
        return int(least[1]) if least else None, int(most[1]) if most and not least else None
    return (_LEGAL_AGE, None) if _ADULTS.search(text) else (None, None)
