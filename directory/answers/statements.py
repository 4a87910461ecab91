"""What a listing says, one statement at a time: its facts, then its own sentences.

Pure functions of a listing. Must never give the place of a confidential listing, not even in the
listing's own words.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from directory.describe import (
    describe_alert,
    describe_audience,
    describe_cost,
    describe_when,
    describe_where,
)
from directory.listing import Listing, withhold_place
from directory.places import POSTCODE

MAX_STATEMENTS = 150
"""A longer listing is read to here: 150 sentences take about a second to encode."""

_LIST_MARK = re.compile(r"^\s*(?:[-–—•*·▪●o]|\d{1,2}[.)])\s+|^[•*·▪●]\s*")
_SENTENCE_END = re.compile(
    r"(?<![A-Z])(?<!\b[Ss]t)(?<!\b[DM]r)(?<!\bMrs)(?<!\be\.g)(?<!\bi\.e)(?<!\betc)"
    r"[.!?…]+[\"'”’)]*(?=\s+[\"'“‘(£A-Z0-9])|;(?=\s)"
)
_WORDS = re.compile(r"\w")
_HEADING_WORDS = 7
# A house number with a road's name, which no sentence of a confidential listing may show.
_ADDRESS = re.compile(
    r"\b\d+[a-z]?,? (?:[A-Z][\w'’]+ )+(?:Road|Street|Lane|Avenue|Close|Drive|Way|Place|Square|"
    r"Terrace|Parade|Yard|Row|Court|Gardens|Hill|Rd|St|Ave)\b"
)


@dataclass(frozen=True)
class Statement:
    """A fact or a sentence.

    `field` is the listing's field it comes from, `evidence` the words that show it as a person may
    see them, and `text` the same as a sentence of its own, with the heading it stood under.
    """

    field: str
    evidence: str
    text: str


def list_statements(listing: Listing) -> list[Statement]:
    """The facts in a fixed order, then the sentences in the listing's own."""
    listing = withhold_place(listing)
    statements = [*_state_facts(listing), *_read_sentences(listing)]
    if listing.confidential:
        statements = [item for item in statements if not _shows_place(item)]
    return statements[:MAX_STATEMENTS]


def _shows_place(statement: Statement) -> bool:
    if statement.field in ("phone", "email", "website"):
        return False
    return any(pattern.search(statement.evidence) for pattern in (POSTCODE, _ADDRESS))


def _state_facts(listing: Listing) -> Iterator[Statement]:
    for field, evidence, lead in (
        ("alert", describe_alert(listing), ""),
        ("name", listing.name, ""),
        ("phone", listing.phone, "Phone number: "),
        ("email", listing.email, "Email address: "),
        ("website", listing.website, "Website: "),
        ("organisation", listing.organisation, "Run by "),
        ("covers", listing.covers, "For people who live in "),
        (
            "audience",
            describe_audience(replace(listing, minimum_age=None, maximum_age=None)),
            "For ",
        ),
        ("ages", describe_audience(replace(listing, audience=())), ""),
        ("how_to_join", listing.how_to_join, "How to join: "),
        ("commitment", listing.commitment, "Time commitment: "),
    ):
        if evidence:
            yield Statement(field, evidence, lead + evidence)
    for schedule in listing.schedules:
        evidence = describe_when(replace(listing, schedules=(schedule,)))
        if evidence:
            yield Statement("schedule", evidence, f"When: {evidence}")
        if schedule.starts and schedule.ends and not schedule.days:
            dates = f"{_write_date(schedule.starts)} to {_write_date(schedule.ends)}"
            yield Statement("dates", dates, f"Dates: {dates}")
    cost = describe_cost(listing)
    if cost:
        yield Statement("cost", cost, "It is free" if cost == "Free" else f"It costs {cost}")
    if not listing.confidential:
        where = describe_where(replace(listing, online=False, covers=""))
        if where:
            yield Statement("place", where, f"Address: {where}")
    if listing.online:
        yield Statement("online", "Online", "You can join from home, online")
    for item in listing.accessibility:
        yield Statement("accessibility", item, f"Access: {item}")
    if listing.languages:
        languages = ", ".join(listing.languages)
        yield Statement("languages", languages, f"Languages spoken: {languages}")
    if listing.skills_wanted:
        skills = ", ".join(listing.skills_wanted)
        yield Statement("skills", skills, f"Skills wanted: {skills}")
    for item in filter(None, map(str.strip, listing.eligibility.split(";"))):
        yield Statement("eligibility", item, item)


def _write_date(day: object) -> str:
    return f"{day:%-d %B %Y}"


def _read_sentences(listing: Listing) -> Iterator[Statement]:
    heading = ""
    lines = [line.strip() for line in listing.description.split("\n")]
    for number, line in enumerate(lines):
        item = _LIST_MARK.sub("", line)
        if not _WORDS.search(item) or item == listing.name:
            continue
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if item == line and _is_heading(item, following):
            heading = item.rstrip(":").strip()
            if len(item.split()) > 3:
                yield Statement("description", item, item)
            continue
        if item == line and not _is_short(item):
            # An ordinary paragraph ends what stood under a heading.
            heading = ""
        for sentence in split_sentences(item):
            text = f"{heading}: {sentence}" if heading else sentence
            yield Statement("description", sentence, text)


def _is_heading(line: str, following: str) -> bool:
    if line.endswith(":"):
        return True
    ends_plainly = line[-1].isalnum() or line.endswith("?")
    return (
        ends_plainly and len(line.split()) <= _HEADING_WORDS and bool(_LIST_MARK.match(following))
    )


def _is_short(line: str) -> bool:
    return len(line.split()) <= 2 * _HEADING_WORDS


def split_sentences(line: str) -> list[str]:
    """The sentences of a line, each with its full stop."""
    sentences, start = [], 0
    for end in _SENTENCE_END.finditer(line):
        sentences.append(line[start : end.end()].strip())
        start = end.end()
    sentences.append(line[start:].strip())
    return [sentence for sentence in sentences if _WORDS.search(sentence)]
