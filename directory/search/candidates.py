"""The listings that a query ranks, and the interface of the backends that find them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.orm import Session

from directory.encoder import Vectors
from directory.search.index import Index
from directory.search.query import Query


@dataclass(frozen=True)
class Candidates:
    """An index of the likeliest listings; `is_complete` if no other listing is allowed."""

    index: Index
    is_complete: bool


class SearchBackend(Protocol):
    """Finds the candidates for a query: the whole directory, or those that may rank first."""

    @property
    def widths(self) -> tuple[int, ...]:
        """How many candidates to find at first, and each time that those were not enough."""

    def load_changes(self, session: Session, since: int, /) -> None:
        """Read what has changed since the revision `since`."""

    def find_candidates(
        self, query: Query, vector: Vectors | None, label_numbers: Sequence[int], width: int, /
    ) -> Candidates:
        """The candidates for a query; `width` is one of `widths`.

        `vector` encodes the query's text, shape (384,); `label_numbers` are its labels' numbers.
        """

    def __len__(self) -> int: ...
