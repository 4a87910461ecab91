"""The tables that PostgreSQL searches by, as SQLAlchemy expressions; the migrations create them.

Owns their columns and the types that pgvector adds. Must never read or write a row.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    Integer,
    SmallInteger,
    column,
    table,
)
from sqlalchemy.types import UserDefinedType

from directory.encoder import DIMENSIONS, Vectors

MAX_TERMS = 1_000_000_000
"""The most dimensions that pgvector allows a sparse vector: one for each term."""
ANY_DAY, ANY_HOUR = 200, 300
"""Where the slots begin that stand for a day without an hour, and for an hour without a day."""
_N = TypeVar("_N", int, NDArray[np.int64])


class HalfVector(UserDefinedType[str]):
    """pgvector's vector of 16-bit floats, as text."""

    cache_ok = True

    def get_col_spec(self, **_kw: Any) -> str:
        return f"halfvec({DIMENSIONS})"


class SparseVector(UserDefinedType[str]):
    """pgvector's sparse vector, as text."""

    cache_ok = True

    def get_col_spec(self, **_kw: Any) -> str:
        return f"sparsevec({MAX_TERMS})"


class Box(UserDefinedType[str]):
    """PostgreSQL's rectangle, as text; x is the longitude."""

    cache_ok = True

    def get_col_spec(self, **_kw: Any) -> str:
        return "box"


Integers, SmallIntegers = ARRAY(Integer), ARRAY(SmallInteger)

ENTRY_SEARCH = table(
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
"""One row for each entry, its columns in the order in which `postgres_rows` writes them.

`suits` and `refuses` have a bit for each of `NEEDS`; a slot is an hour of the week.
"""
TERM_COUNT = table("term_count", column("term", Integer), column("listings", Integer))
"""How many listings use each term; at term 0, how many listings there are."""


def has_any_bit(column: ColumnElement[int], bits: int) -> ColumnElement[bool]:
    """SQL that is true where the column has at least one of the bits set."""
    return column.op("&")(bits) != 0


def shorten_term(term: _N) -> _N:
    """The term's number, from 1, as a sparse vector's dimension. Two terms may share one."""
    return term % (MAX_TERMS - 1) + 1


def format_sparse_vector(values: Mapping[int, float]) -> str:
    """The values by their dimensions, from 1, as pgvector reads them."""
    inside = ",".join(f"{dimension}:{value:.6g}" for dimension, value in sorted(values.items()))
    return f"{{{inside}}}/{MAX_TERMS}"


def format_vector(vector: Vectors) -> str:
    """A vector of shape (384,) as pgvector reads it."""
    return f"[{','.join(map(str, vector.tolist()))}]"
