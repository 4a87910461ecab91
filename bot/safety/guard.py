"""The crisis guard: classifies every message before anything else reads it.

Owns the label of a message (`crisis`, `support` or `none`). Needs no network
and no other part of the program: without an encoder, patterns and n-grams decide. Must never
store, log or pass on what a person wrote, and must never raise.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from bot.safety.features import Array, Segment, hash_ngrams, split_segments
from bot.safety.model import GuardModel, Judgement, Message, load_model
from bot.safety.normalisation import normalise
from bot.safety.patterns import Kind, Matches, load_patterns, match_patterns

Label = Literal["crisis", "support", "none"]
Encode = Callable[[list[str]], Array]

log = logging.getLogger(__name__)

# BLAS and the encoder compete for two cores if both use several threads: a message takes 12 ms
# instead of 4, and a search three times as long.
threadpool_limits(1, user_api="blas")

# Decides between several kinds of danger in a message: first what can kill soonest, then what
# needs a helpline of its own.
_URGENCY: tuple[Kind, ...] = (
    "overdose", "medical", "danger", "child", "abuse", "suicide", "self_harm", "someone_else",
)  # fmt: skip

# At most this many segments of a long message are encoded: those with the highest n-gram scores.
_MAX_ENCODED_SEGMENTS = 4
# The predicted kind is used if it has at least this share of the probability of all kinds.
_KIND_CONFIDENCE = 0.5
# A message is a crisis only if danger has at least this probability.
_CRISIS_PROBABILITY = 0.4


@dataclass(frozen=True)
class Classification:
    """A label, and for a crisis its kind (None if that is uncertain).

    `is_by_pattern` is True for a crisis that was said outright. `segment` has the features of the
    segment with the highest score; None for an empty message.
    """

    label: Label
    kind: Kind | None = None
    is_by_pattern: bool = field(default=False, compare=False)
    segment: Segment | None = field(default=None, compare=False, repr=False)


class Guard:
    """Classifies messages by patterns and by the learned model.

    `encode` maps n texts to float32 unit vectors of shape (n, 384). It may be absent, and it may
    raise or return nonsense at any time: patterns and n-grams then decide alone.
    """

    def __init__(self, encode: Encode | None = None, model: GuardModel | None = None) -> None:
        self._encode = encode
        self._model = model or load_model()
        load_patterns()

    def label(self, text: str) -> Label:
        """The label of a message. Never raises."""
        return self.classify(text).label

    def classify(self, text: str) -> Classification:
        """The label of a message, and the kind of a crisis. Never raises."""
        normalised = normalise(text)
        if not normalised:
            return Classification("none")
        judgement = self._model.judge(self.read_message(normalised))
        found = combine_signals(match_patterns(normalised), judgement)
        return replace(found, segment=judgement.segment)

    def read_message(self, normalised: str) -> Message:
        """A normalised message as its segments and as a whole, ready to be judged."""
        texts = split_segments(normalised)
        buckets = {text: hash_ngrams(text) for text in texts}
        selected = self._select_segments(buckets)
        is_one = len(buckets) == 1
        vectors = self._encode_segments(selected)
        segments = [
            Segment(buckets[text], vector) for text, vector in zip(selected, vectors, strict=True)
        ]
        if is_one:
            return Message(segments, segments[0], 1)
        # Encoded by itself: beside it, its segments would be padded to its length.
        [vector] = self._encode_segments([normalised])
        whole = Segment(np.unique(np.concatenate(list(buckets.values()))), vector)
        return Message(segments, whole, len(buckets))

    def _select_segments(self, buckets: dict[str, NDArray[np.int64]]) -> list[str]:
        """The segments to encode: those with the highest scores by n-grams."""
        if len(buckets) <= _MAX_ENCODED_SEGMENTS:
            return list(buckets)
        scores = {segment: self._model.score_ngrams(buckets[segment]) for segment in buckets}
        return sorted(scores, key=scores.__getitem__)[-_MAX_ENCODED_SEGMENTS:]

    def _encode_segments(self, segments: list[str]) -> list[Array | None]:
        """A vector for each segment; all None if the encoder is absent or fails."""
        no_vectors: list[Array | None] = [None] * len(segments)
        if self._encode is None:
            return no_vectors
        try:
            vectors = np.asarray(self._encode(segments), dtype=np.float32)
        except Exception as error:
            # Only the type is logged: the message of the error may quote the text.
            log.warning("crisis guard without its encoder: %s", type(error).__name__)
            return no_vectors
        is_usable = vectors.shape == (len(segments), self._model.support_vectors.shape[1])
        return list(vectors) if is_usable and np.isfinite(vectors).all() else no_vectors


def combine_signals(matches: Matches, judgement: Judgement) -> Classification:
    """The classification by patterns and model: patterns first, and a crisis before support."""
    danger = {kind: judgement.kinds[kind] for kind in _URGENCY}
    likeliest = max(danger, key=danger.__getitem__)
    probability = sum(danger.values())
    is_confident = danger[likeliest] >= _KIND_CONFIDENCE * probability
    if matches.crisis:
        most_urgent = min(matches.crisis, key=_URGENCY.index)
        kind = likeliest if is_confident else most_urgent
        return Classification("crisis", kind, is_by_pattern=True)
    if judgement.crisis >= 0 and probability >= _CRISIS_PROBABILITY:
        return Classification("crisis", likeliest if is_confident else None)
    is_support = judgement.support >= 0 or matches.has_past_or_denied
    return Classification("support" if is_support else "none")
