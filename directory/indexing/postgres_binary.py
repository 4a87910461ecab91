"""Values in the binary format of PostgreSQL's COPY: a third of the work of writing them as text.

Pure functions of numbers and arrays. All numbers are big-endian.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# The object ids of PostgreSQL's types.
_INTEGER, _SMALL_INTEGER = 23, 21


def write_half_vector(vector: NDArray[np.float16]) -> bytes:
    """A `halfvec`: its length, an unused number, and the values."""
    return np.array([len(vector), 0], dtype=">i2").tobytes() + vector.astype(">f2").tobytes()


def write_sparse_vector(
    positions: NDArray[np.integer], values: NDArray[np.floating], dimensions: int
) -> bytes:
    """A `sparsevec`: `positions`, from 0 and sorted, and the value at each."""
    head = np.array([dimensions, len(positions), 0], dtype=">i4").tobytes()
    return head + positions.astype(">i4").tobytes() + values.astype(">f4").tobytes()


def write_integers(numbers: Sequence[int] | NDArray[np.integer], *, small: bool = False) -> bytes:
    """An `integer[]` or, with `small`, a `smallint[]`."""
    kind, width = (_SMALL_INTEGER, 2) if small else (_INTEGER, 4)
    if not len(numbers):
        return np.array([0, 0, kind], dtype=">i4").tobytes()
    head = np.array([1, 0, kind, len(numbers), 1], dtype=">i4").tobytes()
    values = np.empty(len(numbers), dtype=[("width", ">i4"), ("value", f">i{width}")])
    values["width"], values["value"] = width, numbers
    return head + values.tobytes()


def write_box(east: float, north: float, west: float, south: float) -> bytes:
    """A `box`, by its upper right and its lower left corner, in degrees."""
    return np.array([east, north, west, south], dtype=">f8").tobytes()


def write_number(number: int, width: int) -> bytes:
    """An integer of `width` bytes: a `smallint` has 2, an `integer` 4, a `boolean` 1."""
    return int(number).to_bytes(width, "big", signed=width > 1)
