"""What a search needs of a listing, in as few bytes as will do: made at import, kept beside it.

Owns the layout of those bytes. `VERSION` must grow with every change to it, to `needs`, `times` or
`words`: what an older program wrote is then made again.
"""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from directory.encoder import DIMENSIONS, Vectors
from directory.indexing.bits import join_bits, pack_names
from directory.indexing.needs import NEEDS, judge_need
from directory.indexing.times import TIME_ORDER, find_time_mentions, list_hours
from directory.indexing.topics import TOPICS_PER_LISTING
from directory.indexing.traits import compute_traits
from directory.indexing.words import TERM, weigh_terms
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
"""`HIDDEN` is what its source dropped, and what is shown under another listing's id."""
NO_ORGANISATION = 0
UNKNOWN = -1
"""In place of a day or an age that the listing does not say."""

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
        ("times_told", "<u2"),
        ("assured", "<i4"),
        ("content", "<u8"),
        ("organisation", "<u4"),
        ("topics", "u1", (TOPICS_PER_LISTING,)),
        ("shares", "u1", (TOPICS_PER_LISTING,)),
        ("audiences", "<u2"),
    ]
)
"""Bits of `strands` and `times_told` are in the order of their names; days are counted
from 1970; `content` and `organisation` are equal for equal ones; `topics`, `shares` and
`audiences` are the `Traits` of `traits`."""

SESSION = np.dtype(
    [("days", "u1"), ("hours", "<u4"), ("repeats", "u1"), ("starts", "<i4"), ("ends", "<i4")]
)
POINT = np.dtype([("latitude", "<f4"), ("longitude", "<f4")])
LABEL = np.dtype("<u4")
LABELLED = ("topics", "languages", "audience")
"""The fields of a listing whose words are counted as labels."""

NumberLabel = Callable[[str, str], int]
"""The number of a label, from its field and its text."""


@dataclass(frozen=True)
class Entry:
    """One listing's bytes; `vector` is of float16, the others of the layouts above."""

    vector: bytes
    text_digest: str
    facts: bytes
    terms: bytes
    points: bytes
    sessions: bytes
    labels: bytes


def make_entry(listing: Listing, vector: Vectors | bytes) -> Entry:
    """The listing's entry, still without the numbers of its labels: see `label_entry`.

    `vector` is of shape (384,), or the bytes of an entry made before.
    """
    if isinstance(vector, bytes):
        vector = np.frombuffer(vector, dtype=np.float16).astype(np.float32)
    return Entry(
        # Half precision: half the bytes, and the same ranking to the fourth digit.
        vector=vector.astype(np.float16).tobytes(),
        text_digest=digest_encoder_text(listing),
        facts=_gather_facts(listing, vector).tobytes(),
        terms=weigh_terms(build_search_text(listing)).tobytes(),
        points=np.array(
            [(at.point.latitude, at.point.longitude) for at in listing.places if at.point],
            dtype=POINT,
        ).tobytes(),
        sessions=np.array(list(map(_gather_session, listing.schedules)), dtype=SESSION).tobytes(),
        labels=b"",
    )


def label_entry(
    entry: Entry, listing: Listing, number_label: NumberLabel, *, hidden: bool = False
) -> Entry:
    """The entry with what only the database tells: numbers of labels, and that it is hidden."""
    facts = np.frombuffer(entry.facts, dtype=FACTS).copy()
    facts["flags"] |= np.uint8(HIDDEN * hidden)
    numbers = sorted({number_label(*label) for label in find_labels(listing)})
    labels = np.array(numbers, dtype=LABEL).tobytes()
    return replace(entry, facts=facts.tobytes(), labels=labels)


def is_open(facts: bytes) -> bool:
    """Whether an entry's facts are of a listing that is not closed."""
    if not facts:
        # An older program wrote it, and nobody has made it again yet.
        return True
    status = np.frombuffer(facts, dtype=FACTS)[0]["status"]
    return bool(status != STATUSES.index("closed"))


def find_labels(listing: Listing) -> set[tuple[str, str]]:
    """The labels of the listing as pairs of field and text."""
    return {(field, text) for field in LABELLED for text in getattr(listing, field)}


def _gather_facts(listing: Listing, vector: Vectors) -> NDArray[np.void]:
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
    facts["times_told"] = pack_names(find_time_mentions(listing), TIME_ORDER)
    facts["assured"] = count_days(listing.assured_date)
    facts["content"] = zlib.crc32(content) << 32 | zlib.adler32(content)
    name = listing.organisation.casefold()
    facts["organisation"] = zlib.crc32(name.encode()) if name else NO_ORGANISATION
    traits = compute_traits([listing], vector[None])
    for name in ("topics", "shares", "audiences"):
        facts[name] = getattr(traits, name)[0]
    return facts


def _gather_session(schedule: Schedule) -> tuple[int, int, int, int, int]:
    return (
        pack_names(schedule.days, DAYS),
        join_bits(list_hours(schedule)),
        # 0 for one that does not say.
        1 + REPEATS.index(schedule.repeats) if schedule.repeats else 0,
        count_days(schedule.starts),
        count_days(schedule.ends),
    )


def count_days(day: date | None) -> int:
    """Days since 1970, or `UNKNOWN`."""
    return UNKNOWN if day is None else (day - _FIRST_DAY).days


def read_day(days: int) -> date | None:
    """The day that `count_days` gave this number for."""
    return None if days == UNKNOWN else _FIRST_DAY + timedelta(days=days)


@dataclass(frozen=True)
class RowValues:
    """Any number of values for each row, one after another; `rows` says whose each is."""

    values: NDArray[Any]
    rows: NDArray[np.int32]

    def replace(self, new_rows: NDArray[np.int32], added: "RowValues", before: int) -> "RowValues":
        """With each row renumbered (-1: dropped), and those of `added` from row `before` on."""
        rows = new_rows[self.rows]
        kept = rows >= 0
        return RowValues(
            np.concatenate([self.values[kept], added.values]),
            np.concatenate([rows[kept], added.rows + np.int32(before)]),
        )


@dataclass(frozen=True)
class Entries:
    """Entries of many listings as arrays: one row a listing."""

    ids: NDArray[np.int64]
    vectors: NDArray[np.float16]
    facts: NDArray[np.void]
    terms: RowValues
    points: RowValues
    sessions: RowValues
    labels: RowValues

    def __len__(self) -> int:
        return len(self.ids)


def read_entries(ids: Sequence[int], entries: Sequence[Entry]) -> Entries:
    """The arrays of some entries, in the order given; each id is its listing's."""
    vectors = np.frombuffer(b"".join(one.vector for one in entries), dtype=np.float16)
    return Entries(
        ids=np.array(ids, dtype=np.int64),
        vectors=vectors.reshape(-1, DIMENSIONS),
        facts=np.frombuffer(b"".join(one.facts for one in entries), dtype=FACTS),
        terms=_join([one.terms for one in entries], TERM),
        points=_join([one.points for one in entries], POINT),
        sessions=_join([one.sessions for one in entries], SESSION),
        labels=_join([one.labels for one in entries], LABEL),
    )


def chain_entries(parts: Sequence[Entries]) -> Entries:
    """All parts as one, in the order given; there must be at least one."""
    if len(parts) == 1:
        return parts[0]
    starts = np.cumsum([0, *map(len, parts)])

    def chain(name: str) -> RowValues:
        several = [getattr(part, name) for part in parts]
        rows = [one.rows + np.int32(start) for one, start in zip(several, starts, strict=False)]
        return RowValues(np.concatenate([one.values for one in several]), np.concatenate(rows))

    return Entries(
        ids=np.concatenate([part.ids for part in parts]),
        vectors=np.concatenate([part.vectors for part in parts]),
        facts=np.concatenate([part.facts for part in parts]),
        **{name: chain(name) for name in ("terms", "points", "sessions", "labels")},
    )


def _join(blobs: Sequence[bytes], dtype: np.dtype[Any]) -> RowValues:
    counts = [len(blob) // dtype.itemsize for blob in blobs]
    rows = np.repeat(np.arange(len(blobs), dtype=np.int32), counts)
    return RowValues(np.frombuffer(b"".join(blobs), dtype=dtype), rows)
