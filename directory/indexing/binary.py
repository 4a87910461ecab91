"""Values as PostgreSQL and pgvector read them in bytes: a third of the work of writing them out.

Pure functions of arrays; all numbers go the greatest byte first.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# What PostgreSQL calls these types by number.
_INTEGER, _SMALL_INTEGER = 23, 21


def write_half_vector(vector: NDArray[np.float16]) -> bytes:
    """A `halfvec`: how many numbers, nothing, and the numbers."""
    return np.array([len(vector), 0], dtype=">i2").tobytes() + vector.astype(">f2").tobytes()


def write_sparse_vector(
    places: NDArray[np.integer], values: NDArray[np.floating], of: int
) -> bytes:
    """A `sparsevec` of `of` numbers: `places`, from 0 and in order, and what is there."""
    head = np.array([of, len(places), 0], dtype=">i4").tobytes()
    return head + places.astype(">i4").tobytes() + values.astype(">f4").tobytes()


def write_integers(numbers: Sequence[int] | NDArray[np.integer], *, small: bool = False) -> bytes:
    """An `integer[]` or, where they are `small`, a `smallint[]`."""
    kind, width = (_SMALL_INTEGER, 2) if small else (_INTEGER, 4)
    if not len(numbers):
        return np.array([0, 0, kind], dtype=">i4").tobytes()
    head = np.array([1, 0, kind, len(numbers), 1], dtype=">i4").tobytes()
    values = np.empty(len(numbers), dtype=[("width", ">i4"), ("value", f">i{width}")])
    values["width"], values["value"] = width, numbers
    return head + values.tobytes()


def write_box(east: float, north: float, west: float, south: float) -> bytes:
    """A `box`, by its upper right and its lower left corner."""
    return np.array([east, north, west, south], dtype=">f8").tobytes()


def write_number(number: int, width: int) -> bytes:
    """A whole number of `width` bytes: a `smallint` has 2, an `integer` 4, a `boolean` 1."""
    return int(number).to_bytes(width, "big", signed=width > 1)
