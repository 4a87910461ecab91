"""The entry of a listing: everything that a search needs to know about it, in a few bytes.

Computed when the listing is written, and stored next to it. Owns the layout of the bytes. `VERSION`
must grow with every change to it, to `needs`, `times` or `words`, so that older entries are
computed again.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from directory.encoder import Vectors
from directory.indexing.bits import join_bits, pack_names
from directory.indexing.needs import NEEDS, judge_need
from directory.indexing.times import TIME_ORDER, find_time_mentions, list_hours
from directory.indexing.topics import TOPICS_PER_LISTING
from directory.indexing.traits import compute_traits
from directory.indexing.words import weigh_terms
from directory.listing import (
    DAYS,
    KINDS,
    REPEATS,
    STATUSES,
    STRANDS,
    Listing,
    Schedule,
)
from directory.listing_text import build_search_text, digest_encoder_text

VERSION = 5

FREE, HIDDEN = 1, 2
"""Flags. `HIDDEN` listings are gone from their source or shown under a duplicate's id."""
NO_ORGANISATION = 0
UNKNOWN = -1
"""In place of a day or an age that the listing does not give."""

_FIRST_DAY = date(1970, 1, 1)

FACTS = np.dtype(
    [
        ("kind", "u1"),
        ("status", "u1"),
        ("flags", "u1"),
        ("strands", "u1"),
        ("needs", "i1", (len(NEEDS),)),
        ("youngest", "i2"),
        ("oldest", "i2"),
        ("time_mentions", "<u2"),
        ("assured", "<i4"),
        ("content", "<u8"),
        ("organisation", "<u4"),
        ("topics", "u1", (TOPICS_PER_LISTING,)),
        ("shares", "u1", (TOPICS_PER_LISTING,)),
        ("audiences", "<u2"),
    ]
)
"""Bits of `strands` and `time_mentions` are in the order of their names; `needs` is as `NEEDS`.

Days are counted from 1970; `content` and `organisation` are hashes; `topics`,
`shares` and `audiences` are `Traits`.
"""

SESSION = np.dtype(
    [("days", "u1"), ("hours", "<u4"), ("repeats", "u1"), ("starts", "<i4"), ("ends", "<i4")]
)
POINT = np.dtype([("latitude", "<f4"), ("longitude", "<f4")])
LABEL = np.dtype("<u4")
LABELLED = ("topics", "languages", "audience")
"""The fields of a listing whose texts are labels."""

NumberLabel = Callable[[str, str], int]
"""From a label's field and text to its number."""


@dataclass(frozen=True)
class Entry:
    """One listing's bytes: `vector` is of float16, the others have the layouts above."""

    vector: bytes
    text_digest: str
    facts: bytes
    terms: bytes
    points: bytes
    sessions: bytes
    labels: bytes


def make_entry(listing: Listing, vector: Vectors | bytes) -> Entry:
    """The listing's entry, without the numbers of its labels: see `label_entry`.

    `vector` has shape (384,), or is that of an entry made before.
    """
    if isinstance(vector, bytes):
        vector = np.frombuffer(vector, dtype=np.float16).astype(np.float32)
    return Entry(
        # Half precision takes half the bytes, and ranks the same to the fourth digit.
        vector=vector.astype(np.float16).tobytes(),
        text_digest=digest_encoder_text(listing),
        facts=_make_facts(listing, vector).tobytes(),
        terms=weigh_terms(build_search_text(listing)).tobytes(),
        points=np.array(
            [
                (place.point.latitude, place.point.longitude)
                for place in listing.places
                if place.point
            ],
            dtype=POINT,
        ).tobytes(),
        sessions=np.array(list(map(_make_session, listing.schedules)), dtype=SESSION).tobytes(),
        labels=b"",
    )


def label_entry(
    entry: Entry, listing: Listing, number_label: NumberLabel, *, hidden: bool = False
) -> Entry:
    """The entry with what only the database knows: its labels' numbers, and if it is hidden."""
    facts = np.frombuffer(entry.facts, dtype=FACTS).copy()
    facts["flags"] |= np.uint8(HIDDEN * hidden)
    numbers = sorted({number_label(*label) for label in find_labels(listing)})
    labels = np.array(numbers, dtype=LABEL).tobytes()
    return replace(entry, facts=facts.tobytes(), labels=labels)


def is_open(facts: bytes) -> bool:
    """Whether the facts of an entry are those of a listing that is not closed."""
    if not facts:
        # The entry is from an older version, and has not been computed again yet.
        return True
    status = np.frombuffer(facts, dtype=FACTS)[0]["status"]
    return bool(status != STATUSES.index("closed"))


def find_labels(listing: Listing) -> set[tuple[str, str]]:
    """The listing's labels as pairs of field and text."""
    return {(field, text) for field in LABELLED for text in getattr(listing, field)}


def _make_facts(listing: Listing, vector: Vectors) -> NDArray[np.void]:
    verdicts = [judge_need(listing, need).suits for need in NEEDS]
    content = f"{listing.name}\n{listing.description}".encode()
    facts = np.zeros((), dtype=FACTS)
    facts["kind"] = KINDS.index(listing.kind)
    facts["status"] = STATUSES.index(listing.status)
    facts["flags"] = FREE * listing.free
    facts["strands"] = pack_names(listing.strands, STRANDS)
    facts["needs"] = [0 if suits is None else 1 if suits else -1 for suits in verdicts]
    facts["youngest"] = UNKNOWN if listing.minimum_age is None else listing.minimum_age
    facts["oldest"] = UNKNOWN if listing.maximum_age is None else listing.maximum_age
    facts["time_mentions"] = pack_names(find_time_mentions(listing), TIME_ORDER)
    facts["assured"] = count_days(listing.assured_date)
    facts["content"] = zlib.crc32(content) << 32 | zlib.adler32(content)
    name = listing.organisation.casefold()
    facts["organisation"] = zlib.crc32(name.encode()) if name else NO_ORGANISATION
    traits = compute_traits([listing], vector[None])
    for name in ("topics", "shares", "audiences"):
        facts[name] = getattr(traits, name)[0]
    return facts


def _make_session(schedule: Schedule) -> tuple[int, int, int, int, int]:
    return (
        pack_names(schedule.days, DAYS),
        join_bits(list_hours(schedule)),
        # 0 where the schedule does not say.
        1 + REPEATS.index(schedule.repeats) if schedule.repeats else 0,
        count_days(schedule.starts),
        count_days(schedule.ends),
    )


def count_days(day: date | None) -> int:
    """Days since 1970, or `UNKNOWN`."""
    return UNKNOWN if day is None else (day - _FIRST_DAY).days


def read_day(days: int) -> date | None:
    """The reverse of `count_days`."""
    return None if days == UNKNOWN else _FIRST_DAY + timedelta(days=days)
