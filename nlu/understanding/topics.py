"""Several things asked for in one message, each a topic of its own.

A long message averaged into one sentence vector finds what lies between its topics, and
nothing of any of them.
"""

import re
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Encode = Callable[[Sequence[str]], NDArray[np.float32] | None]

MOST_TOPICS = 3
_SPLITS = re.compile(r"[.;!?\n]+|,|\b(?:and also|as well as|and then|and|also|plus)\b", re.I)
_SHORTEST = 4
# Of oneself: it says more of the wish beside it, and is none of its own.
_ABOUT_ME = re.compile(
    r"(?:i['’]?m|i am|i['’]?ve|i have|i had|had|my|we['’]?re|i use|could i|can i)\b", re.I
)
# Parts nearer to each other than this are one wish told at length; see docs/explanation/search.md.
APART = 0.3
# And each must have a listing that fits this well, or it was no wish.
CLOSE = 0.4


def split_topics(text: str, encode: Encode) -> tuple[str, ...]:
    """The topics in `text`, two or three; none where it is about one thing.

    `encode` gives float32 unit vectors of shape (n, 384), or None while it is not up.
    """
    parts = [part.strip() for part in _SPLITS.split(text)]
    parts = [part for part in parts if len(part) >= _SHORTEST]
    if not 2 <= len(parts) <= MOST_TOPICS or any(map(_ABOUT_ME.match, parts)):
        return ()
    vectors = encode(parts)
    if vectors is None:
        return ()
    alike = vectors @ vectors.T
    np.fill_diagonal(alike, -1.0)
    return tuple(parts) if float(alike.max()) < APART else ()
