"""Writing a row so that nothing in the database tells which row came last.

Owns the one way in which a row is added to a table whose order must say nothing. Must
never read what a row holds, or leave the new one in a place of its own.

What a database keeps beside a row tells when it was written: its place in the file, and on
PostgreSQL the number of the transaction too. So each new row is written together with up to
31 others of the same part of the table, which are written anew, in random order, by one
statement. The part is a whole week of check-ins, or an hour's stubs; the others lie around
the new row in the order of the keys, which are random, and the new one is as likely to be
any of them. The order of the keys is taken as a ring, so that this holds at its ends too.
"""

import functools
import random
import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, TextClause, delete, select, text
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.orm.attributes import InstrumentedAttribute

#: Rows that are written at once, the new one among them.
COMPANY = 32

_shuffle = random.SystemRandom().shuffle


def insert_shuffled(
    connection: Connection,
    table: type[DeclarativeBase],
    part: InstrumentedAttribute[Any],
    key: InstrumentedAttribute[str],
    row: Mapping[str, Any],
) -> None:
    """Add `row`, of which `part` and `key` are the primary key, in random company.

    The caller holds the lock on writing: two at once would write the same rows anew.
    """
    new = row[key.key]
    of_the_part = select(table.__table__).where(part == row[part.key])
    upwards, downwards = of_the_part.order_by(key), of_the_part.order_by(key.desc())
    count_below = secrets.randbelow(COMPANY)
    count_above = COMPANY - 1 - count_below

    def read(query: Any, count: int) -> list[dict[str, Any]]:
        if count == 0:
            return []
        return [dict(found) for found in connection.execute(query.limit(count)).mappings()]

    below = read(downwards.where(key < new), count_below)
    above = read(upwards.where(key > new), count_above)
    highest = above[-1][key.key] if above else new
    lowest = below[-1][key.key] if below else new
    company = [
        *below,
        *above,
        *read(downwards.where(key > highest), count_below - len(below)),
        *read(upwards.where(key < lowest), count_above - len(above)),
    ]
    if company:
        keys = [found[key.key] for found in company]
        connection.execute(delete(table).where(part == row[part.key], key.in_(keys)))
    rows = [*company, dict(row)]
    _shuffle(rows)
    values = {f"{name}_{at}": value for at, one in enumerate(rows) for name, value in one.items()}
    connection.execute(_insertion(table, len(rows)), values)


@functools.lru_cache(maxsize=4 * COMPANY)
def _insertion(table: type[DeclarativeBase], count: int) -> TextClause:
    """One statement for all the rows, as PostgreSQL keeps the number of a row's statement.

    SQLAlchemy's own would be put together anew each time, which took longer than the rest.
    """
    names = [column.name for column in table.__table__.columns]
    rows = (", ".join(f":{name}_{at}" for name in names) for at in range(count))
    places = ", ".join(f"({row})" for row in rows)
    return text(f"INSERT INTO {table.__tablename__} ({', '.join(names)}) VALUES {places}")  # noqa: S608
