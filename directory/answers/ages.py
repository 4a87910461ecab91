"""Compares the age that a question names with the ages that a statement gives.

Pure functions of two texts in lower case.
"""

import re

_NUMERALS = (
    "three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
)
_AGE_WORDS = dict(zip(_NUMERALS.split(), range(3, 17), strict=True))
_NUMBER = rf"(\d{{1,2}}|{'|'.join(_AGE_WORDS)})"
_OTHER_UNIT = (
    r"(?!\s*(?:am|pm|:|%|\.\d|o.clock|points?|weeks?|months?|min|hours?|days?|miles?|people|kids|"
    r"children|of us|stone|times))"
)
_ASKED = (
    re.compile(
        r"\b(?:i am|am i|he is|she is|is|aged?|of|at(?= 1[1-9])|my \w+ is|my \w+|only|turned|"
        r"turning) "
        rf"(?:only |just |nearly |now )?{_NUMBER}\b{_OTHER_UNIT}"
    ),
    re.compile(rf"\b{_NUMBER}[ -](?:year|yr)"),
    re.compile(rf"^(?:can )?(?:a|an) {_NUMBER}\b{_OTHER_UNIT}"),
)
# The age that stands for a stage of life. Who is only brought along is not meant.
_STAGES = (
    (re.compile(r"\b(?:teenagers?|teens)\b"), 15),
    (re.compile(r"\b(?:do|does|can|could|are|is) (?:they see |it for )?(?:kids|children)\b"), 8),
)
_DECADES = {"thirties": 30, "forties": 40, "fifties": 50, "sixties": 60, "seventies": 70}
_NUMBERS = {
    "five": 5, "seven": 7, "eleven": 11, "fifty": 50, "sixty": 60, "eighteen": 18, "sixteen": 16
} | _DECADES  # fmt: skip
_WRITTEN_NUMBER = re.compile(rf"\b({'|'.join(_NUMBERS)})(?=s?\b)")
_ABOUT_AGE = re.compile(r"\bage|\byear|\byrs?\b|\bbetween\b|\d\s*s\b|\bolds?\b|\byoung|child|adult")
# "School years 5-11" are no ages.
_RANGE = re.compile(
    r"(?<![\d.:£])(?<!\byears )(?<!\byear )"
    r"(\d{1,2})\s*(?:years?|yrs?)?\s*-?\s*(?:-|–|—|to|and|until)\s*(\d{1,2})"
    r"(?!\s*(?::|am|pm|\.\d|hours?|weeks?|min|miles?)|\d)"
)
_LEAST = re.compile(
    r"\b(?:over|aged?|ages|minimum age|at least|older than|from)[\s:-]*(?:the )?(?:age of )?"
    r"(?:is )?(\d{1,2})(?:s\b|\b)"
    r"(?!\s*(?:am|pm|:|\.|%|weeks?|hours?|min|miles?|people|years of exp))"
    r"|\b(\d{1,2})\s*(?:years?|yrs?)?\s*(?:old )?(?:\+|plus\b|(?:and|or) (?:over|above|older)\b)"
)
_MOST = re.compile(
    r"\b(?:under|up to|below|younger than|ages up to)[\s-]*(?:the )?(?:age(?: of)? )?"
    r"(\d{1,2})(?:s|\s*years?)?\b(?!\s*(?:hours?|weeks?|people|miles?|min|:|\d))"
)
_ADULTS = re.compile(r"\badults?\b|\bgrown-?ups?\b")
_LEGAL_AGE = 18
_TOO = re.compile(r"\btoo (?:young|old)\b")


def find_asked_age(question: str) -> int | None:
    """The age in years that a question names, if any."""
    for pattern in _ASKED:
        if match := pattern.search(question):
            return _AGE_WORDS.get(match[1]) or int(match[1])
    return next((age for pattern, age in _STAGES if pattern.search(question)), None)


def compare_ages(question: str, statement: str) -> int:
    """1 if the age that is named suits the statement's, -1 if not, 0 if either has none."""
    age = find_asked_age(question)
    if age is None:
        return 0
    ranges = _find_ranges(_WRITTEN_NUMBER.sub(lambda word: str(_NUMBERS[word[0]]), statement))
    if not ranges:
        return 0
    suits = any(least <= age <= most for least, most in ranges)
    return 1 if suits != bool(_TOO.search(question)) else -1


def _find_ranges(text: str) -> list[tuple[int, int]]:
    ranges = []
    if _ABOUT_AGE.search(text):
        ranges = [
            (int(match[1]), int(match[2]))
            for match in _RANGE.finditer(text)
            if int(match[1]) < int(match[2])
        ]
    if ranges:
        return ranges
    ranges = [(int(match[1] or match[2]), 200) for match in _LEAST.finditer(text)]
    ranges = ranges or [(0, int(match[1])) for match in _MOST.finditer(text)]
    if not ranges and _ADULTS.search(text) and not re.search(r"\bchild|\byoung", text):
        return [(_LEGAL_AGE, 200)]
    return ranges
