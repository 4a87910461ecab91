"""The score of a listing for a message: likeness, words, topics, giving and audience, fused.

Pure functions over arrays, a row for each listing. Owns the weights of the fused score. Must never
read a store or an index.
"""

from dataclasses import dataclass

import numpy as np

from directory.indexing.audiences import find_audiences
from directory.indexing.topics import Array, Reading, load_head, read_message
from directory.indexing.traits import Traits


@dataclass(frozen=True)
class Weights:
    """What each part is worth, in units of cosine; see docs/decisions/search-ranking.md.

    `words` is of BM25 scaled so that the best listing has 1; `example` of likeness to an imagined
    listing that would answer; `common` against likeness to everything that is asked for; `topics`
    of topics in common; `giving` of a volunteering role, for or against it as the message offers
    help more or less than `looking`; `others` against each audience, up to `most_others`, that the
    listing speaks of and the message does not.
    """

    words: float = 0.3
    example: float = 0.6
    common: float = 0.3
    topics: float = 0.3
    giving: float = 0.5
    looking: float = 0.25
    others: float = 0.05
    most_others: int = 3


DEFAULT = Weights()
# Fused scores lie further apart than cosines do: by this they are brought back to the same spread,
# so that what a mile or a need costs stays in units of cosine.
_SPREAD = 0.45


NO_TOPIC = -1
# "dole" and "SEND" are plainly about something, "tv licence" and "flights to spain" are not: by the
# topic's share of the message, and by the cosine to the nearest of the written examples.
_CLEARLY, _LIKE_AN_ASK = 0.7, 0.48


@dataclass(frozen=True)
class RankingQuery:
    """A message, ready to rank by.

    The listings' vectors are to be multiplied with `aim` (384,), which is no unit vector. `topics`
    (T,) has a length of 1; `audiences` are bits. `clear` is the place of the topic that the message
    is plainly about, -1 where it is none.
    """

    aim: Array
    topics: Array
    giving: float
    audiences: int
    clear: int = NO_TOPIC


def read_question(text: str, vector: Array, weights: Weights = DEFAULT) -> RankingQuery:
    """What to rank by, of a message and its sentence vector, shape (384,)."""
    reading = read_message(vector)
    aim = vector + weights.example * reading.example - weights.common * load_head().common
    return RankingQuery(
        aim=aim.astype(np.float32),
        topics=reading.shares / max(float(np.linalg.norm(reading.shares)), 1e-6),
        giving=reading.giving,
        audiences=find_audiences(text),
        clear=_find_clear(reading),
    )


def _find_clear(reading: Reading) -> int:
    best = int(reading.shares.argmax())
    clear = reading.shares[best] >= _CLEARLY and reading.nearest >= _LIKE_AN_ASK
    return best if clear else NO_TOPIC


def offers_help(question: RankingQuery, weights: Weights = DEFAULT) -> bool:
    """Whether volunteering roles are put before the rest, rather than after."""
    return question.giving > weights.looking


def score_listings(
    question: RankingQuery,
    likeness: Array,
    words: Array,
    traits: Traits,
    weights: Weights = DEFAULT,
) -> Array:
    """The score of each listing, shape (n,), spread as cosines are.

    `likeness` is `vectors @ question.aim`, and `words` is BM25 scaled so that the best has 1.
    """
    score = likeness + weights.words * words
    shared = np.zeros(len(score), dtype=np.float32)
    for place in range(traits.topics.shape[1]):
        shared += question.topics[traits.topics[:, place]] * traits.shares[:, place]
    score += weights.topics / 255 * shared
    score += (weights.giving * (question.giving - weights.looking)) * traits.volunteering
    others = np.bitwise_count(traits.audiences & np.uint16(~question.audiences & 0xFFFF))
    score -= weights.others * np.minimum(others, weights.most_others)
    return (_SPREAD * score).astype(np.float32)
