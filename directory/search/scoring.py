"""The score of each listing for a message: likeness, words, topics, giving and audience, fused.

Pure functions over arrays with a row for each listing. Owns the weights of the fused score. Must
never read the database or an index.
"""

from dataclasses import dataclass

import numpy as np

from directory.indexing.audiences import find_audiences
from directory.indexing.topics import Array, MessageAnalysis, analyse_message, load_topic_model
from directory.indexing.traits import Traits


@dataclass(frozen=True)
class Weights:
    """The weight of each part, in units of cosine: see docs/decisions/search-ranking.md.

    - `words`: BM25, scaled so that the best listing has 1;
    - `example`: likeness to an imagined listing that would answer;
    - `common`: against likeness to everything that people ask for;
    - `topics`: topics in common;
    - `giving`: a volunteering role, for or against it as the message offers more or less help than
      `looking`;
    - `others`: against each audience, up to `most_others`, that the listing names and the message
      does not.
    """

    words: float = 0.3
    example: float = 0.6
    common: float = 0.3
    topics: float = 0.3
    giving: float = 0.5
    looking: float = 0.25
    others: float = 0.05
    most_others: int = 3


DEFAULT_WEIGHTS = Weights()
# Fused scores are spread wider than cosines. This factor restores the spread, so that the cost of
# a mile or a need stays in units of cosine.
_SPREAD = 0.45
NO_TOPIC = -1
# A message is plainly about a topic ("dole", "SEND", but not "tv licence" or "flights to spain")
# with at least this share of it, and this cosine to the nearest ask.
_CLEAR_SHARE, _CLEAR_COSINE = 0.7, 0.48


@dataclass(frozen=True)
class RankingQuery:
    """A message, ready to rank by.

    The listings' vectors are to be multiplied by `aim` (384,), which is not a unit vector. `topics`
    (T,) has length 1; `audiences` are bits. `clear_topic` is the position of the topic that the
    message is plainly about, or `NO_TOPIC`.
    """

    aim: Array
    topics: Array
    giving: float
    audiences: int
    clear_topic: int = NO_TOPIC


def make_ranking_query(
    text: str, vector: Array, weights: Weights = DEFAULT_WEIGHTS
) -> RankingQuery:
    """The message `text` and its sentence vector, shape (384,), as a query to rank by."""
    analysis = analyse_message(vector)
    common = load_topic_model().common
    aim = vector + weights.example * analysis.example - weights.common * common
    return RankingQuery(
        aim=aim.astype(np.float32),
        topics=analysis.shares / max(float(np.linalg.norm(analysis.shares)), 1e-6),
        giving=analysis.giving,
        audiences=find_audiences(text),
        clear_topic=_find_clear_topic(analysis),
    )


def _find_clear_topic(analysis: MessageAnalysis) -> int:
    best = int(analysis.shares.argmax())
    is_clear = analysis.shares[best] >= _CLEAR_SHARE and analysis.best_cosine >= _CLEAR_COSINE
    return best if is_clear else NO_TOPIC


def offers_help(ranking_query: RankingQuery, weights: Weights = DEFAULT_WEIGHTS) -> bool:
    """Whether volunteering roles rank higher for the message, rather than lower."""
    return ranking_query.giving > weights.looking


def score_listings(
    ranking_query: RankingQuery,
    likeness: Array,
    words: Array,
    traits: Traits,
    weights: Weights = DEFAULT_WEIGHTS,
) -> Array:
    """The score of each listing, shape (n,), spread as cosines are.

    `likeness` (n,) is `vectors @ ranking_query.aim`; `words` (n,) is BM25 scaled so that the best
    has 1.
    """
    score = likeness + weights.words * words
    shared = np.zeros(len(score), dtype=np.float32)
    for rank in range(traits.topics.shape[1]):
        shared += ranking_query.topics[traits.topics[:, rank]] * traits.shares[:, rank]
    score += weights.topics / 255 * shared
    score += (weights.giving * (ranking_query.giving - weights.looking)) * traits.volunteering
    others = np.bitwise_count(traits.audiences & np.uint16(~ranking_query.audiences & 0xFFFF))
    score -= weights.others * np.minimum(others, weights.most_others)
    return (_SPREAD * score).astype(np.float32)
