"""Puts an answer into a sentence or two for a person: the verdict, and what the listing says.

Must never add anything that the listing does not say. The words stay within reading grade 6.
"""

import re
import textwrap
from collections.abc import Sequence

from directory.answers.examples import Verdict
from directory.answers.statements import Statement
from directory.listing import Listing
from directory.text import join_words

_LONGEST = 200
_LEADS = {"yes": "Yes", "no": "No"}
# What a fact is called after "Yes," or alone; {} stands for the listing's own words.
_FACTS = {
    "phone": "you can ring {}",
    "email": "you can write to {}",
    "website": "you can read more at {}",
    "organisation": "it is run by {}",
    "covers": "it is for people in {}",
    "audience": "it is for {}",
    "ages": "it is for {}",
    "schedule": "it is on {}",
    "dates": "it runs from {}",
    "cost": "it costs {}",
    "place": "it is at {}",
    "accessibility": "they have {}",
    "languages": "they speak {}",
    "skills": "they ask for {}",
    "commitment": "it takes {}",
    "eligibility": "they ask for “{}”",
    "online": "you can join from home, online",
    "how_to_join": "to join: {}",
    "name": "it is called “{}”",
}
_ACCESS = {
    "step-free": "step-free access",
    "lift": "a lift",
    "hearing loop": "a hearing loop",
    "accessible toilet": "an accessible toilet",
    "quiet space": "a quiet space",
    "hoist": "a hoist",
}
_BEGINS_WITH_DAY = re.compile(
    r"(?:every|(?:1st|2nd|3rd|4th|last|mon|tues|wednes|thurs|fri|satur|sun)\b)", re.I
)
_SENTENCE_BREAK = re.compile(r"[.;] ")
_FIRST_WORD = re.compile(r"^(?:Every|Last|Ages|Free)\b")
PRIVATE_PLACE = "The address is kept private. Get in touch with them first."


def word_answer(verdict: Verdict, statement: Statement, part: str) -> str:
    """The sentence for an answer; `part` is what of a long statement must not be cut off."""
    lead = _LEADS.get(verdict, "")
    if statement.field == "alert":
        return f"{lead}. Please note: {statement.evidence}" if lead else statement.evidence
    if statement.field == "description" or _is_schedule_in_words(statement):
        quoted = f"They say: “{_shorten(statement.evidence, part)}”"
        return f"{lead}. {quoted}" if lead else quoted
    told = _tell_fact(statement)
    return f"{lead}, {told}" if lead else f"{told[:1].upper()}{told[1:]}"


def _is_schedule_in_words(statement: Statement) -> bool:
    return statement.field == "schedule" and (
        not _BEGINS_WITH_DAY.match(statement.evidence)
        or bool(_SENTENCE_BREAK.search(statement.evidence))
    )


def _tell_fact(statement: Statement) -> str:
    """The fact as a sentence that begins with a small letter."""
    evidence = statement.evidence.rstrip(".!")
    words = _FIRST_WORD.sub(lambda word: word[0].lower(), evidence)
    pattern = _FACTS[statement.field]
    match statement.field:
        case "cost" if words.startswith("free") or evidence.startswith("Pay "):
            pattern = "it is {}" if words.startswith("free") else "you {}"
            words = words if words.startswith("free") else f"p{words[1:]}"
        case "cost" if not re.match(r"[£\d]", words):
            pattern = "the cost: {}"
        case "audience" if not words[:2].isupper():
            words = words[:1].lower() + words[1:]
        case "accessibility":
            words = _ACCESS.get(words, words)
        case "languages":
            words = join_words(words.split(", "))
        case "commitment" if words == "ongoing":
            pattern = "the time it takes is {}"
    return f"{pattern.format(words)}."


def word_silence(listing: Listing, quoted: str = "") -> str:
    """What to say where a listing is silent: the nearest that it says, if any, and who to ask."""
    if quoted:
        return f"They do not say for sure. {quoted} {word_contact(listing)}"
    return f"They do not say. {word_contact(listing)}"


def word_silences(listing: Listing, topics: Sequence[str]) -> str:
    """What to say once where a listing is silent about several things; "" for one has no name."""
    named = list(dict.fromkeys(topics))
    about = f" about {join_words(named, 'or')}" if all(named) else " about that"
    return f"They do not say{about}. {word_contact(listing)}"


def word_contact(listing: Listing) -> str:
    """How to ask: by phone, or else by e-mail, or else on the website."""
    contact = _find_contact(listing)
    return f"You can ask them {contact}." if contact else "I have no number or email to ask."


def word_shared_silence(listings: Sequence[Listing]) -> str:
    """What to say once where several listings are silent: who to ask at each."""
    asked = [f"{each.name} {contact}" for each in listings if (contact := _find_contact(each))]
    if not asked:
        return "They do not say, and I have no number or email to ask."
    return f"They do not say. You can ask {join_words(asked, 'or')}."


def _find_contact(listing: Listing) -> str:
    if listing.phone:
        return f"on {listing.phone}"
    return f"at {listing.email or listing.website}" if listing.email or listing.website else ""


def _shorten(text: str, part: str) -> str:
    line = " ".join(text.split())
    if len(line) <= _LONGEST:
        return line
    position = line.find(" ".join(part.split()))
    # Some words before the part that tells, and the rest behind it.
    start = max(0, position - _LONGEST // 4)
    if start:
        start = line.find(" ", start) + 1
    ending = textwrap.shorten(line[start:], _LONGEST, placeholder=" …")
    return f"… {ending}" if start else ending
