"""Writes the rows that PostgreSQL searches by: one of `entry_search` for each entry.

Keeps them in step with the entries. Does nothing on another database.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from directory.indexing.bits import join_bits, list_bits
from directory.indexing.entries import FACTS, FREE, HIDDEN, LABEL, POINT, SESSION, Entry
from directory.indexing.postgres_binary import (
    write_box,
    write_half_vector,
    write_integers,
    write_number,
    write_sparse_vector,
)
from directory.indexing.postgres_schema import (
    ANY_DAY,
    ANY_HOUR,
    ENTRY_SEARCH,
    MAX_TERMS,
    TERM_COUNT,
    shorten_term,
)
from directory.indexing.words import TERM
from directory.listing import STATUSES

# The least number of new rows for which the slow indexes are built again.
_MIN_REBUILT = 500
_SLOW_INDEXES = text(
    "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema() AND "
    "indexname IN ('ix_entry_search_embedding', 'ix_entry_search_terms')"
)
_COUNT_ALL_TERMS = """
    INSERT INTO term_count (term, listings)
    SELECT term, count(*)
    FROM entry_search CROSS JOIN LATERAL unnest(array_append(terms, 0)) AS term
    GROUP BY term
"""


@contextmanager
def build_indexes_after(session: Session, new_rows: int) -> Iterator[None]:
    """Drop the two slow indexes while `new_rows` are written, if those are most of the table.

    They are built again at the end, which is four times as fast as adding row by row. Terms are
    counted at the end as well: a count that changes with every statement of one transaction
    leaves thousands of dead rows behind for a common term. Searches wait for the transaction.
    """
    connection = session.connection()
    if connection.dialect.name != "postgresql":
        yield
        return
    is_total = TERM_COUNT.c.term == 0
    old_rows = connection.scalar(select(TERM_COUNT.c.listings).where(is_total)) or 0
    definitions: list[str] = []
    if new_rows >= max(_MIN_REBUILT, old_rows // 2):
        for name, definition in connection.execute(_SLOW_INDEXES).all():
            definitions.append(definition)
            connection.exec_driver_sql(f"DROP INDEX {name}")
    if definitions:
        connection.exec_driver_sql(f"ALTER TABLE {ENTRY_SEARCH.name} DISABLE TRIGGER USER")
    yield
    for definition in definitions:
        connection.exec_driver_sql(definition)
    if definitions:
        connection.exec_driver_sql(f"ALTER TABLE {ENTRY_SEARCH.name} ENABLE TRIGGER USER")
        connection.execute(delete(TERM_COUNT))
        connection.exec_driver_sql(_COUNT_ALL_TERMS)


def write_search_rows(session: Session, entries: Sequence[tuple[int, Entry]]) -> None:
    """Write the search rows of these entries, each with its listing's id, over any older ones."""
    connection = session.connection()
    if connection.dialect.name != "postgresql":
        return
    ids = [listing_id for listing_id, _ in entries]
    connection.execute(delete(ENTRY_SEARCH).where(ENTRY_SEARCH.c.listing_id.in_(ids)))
    columns = ", ".join(ENTRY_SEARCH.c.keys())
    driver: Any = connection.connection
    statement = f"COPY {ENTRY_SEARCH.name} ({columns}) FROM STDIN WITH (FORMAT binary)"
    with driver.cursor().copy(statement) as copy:
        for listing_id, entry in entries:
            copy.write_row((write_number(listing_id, 4), *_write_columns(entry)))


def _write_columns(entry: Entry) -> Iterator[bytes | None]:
    """The values of a row after its id, in the order of `ENTRY_SEARCH`."""
    facts = np.frombuffer(entry.facts, dtype=FACTS)[0]
    flags = int(facts["flags"])
    is_closed = facts["status"] == STATUSES.index("closed")
    yield write_number(not is_closed and not flags & HIDDEN, 1)
    yield write_number(facts["kind"], 2)
    yield write_number(facts["strands"], 2)
    yield write_number(bool(flags & FREE), 1)
    yield write_number(join_bits(np.flatnonzero(facts["needs"] > 0).tolist()), 4)
    yield write_number(join_bits(np.flatnonzero(facts["needs"] < 0).tolist()), 4)
    yield write_number(facts["youngest"], 2)
    yield write_number(facts["oldest"], 2)
    yield write_number(facts["time_mentions"], 4)
    yield write_integers(np.frombuffer(entry.labels, dtype=LABEL))
    yield write_integers(sorted(_find_slots(entry.sessions)), small=True)
    yield _write_area(np.frombuffer(entry.points, dtype=POINT))
    words = np.frombuffer(entry.terms, dtype=TERM)
    # Where two terms share a number, the first is kept.
    terms, first = np.unique(shorten_term(words["term"].astype(np.int64)), return_index=True)
    yield write_integers(terms)
    yield write_sparse_vector(terms - 1, words["impact"][first], MAX_TERMS)
    yield write_half_vector(np.frombuffer(entry.vector, dtype=np.float16))


def _find_slots(sessions: bytes) -> set[int]:
    """The slot of every hour of the week that a session touches: 24 times the day, and the hour."""
    slots: set[int] = set()
    for session in np.frombuffer(sessions, dtype=SESSION):
        days, hours = list_bits(int(session["days"])), list_bits(int(session["hours"]))
        if days and hours:
            slots.update(24 * day + hour for day in days for hour in hours)
        else:
            slots.update(ANY_DAY + day for day in days)
            slots.update(ANY_HOUR + hour for hour in hours)
    return slots


def _write_area(points: NDArray[np.void]) -> bytes | None:
    """The box around the points; None where there is no point."""
    if not len(points):
        return None
    east, north = points["longitude"].max(), points["latitude"].max()
    west, south = points["longitude"].min(), points["latitude"].min()
    return write_box(east, north, west, south)
