"""The traits of a listing that ranking weighs: topics, audiences, and whether it is volunteering.

They are computed when a listing is written, and stored in 11 bytes of its entry.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from directory.indexing.audiences import find_listing_audiences
from directory.indexing.topics import Array, Bytes, find_listing_topics
from directory.listing import Listing

# A listing is mainly about a topic whose share, in 255ths of a vector of length 1, reaches this.
_MAIN_SHARE = 128


@dataclass(frozen=True)
class Traits:
    """The traits of n listings, a row each.

    `topics` and their `shares` have shape (n, 4); `audiences` (n,) are bits.
    """

    topics: Bytes
    shares: Bytes
    audiences: NDArray[np.uint16]
    volunteering: NDArray[np.bool_]

    def are_about(self, topic: int) -> NDArray[np.bool_]:
        """Whether each listing is mainly about `topic`, shape (n,)."""
        about: NDArray[np.bool_] = (self.topics[:, 0] == topic) & (self.shares[:, 0] >= _MAIN_SHARE)
        return about

    def take(self, rows: NDArray[np.intp]) -> "Traits":
        """The traits of these rows, in the order given."""
        return Traits(
            self.topics[rows], self.shares[rows], self.audiences[rows], self.volunteering[rows]
        )


def compute_traits(listings: Sequence[Listing], vectors: Array) -> Traits:
    """The traits of the listings; `vectors` (n, 384) encode their `build_encoder_text`."""
    topics, shares = find_listing_topics(list(listings), vectors)
    audiences = [find_listing_audiences(listing.name, listing.description) for listing in listings]
    return Traits(
        topics=topics,
        shares=shares,
        audiences=np.array(audiences, dtype=np.uint16),
        volunteering=np.array([listing.kind == "volunteering" for listing in listings], dtype=bool),
    )
