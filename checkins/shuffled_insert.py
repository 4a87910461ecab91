"""Inserts a row so that nothing in the database shows which row came last.

Owns the only way to add a row to a table whose order must reveal nothing. Must never
interpret the content of a row, or leave the new row in a recognisable place.

A database stores traces of when a row was written: its position in the file and, on
PostgreSQL, the number of its transaction. So each new row is written together with up to 31
others of the same partition, which are deleted and written again with it in random order by
one statement. The partition is a whole week of check-ins, or one turn of stubs. The other
rows are neighbours of the new one by key. Keys are random, and the new row is equally likely
to be any of the rows written. Keys are treated as a ring, so this also holds at either end.
"""

import functools
import random
import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, TextClause, delete, select, text
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.orm.attributes import InstrumentedAttribute

#: The number of rows written at once, including the new one.
BATCH_ROWS = 32

_shuffle = random.SystemRandom().shuffle


def insert_shuffled(
    connection: Connection,
    table: type[DeclarativeBase],
    partition: InstrumentedAttribute[Any],
    key: InstrumentedAttribute[str],
    row: Mapping[str, Any],
) -> None:
    """Insert `row` among rewritten neighbours. `partition` and `key` are the primary key.

    The caller holds the write lock: two calls at once would rewrite the same rows.
    """
    new_key = row[key.key]
    rows_query = select(table.__table__).where(partition == row[partition.key])
    ascending, descending = rows_query.order_by(key), rows_query.order_by(key.desc())
    count_below = secrets.randbelow(BATCH_ROWS)
    count_above = BATCH_ROWS - 1 - count_below

    def read(query: Any, count: int) -> list[dict[str, Any]]:
        if count == 0:
            return []
        return [dict(mapping) for mapping in connection.execute(query.limit(count)).mappings()]

    below = read(descending.where(key < new_key), count_below)
    above = read(ascending.where(key > new_key), count_above)
    highest = above[-1][key.key] if above else new_key
    lowest = below[-1][key.key] if below else new_key
    neighbours = [
        *below,
        *above,
        *read(descending.where(key > highest), count_below - len(below)),
        *read(ascending.where(key < lowest), count_above - len(above)),
    ]
    if neighbours:
        keys = [neighbour[key.key] for neighbour in neighbours]
        connection.execute(delete(table).where(partition == row[partition.key], key.in_(keys)))
    rows = [*neighbours, dict(row)]
    _shuffle(rows)
    values = {
        f"{name}_{number}": value
        for number, values_of_row in enumerate(rows)
        for name, value in values_of_row.items()
    }
    connection.execute(_make_insert(table, len(rows)), values)


@functools.lru_cache(maxsize=4 * BATCH_ROWS)
def _make_insert(table: type[DeclarativeBase], count: int) -> TextClause:
    """One statement for all rows, because PostgreSQL stores the statement's number with a row.

    SQLAlchemy would compile its own statement each time, which took longer than everything else.
    """
    names = [column.name for column in table.__table__.columns]
    rows = (", ".join(f":{name}_{number}" for name in names) for number in range(count))
    placeholders = ", ".join(f"({row})" for row in rows)
    return text(f"INSERT INTO {table.__tablename__} ({', '.join(names)}) VALUES {placeholders}")  # noqa: S608
