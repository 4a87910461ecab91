"""Questions that a field of the listing settles: what it costs, where it is, who it is for.

Only a plain question counts, such as "is it free" or "when is it": one that names anything else is
left to what the listing says about that. Must never take an empty field for an answer.
"""

import re
from dataclasses import dataclass

from directory.answers.examples import Verdict
from directory.answers.reading import ReadListing, ReadQuestion
from directory.listing import Listing

_IT = (
    r"(?:it|this|that|they|this one|that one|there|the (?:group|class|club|session|place|course)s?)"
)
_PLAIN_QUESTIONS = tuple(
    (field, re.compile(rf"^(?:{pattern})(?: then| please| again)?$"))
    for field, pattern in (
        (
            "cost",
            rf"(?:is|are) {_IT} free(?: of charge| to (?:join|go|use|attend))?"
            rf"|do(?:es)? {_IT} cost(?: anything| money| owt| much)?"
            rf"|do (?:i|you|we) (?:have|need) to pay(?: anything| for it| to (?:get in|go|join))?"
            rf"|(?:is|are) there (?:a|any) (?:charge|cost|fee)|do they charge(?: you)?"
            rf"|how much(?: (?:is|are|does|do) {_IT}(?: cost| charge)?)?|what does {_IT} cost"
            rf"|what do (?:they charge|(?:i|you|we) pay)",
        ),
        (
            "place",
            rf"where (?:is|are) {_IT}(?: held| on| based)?|where do(?:es)? {_IT} meet"
            r"|where do (?:i|you|we) (?:go|meet)|what is (?:the|their) address|(?:the )?address",
        ),
        (
            "schedule",
            rf"when (?:is|are|does|do) {_IT}(?: on| open| meet| start| finish| end)?"
            rf"|what (?:time|day|days|times)(?: (?:is|are|does|do) {_IT}"
            r"(?: on| open| meet| start| finish| end| close| shut)?)?"
            rf"|what are (?:the|their) (?:times|hours|opening hours|opening times)",
        ),
        (
            "phone",
            r"(?:what is |have you got |do they have )?(?:the|their|a) ?(?:phone |telephone )?"
            r"number"
            r"|(?:phone|telephone) number|how (?:do|can) i (?:ring|phone|call) them",
        ),
        ("email", r"(?:what is )?(?:the|their) email(?: address)?|email(?: address)?"),
        (
            "website",
            r"(?:what is )?(?:the|their) web ?(?:site|page)(?: address)?"
            r"|do they have a web ?site|web ?site",
        ),
        ("organisation", rf"who (?:runs|organises|is in charge of) {_IT}"),
    )
)
_FREE = re.compile(r"\bfree\b")
_MEN = re.compile(r"\b(?:men|man|husband|blokes?|dads?|boyfriend|lads|brother|male|gents)\b")
_WOMEN = re.compile(r"\b(?:women|woman|wife|ladies|mums?|girlfriend|lasses|sister|female)\b")
_MAY_COME = re.compile(r"\b(?:can|could|may|are|is|for|welcome|allowed|come|go|join)\b")


@dataclass(frozen=True)
class Fact:
    """The statement of a field that settles a question, by its position, and the verdict."""

    statement: int
    verdict: Verdict


def find_fact(question: ReadQuestion, read: ReadListing, listing: Listing) -> Fact | None:
    """The fact that settles a plain question, if the listing has it."""
    positions = {
        statement.field: position
        for position, statement in reversed(list(enumerate(read.statements)))
    }
    fields = [field for field, pattern in _PLAIN_QUESTIONS if pattern.match(question.text)]
    if "end" in question.expected and not any(item.closes_at for item in listing.schedules):
        return None
    for field in fields:
        if field not in positions:
            return None
        if question.is_open:
            return Fact(positions[field], "text")
        return Fact(positions[field], _judge_cost(question, listing) if field == "cost" else "yes")
    return _find_audience(question, positions, listing)


def _judge_cost(question: ReadQuestion, listing: Listing) -> Verdict:
    is_free = listing.free or listing.cost.casefold().startswith("free")
    return "yes" if is_free == bool(_FREE.search(question.text)) else "no"


def _find_audience(
    question: ReadQuestion, positions: dict[str, int], listing: Listing
) -> Fact | None:
    """Whether men or women may come, from an audience that names either."""
    audience = {name.casefold() for name in listing.audience}
    asks_men, asks_women = (bool(words.search(question.text)) for words in (_MEN, _WOMEN))
    named = audience & {"men", "women"}
    if question.is_open or asks_men == asks_women or not named or "audience" not in positions:
        return None
    if not _MAY_COME.search(question.text) or re.search(r"\b(?:just|only)\b", question.text):
        return None
    is_welcome = ("men" if asks_men else "women") in named
    return Fact(positions["audience"], "yes" if is_welcome else "no")
