"""Compares the time of day that a question names with the times that a statement gives.

Pure functions of two texts in lower case. Times are hours as numbers: 18.5 is half past six.
"""

import re

Span = tuple[float, float]

_PARTS_OF_DAY: tuple[tuple[re.Pattern[str], Span], ...] = (
    (re.compile(r"\bmornings?\b"), (5, 12)),
    (re.compile(r"\bafternoons?\b"), (12, 17)),
    (re.compile(r"\b(?:evenings?|after work|tonight)\b"), (17.5, 22)),
    (re.compile(r"\b(?:lunch ?times?|dinner ?times?)\b"), (12, 14)),
    (re.compile(r"\b(?:at night|overnight|nights|late at)\b"), (20, 24)),
)
_TIME = r"(\d{1,2})(?:[:.](\d\d))? ?(am|pm|noon)?"
_SPAN = re.compile(
    rf"(?<![\d£.,]){_TIME}\s*(?:-|–|—|to|until|till?|and)\s*{_TIME}(?![\d%])"
    r"(?! ?(?:miles|weeks|years|people|times|hours|minutes))"
)
_START = re.compile(rf"(?:\bfrom|\bat|\bstarts?(?: at)?|,)? ?(?<![\d£.,]){_TIME}(?!\d)")
_ALL_DAY = re.compile(r"\b24 ?hours?\b|\b24/7\b|\bday (?:and|or) night\b")
_ASKED_TIME = re.compile(
    rf"\b(at|til|till|until|by|before|after|from|around) {_TIME}"
    r"(?! ?(?:years|months|weeks|of us|people|old|minutes|miles)|\d)"
    r"|\b(?<![£\d])(\d{1,2})(?:[:.](\d\d))? ?"
    r"(am|pm|o.clock|in the (?:morning|afternoon|evening)|at night)"
)
_EVENING = re.compile(r"\b(?:evening|night|pm|afternoon)\b")
_MORNING = re.compile(r"\b(?:morning|am)\b")


def compare_clock_times(question: str, statement: str) -> int:
    """1 if the statement's times hold the one that is named, -1 if not, 0 if either has none."""
    asked = find_asked_time(question)
    if asked is None:
        return 0
    if _ALL_DAY.search(statement):
        return 1
    spans = _find_spans(statement)
    if not spans:
        # "an evening group" says when it is, though not from when to when.
        named = [part for pattern, part in _PARTS_OF_DAY if pattern.search(statement)]
        if not named or asked[0] == asked[1]:
            return 0
        return 1 if asked in named else -1
    begin, end = asked
    if begin == end:
        return 1 if any(first <= begin <= last for first, last in spans) else -1
    return 1 if any(max(begin, first) < min(end, last) for first, last in spans) else -1


def find_asked_time(question: str) -> Span | None:
    """The time or the part of the day that a question names, if any."""
    if match := _ASKED_TIME.search(question):
        hour = int(match[2] or match[5])
        minutes = int(match[3] or match[6] or 0)
        mark = match[4] or match[7] or ""
        if hour > 24 or minutes > 59:
            return None
        is_late = bool(_EVENING.search(question)) and not _MORNING.search(question)
        # Where nothing tells, eight is in the evening and nine in the morning.
        is_after_noon = mark in ("pm", "at night", "in the afternoon", "in the evening") or (
            not mark and (is_late or hour < 9)
        )
        if hour < 12 and is_after_noon:
            hour += 12
        moment = hour + minutes / 60
        return (moment, moment)
    return next((part for pattern, part in _PARTS_OF_DAY if pattern.search(question)), None)


def _find_spans(text: str) -> list[Span]:
    spans = []
    for match in _SPAN.finditer(text):
        has_mark = bool(match[3] or match[6] or match[2] or match[5])
        first, last = int(match[1]), int(match[4])
        if first > 24 or last > 24 or not (has_mark or last < first):
            continue
        begin = _read_hour(first, match[2], match[3])
        end = _read_hour(last, match[5], match[6])
        if not match[6] and not match[3] and last <= 12 and end <= begin:
            end += 12
        if match[6] == "pm" and not match[3] and first < 12 and begin + 12 < end:
            begin += 12
        if begin < end <= 24:
            spans.append((begin, end))
    if not spans:
        # Where only the beginning is given, an hour or two is meant.
        spans = [
            (begin, begin + 1.5)
            for match in _START.finditer(text)
            if match[3] and int(match[1]) <= 12
            for begin in (_read_hour(int(match[1]), match[2], match[3]),)
        ]
    return spans


def _read_hour(hour: int, minutes: str | None, mark: str | None) -> float:
    if (mark == "pm" and hour < 12) or (mark == "noon" and hour != 12):
        hour += 12
    if mark == "am" and hour == 12:
        hour = 0
    return hour + int(minutes or 0) / 60
