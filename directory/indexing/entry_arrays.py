"""The entries of many listings as arrays, a row each.

Owns how stored entries are read and joined. Must know nothing of what they mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from directory.encoder import DIMENSIONS
from directory.indexing.entries import FACTS, LABEL, POINT, SESSION, Entry
from directory.indexing.words import TERM


@dataclass(frozen=True)
class RowValues:
    """Any number of values for each row: `values` one after another, and the row of each."""

    values: NDArray[Any]
    rows: NDArray[np.int32]

    def replace(
        self, new_rows: NDArray[np.int32], added: "RowValues", first_row: int
    ) -> "RowValues":
        """With each row renumbered (-1: dropped), then those of `added` from `first_row` on."""
        rows = new_rows[self.rows]
        is_kept = rows >= 0
        return RowValues(
            np.concatenate([self.values[is_kept], added.values]),
            np.concatenate([rows[is_kept], added.rows + np.int32(first_row)]),
        )


@dataclass(frozen=True)
class Entries:
    """The entries of n listings. `vectors` has shape (n, 384), `facts` is of dtype `FACTS`."""

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
    """The arrays of these entries, in order; `ids` are their listings'."""
    vectors = np.frombuffer(b"".join(entry.vector for entry in entries), dtype=np.float16)
    return Entries(
        ids=np.array(ids, dtype=np.int64),
        vectors=vectors.reshape(-1, DIMENSIONS),
        facts=np.frombuffer(b"".join(entry.facts for entry in entries), dtype=FACTS),
        terms=_read_row_values([entry.terms for entry in entries], TERM),
        points=_read_row_values([entry.points for entry in entries], POINT),
        sessions=_read_row_values([entry.sessions for entry in entries], SESSION),
        labels=_read_row_values([entry.labels for entry in entries], LABEL),
    )


def _read_row_values(blobs: Sequence[bytes], dtype: np.dtype[Any]) -> RowValues:
    counts = [len(blob) // dtype.itemsize for blob in blobs]
    rows = np.repeat(np.arange(len(blobs), dtype=np.int32), counts)
    return RowValues(np.frombuffer(b"".join(blobs), dtype=dtype), rows)


def chain_entries(parts: Sequence[Entries]) -> Entries:
    """All parts as one, in order. There must be at least one."""
    if len(parts) == 1:
        return parts[0]
    first_rows = np.cumsum([0, *map(len, parts[:-1])])

    def chain(name: str) -> RowValues:
        row_values = [getattr(part, name) for part in parts]
        rows = [
            part.rows + np.int32(first_row)
            for part, first_row in zip(row_values, first_rows, strict=True)
        ]
        return RowValues(np.concatenate([part.values for part in row_values]), np.concatenate(rows))

    return Entries(
        ids=np.concatenate([part.ids for part in parts]),
        vectors=np.concatenate([part.vectors for part in parts]),
        facts=np.concatenate([part.facts for part in parts]),
        **{name: chain(name) for name in ("terms", "points", "sessions", "labels")},
    )
