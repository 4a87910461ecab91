"""The table that PostgreSQL searches by: one row of `entry_search` for each entry.

Owns its columns and keeps them in step with the entries; `gathering` reads them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    ARRAY,
    Boolean,
    Integer,
    SmallInteger,
    column,
    delete,
    select,
    table,
    text,
)
from sqlalchemy.orm import Session
from sqlalchemy.types import UserDefinedType

from directory.encoder import DIMENSIONS, Vectors
from directory.indexing.binary import (
    write_box,
    write_half_vector,
    write_integers,
    write_number,
    write_sparse_vector,
)
from directory.indexing.criteria import NEEDS
from directory.indexing.entries import FACTS, FREE, HIDDEN, LABEL, POINT, SESSION, Entry
from directory.indexing.words import TERM
from directory.listing import STATUSES

# A sparse vector of pgvector has so many numbers at most.
TERMS = 1_000_000_000
_N = TypeVar("_N", int, NDArray[np.int64])
ANY_DAY, ANY_HOUR = 200, 300
"""What a slot of a day without an hour, or of an hour without a day, is counted from."""
NUMBERS = {need: at for at, need in enumerate(NEEDS)}
"""The bit of each need in `suits` and `refuses`."""

_MANY = 500
_SLOW_INDEXES = text(
    "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema() AND "
    "indexname IN ('ix_entry_search_embedding', 'ix_entry_search_terms')"
)
_COUNT_ANEW = """
    INSERT INTO term_count (term, listings)
    SELECT term, count(*)
    FROM entry_search CROSS JOIN LATERAL unnest(array_append(terms, 0)) AS term
    GROUP BY term
"""


class HalfVector(UserDefinedType[str]):
    """pgvector's vector of 16-bit numbers, as text."""

    cache_ok = True

    def get_col_spec(self, **_kw: Any) -> str:
        return f"halfvec({DIMENSIONS})"


class SparseVector(UserDefinedType[str]):
    """pgvector's vector of what is not 0, as text."""

    cache_ok = True

    def get_col_spec(self, **_kw: Any) -> str:
        return f"sparsevec({TERMS})"


class Box(UserDefinedType[str]):
    """PostgreSQL's rectangle, as text; its x is a longitude."""

    cache_ok = True

    def get_col_spec(self, **_kw: Any) -> str:
        return "box"


Integers, SmallIntegers = ARRAY(Integer), ARRAY(SmallInteger)

ROWS = table(
    "entry_search",
    column("listing_id", Integer),
    column("shown", Boolean),
    column("kind", SmallInteger),
    column("strands", SmallInteger),
    column("free", Boolean),
    column("suits", Integer),
    column("refuses", Integer),
    column("youngest", SmallInteger),
    column("oldest", SmallInteger),
    column("times_told", Integer),
    column("labels", Integers),
    column("slots", SmallIntegers),
    column("area", Box),
    column("terms", Integers),
    column("words", SparseVector),
    column("embedding", HalfVector),
)
"""The columns in the order of `_tell_columns`; the migrations make them."""
COUNTS = table("term_count", column("term", Integer), column("listings", Integer))
"""How many listings use each term, and at 0 how many there are."""


@contextmanager
def build_indexes_after(session: Session, coming: int) -> Iterator[None]:
    """Leave out, while many rows are written, the two indexes that are slow to add to.

    They are built anew at the end, if most of the rows will be new: four times as fast as adding
    one by one. Terms are counted at the end as well: a count that grows with every statement of
    one transaction leaves all its former selves to be stepped over, thousands for a common term.
    Whoever searches meanwhile waits for the end of the transaction.
    """
    connection = session.connection()
    if connection.dialect.name != "postgresql":
        yield
        return
    there = connection.scalar(select(COUNTS.c.listings).where(COUNTS.c.term == 0)) or 0
    made: list[str] = []
    if coming >= max(_MANY, there // 2):
        for name, definition in connection.execute(_SLOW_INDEXES).all():
            made.append(definition)
            connection.exec_driver_sql(f"DROP INDEX {name}")
    if made:
        connection.exec_driver_sql(f"ALTER TABLE {ROWS.name} DISABLE TRIGGER USER")
    yield
    for definition in made:
        connection.exec_driver_sql(definition)
    if made:
        connection.exec_driver_sql(f"ALTER TABLE {ROWS.name} ENABLE TRIGGER USER")
        connection.execute(delete(COUNTS))
        connection.exec_driver_sql(_COUNT_ANEW)


def write_search_rows(session: Session, entries: Sequence[tuple[int, Entry]]) -> None:
    """Keep what PostgreSQL searches by in step with these entries, by their listings' ids.

    Does nothing on another database.
    """
    connection = session.connection()
    if connection.dialect.name != "postgresql":
        return
    connection.execute(delete(ROWS).where(ROWS.c.listing_id.in_([at for at, _ in entries])))
    columns = ", ".join(ROWS.c.keys())
    driver: Any = connection.connection
    statement = f"COPY {ROWS.name} ({columns}) FROM STDIN WITH (FORMAT binary)"
    with driver.cursor().copy(statement) as copy:
        for at, entry in entries:
            copy.write_row((write_number(at, 4), *_tell_columns(entry)))


def _tell_columns(entry: Entry) -> Iterator[bytes | None]:
    """The values of a row but the first, in the order of `ROWS`."""
    facts = np.frombuffer(entry.facts, dtype=FACTS)[0]
    flags = int(facts["flags"])
    closed = facts["status"] == STATUSES.index("closed")
    yield write_number(not closed and not flags & HIDDEN, 1)
    yield write_number(facts["kind"], 2)
    yield write_number(facts["strands"], 2)
    yield write_number(bool(flags & FREE), 1)
    yield write_number(join_bits(np.flatnonzero(facts["needs"] > 0).tolist()), 4)
    yield write_number(join_bits(np.flatnonzero(facts["needs"] < 0).tolist()), 4)
    yield write_number(facts["youngest"], 2)
    yield write_number(facts["oldest"], 2)
    yield write_number(facts["times_told"], 4)
    yield write_integers(np.frombuffer(entry.labels, dtype=LABEL))
    yield write_integers(sorted(_find_slots(entry.sessions)), small=True)
    yield _draw_box(np.frombuffer(entry.points, dtype=POINT))
    words = np.frombuffer(entry.terms, dtype=TERM)
    # Of two that share a number, one is kept.
    terms, first = np.unique(shorten(words["term"].astype(np.int64)), return_index=True)
    yield write_integers(terms)
    yield write_sparse_vector(terms - 1, words["impact"][first], TERMS)
    yield write_half_vector(np.frombuffer(entry.vector, dtype=np.float16))


def _find_slots(sessions: bytes) -> set[int]:
    """Every hour of the week that a session touches, as 24 times the day and the hour."""
    slots: set[int] = set()
    for session in np.frombuffer(sessions, dtype=SESSION):
        days = _set_bits(int(session["days"])) or [None]
        hours = _set_bits(int(session["hours"])) or [None]
        slots |= {slot for day in days for hour in hours if (slot := _slot(day, hour)) is not None}
    return slots


def _slot(day: int | None, hour: int | None) -> int | None:
    if day is None:
        return None if hour is None else ANY_HOUR + hour
    return ANY_DAY + day if hour is None else 24 * day + hour


def _draw_box(points: Any) -> bytes | None:
    """The box about the points; None where there is none."""
    if not len(points):
        return None
    east, north = points["longitude"].max(), points["latitude"].max()
    west, south = points["longitude"].min(), points["latitude"].min()
    return write_box(east, north, west, south)


def shorten(term: _N) -> _N:
    """The term's number as PostgreSQL holds it, from 1: for choosing, where two may share one."""
    return term % (TERMS - 1) + 1


def write_sparse(values: Mapping[int, float]) -> str:
    """The numbers by their places, from 1, as pgvector reads them."""
    inside = ",".join(f"{at}:{value:.6g}" for at, value in sorted(values.items()))
    return f"{{{inside}}}/{TERMS}"


def write_vector(vector: Vectors) -> str:
    """A vector of shape (384,) as pgvector reads it."""
    return f"[{','.join(map(str, vector.tolist()))}]"


def join_bits(places: Iterable[int]) -> int:
    """The number that has these bits."""
    return sum(1 << place for place in places)


def _set_bits(number: int) -> list[int | None]:
    return [place for place in range(number.bit_length()) if number >> place & 1]
