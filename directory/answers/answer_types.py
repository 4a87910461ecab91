"""The kinds of value that a question may ask for: an amount, a clock time, a day, a number to ring.

An open question that wants one of them is answered only by a statement that holds one.
"""

import re

_NUMBER_WORDS = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|"
    "fifty|sixty|eighty|ninety|hundred|half|couple|once|twice|both"
)
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"

_FOUND_BY = {
    "money": r"£|\b\d+p\b|\bfree\b|\bno (?:cost|charge|fee)|\bcharges?\b|\bfees?\b"
    r"|\bprices?\b|\bcosts?\b"
    r"|\bdonations?\b|\bpay (?:what|as|on|per|for)\b",
    "clock": r"\b\d{1,2}(?:[:.]\d\d)? ?(?:am|pm|noon|o.clock)|\b\d{1,2}[:.]\d\d\b|\b\d{4} ?(?:to|-)"
    r"|\b(?:noon|midday|midnight)\b|\bhalf (?:past|\w+)\b|\bquarter (?:to|past)\b|24 ?hours?|24/7"
    r"|\bday and night\b|\b\d{1,2} ?(?:-|–|to|til|till) ?\d{1,2}\b|\btimes?\b|\bo'clock\b",
    "end": r"\b\d{1,2}(?:[:.]\d\d)? ?(?:am|pm)? ?(?:-|–|—|to|till?|until) ?\d{1,2}"
    r"|\b(?:until|till|finish\w*|ends?|close[sd]?|closing)\b",
    "weekday": r"\b(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\b|\bweek(?:day|end)s?\b"
    r"|\bevery day\b|\bdaily\b"
    r"|24/7|\b(?:seven|7) days\b|\bdays?\b",
    "date": rf"\b(?:{_MONTHS})[a-z]*\b|\bholidays?\b|\bterm\b|\bchristmas\b|\bsummer\b|\bwinter\b"
    r"|\bdates?\b|\byear\b",
    "duration": rf"\b(?:\d+|{_NUMBER_WORDS}|an?|one|whole|full|all|few|several)"
    r"(?: an?|[- ]to[- ]\w+)?[ -]?(?:\w+ )?"
    r"(?:minutes?|mins?|hours?|hrs?|weeks?|months?|years?|days?|nights?|morning)\b"
    r"|\b\d{1,2}(?:[:.]\d\d)? ?(?:am|pm)? ?(?:-|–|—|to|till?|until) ?\d{1,2}|\bas long as\b"
    r"|\bongoing\b|\blong[- ]term\b|\b\d{4}\b|\buntil\b",
    "telephone": r"\+?\d[\d ()]{8,}\d|\b\d{3,6}\b.*\b(?:ring|call|text|phone)"
    r"|\b(?:text|ring|call)\b.*\d{3}",
    "address": r"@",
    "link": r"www\.|https?://|\bwebsite\b|\bfacebook\b|\.(?:org|com|co|gov)\b",
    "number": rf"\d|\b(?:{_NUMBER_WORDS})\b|\bevery\b|\bweekly\b|\bmonthly\b|\bfortnight"
    r"|\bdaily\b|\b(?:an?|per) "
    r"(?:hour|day|week|month|year|term|fortnight)\b",
    "age": r"\b(?:all|any|every) ages?\b|\badults?\b|\bteen\w*|\bbabies\b|\btoddlers?\b"
    r"|\b(?:young|older) (?:people|adults|persons?)\b|\bpre-?school|\bschool[- ]age|\bage[ds]? of\b"
    r"|(?<![\d:.£/])\b\d{1,2}(?:s|\+)?\b(?![:.]\d|am|pm| ?(?:am|pm|minutes?|hours?|weeks?|miles?))",
    "venue": r"\b[A-Z]{1,2}\d{1,2}[A-Z]? ?\d[A-Z]{2}\b"
    r"|\b(?:road|street|lane|avenue|hall|centre|center|church|chapel|library|school|park|square|"
    r"house|hub|club|pub|inn|arms|gardens?|room|rooms|building|caf[eé]|hospital|clinic|"
    r"address|located|based|venue|meet(?:s|ing)? (?:at|in|outside)|held (?:at|in)|allotments?)\b",
    "distance": r"\bmiles?\b|\bkm\b|\bmetres?\b|\byards?\b|\bminutes?\b",
}
TYPES = tuple(_FOUND_BY)
"""The names of the kinds of value."""
_FINDERS = {name: re.compile(pattern, re.I) for name, pattern in _FOUND_BY.items()}

# The first that fits counts.
_ASKED_BY = [
    (re.compile(pattern), types)
    for pattern, types in (
        (
            r"\b(?:how|what|up to what|from what) (?:old|ages?)\b|\bage (?:limit|range|group)",
            ("age",),
        ),
        (r"\bhow far\b|\bhow many miles\b", ("distance",)),
        (
            r"^where (?:is|are) (?:it|they|that|this)\b"
            r"|\bwhere do (?:they|you|we) (?:meet|go|start)"
            r"|\b(?:the|their|what) address\b|\bwhere$|\bwhere is it\b",
            ("venue",),
        ),
        (
            r"\b(?:what time|when)\b.*\b(?:finish(?:es)?|ends?|over|closes?|shuts?)\b",
            ("end",),
        ),
        (r"\bhow long\b", ("duration", "date")),
        (r"\bhow (?:often|many|big)\b|\bhow much time\b|\bhow soon\b", ("number",)),
        (
            r"\bhow much (?:is|are|does|do|would|will|for|to|per|an?|each|the)\b|^how much$"
            r"|\bhow much (?:did|can)\b"
            r"|\bwhat (?:is|are|does|do) (?:it|the) (?:cost|price|fee|charge)"
            r"|\bwhat (?:does it cost|do they charge|do (?:i|you) pay)\b",
            ("money",),
        ),
        (
            r"\bwhat time\b|\b(?:opening|visiting) (?:hours|times)\b|\bhow (?:late|early)\b",
            ("clock",),
        ),
        (
            r"\b(?:what|which) (?:days?|nights?|mornings?|afternoons?|evenings?|sunday|saturday)\b",
            ("weekday",),
        ),
        (r"^when\b|\bwhen$|\bwhen (?:is|are|does|do|can|will)\b", ("clock", "weekday", "date")),
        (
            r"\b(?:phone|telephone|contact) number\b|\bnumber do i\b|\bnumber to ring\b",
            ("telephone",),
        ),
        (r"\bemail\b", ("address",)),
        (r"^how much\b|\bhow much$", ("money", "number")),
        (r"\bweb ?(?:site|page|address)\b", ("link",)),
    )
]


def find_types(text: str) -> frozenset[str]:
    """The kinds of value that a statement holds."""
    return frozenset(name for name, finder in _FINDERS.items() if finder.search(text))


def expect_types(question: str) -> frozenset[str]:
    """The kinds of which an answer to an open question holds one; empty if any words will do."""
    for pattern, types in _ASKED_BY:
        if pattern.search(question):
            return frozenset(types)
    return frozenset()
