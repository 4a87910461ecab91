"""Puts an answer into one sentence for a person: the verdict, and what the listing says.

Must never add anything that the listing does not say. The words stay within reading grade 6.
"""

import textwrap

from directory.answers.examples import Verdict
from directory.answers.statements import Statement
from directory.listing import Listing

_LONGEST = 280
_LEADS = {"yes": "Yes. ", "no": "No. "}
_FACTS = {
    "phone": "You can ring {}.",
    "email": "You can write to {}.",
    "website": "You can read more at {}.",
    "organisation": "It is run by {}.",
    "covers": "It is for people in {}.",
    "audience": "It is for: {}.",
    "ages": "It is for {}.",
    "schedule": "When: {}.",
    "dates": "Dates: {}.",
    "cost": "What it costs: {}.",
    "place": "Where: {}.",
    "accessibility": "The listing gives: {}.",
    "languages": "Languages: {}.",
    "skills": "They ask for: {}.",
    "commitment": "How much time: {}.",
    "eligibility": "They ask for: {}.",
    "online": "You can join from home, online.",
    "how_to_join": "How to join: {}.",
    "name": "It is called “{}”.",
    "alert": "Please note: {}.",
}
PRIVATE_PLACE = "The address is kept private. Get in touch with them first."


def word_answer(verdict: Verdict, statement: Statement, part: str) -> str:
    """The sentence for an answer; `part` is what of a long statement must not be cut off."""
    lead = _LEADS.get(verdict, "")
    if statement.field == "description":
        return f"{lead}They say: “{_shorten(statement.evidence, part)}”"
    evidence = statement.evidence.rstrip(".")
    if statement.field == "ages":
        evidence = evidence[:1].lower() + evidence[1:]
    return lead + _FACTS[statement.field].format(evidence)


def word_silence(listing: Listing, quoted: str = "") -> str:
    """What to say where a listing is silent: the nearest that it says, if any, and who to ask."""
    if quoted:
        return f"They do not say for sure. {quoted} {word_contact(listing)}"
    return f"They do not say. {word_contact(listing)}"


def word_contact(listing: Listing) -> str:
    """How to ask: by phone, or else by e-mail, or else on the website."""
    if listing.phone:
        return f"To ask, ring {listing.phone}."
    if listing.email:
        return f"To ask, write to {listing.email}."
    if listing.website:
        return f"To ask, go to {listing.website}."
    return "I have no number or email to ask."


def _shorten(text: str, part: str) -> str:
    line = " ".join(text.split())
    if len(line) <= _LONGEST:
        return line
    position = line.find(" ".join(part.split()))
    # A hundred characters before the part that tells, and the rest behind it.
    start = max(0, position - 100)
    if start:
        start = line.find(" ", start) + 1
    ending = textwrap.shorten(line[start:], _LONGEST, placeholder=" …")
    return f"… {ending}" if start else ending
