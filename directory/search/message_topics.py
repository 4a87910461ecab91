"""Splits a message that asks for several things into one topic each.

One sentence vector for a long message lies between its topics, and finds nothing for any of
them.
"""

import re
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Encode = Callable[[Sequence[str]], NDArray[np.float32] | None]

MAX_TOPICS = 3
MIN_TOPIC_FIT = 0.4
"""The least fit of a topic's best listing for the topic to count as a wish."""

_SEPARATORS = re.compile(r"[.;!?\n]+|,|\b(?:and also|as well as|and then|and|also|plus)\b", re.I)
_MIN_TOPIC_LENGTH = 4  # in characters
# A clause about the speaker adds to the wish beside it and is no topic of its own.
_ABOUT_SPEAKER = re.compile(
    r"(?:i['’]?m|i am|i['’]?ve|i have|i had|had|my|we['’]?re|i use|could i|can i)\b", re.I
)
# Parts whose cosine is higher are one wish described at length; see docs/explanation/search.md.
_MAX_SIMILARITY = 0.3


def split_topics(text: str, encode: Encode) -> tuple[str, ...]:
    """The two or three topics in `text`; empty if the text is about one thing.

    `encode` returns float32 unit vectors of shape (n, 384), or None until the encoder is loaded.
    """
    parts = [part.strip() for part in _SEPARATORS.split(text)]
    parts = [part for part in parts if len(part) >= _MIN_TOPIC_LENGTH]
    if not 2 <= len(parts) <= MAX_TOPICS or any(map(_ABOUT_SPEAKER.match, parts)):
        return ()
    vectors = encode(parts)
    if vectors is None:
        return ()
    similarities = vectors @ vectors.T
    np.fill_diagonal(similarities, -1.0)
    return tuple(parts) if float(similarities.max()) < _MAX_SIMILARITY else ()
