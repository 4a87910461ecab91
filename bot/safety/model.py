"""The learned model of the crisis guard: a support vector machine, a classifier of kinds, and two
regressions that judge a whole message by its segments.

Owns the format of `guard.npz`, which `training` writes. Must never see a text, only features.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from importlib.resources import as_file, files
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from bot.safety.features import Array, Segment, WeightedNgrams, reduce_buckets, weight_ngrams
from bot.safety.patterns import Kind

# The gamma of the Gaussian kernel over unit vectors.
GAMMA = 2.0
WEIGHTS_FILE = "guard.npz"

# The names in the file, where they are not those of the fields.
_STORED_NAMES = {
    "support_vectors": "examples",
    "dual_coefficients": "likeness",
    "ngram_weights": "words",
    "idf": "rarity",
    "kind_ngram_weights": "kind_words",
    "kind_vector_weights": "kind_vector",
}
# Large arrays are stored as int8 with a step for each row, to keep the file small.
_QUANTISED = {"support_vectors", "ngram_weights", "kind_ngram_weights"}


DANGERS: tuple[Kind, ...] = get_args(Kind)
MESSAGE_FEATURES = 6


@dataclass(frozen=True)
class Message:
    """A message of `segment_count` segments; `segments` are those worth a look, at least one of
    one and two of more, and `whole` is all of it as one.
    """

    segments: Sequence[Segment]
    whole: Segment
    segment_count: int


@dataclass(frozen=True)
class Judgement:
    """`crisis` and `support` are at least 0 if a message is that, or more.

    `kinds` are the probabilities of each kind in `segment`, which has the highest score.
    """

    crisis: float
    support: float
    kinds: dict[str, float]
    segment: Segment


@dataclass(frozen=True)
class GuardModel:
    """The trained weights; n support vectors, k kinds.

    A segment is scored by a support vector machine. Its kernel is a Gaussian
    over vectors plus a linear kernel over n-grams. `support_vectors` has shape (n, 384),
    `dual_coefficients` (n,), `ngram_weights` (2, 2 * HASH_BUCKETS). In `ngram_weights`, `bias`
    and `judgements`, row 0 is for messages with a vector and row 1 for messages without. `idf`,
    shape (2 * HASH_BUCKETS,), is the inverse document frequency of each bucket.

    The kind of danger comes from a logistic regression over `kinds`: `kind_ngram_weights`, shape
    (k, 2 * KIND_HASH_BUCKETS), `kind_vector_weights`, shape (k, 384), `kind_bias`, shape (k,).

    `judgements`, shape (2, 2, MESSAGE_FEATURES), weighs the features of a whole message: first for
    a crisis, then for support or more.
    """

    support_vectors: Array
    dual_coefficients: Array
    ngram_weights: Array
    idf: Array
    bias: Array
    judgements: Array
    kinds: tuple[str, ...]
    kind_ngram_weights: Array
    kind_vector_weights: Array
    kind_bias: Array

    def score(self, ngrams: WeightedNgrams, vector: Array | None) -> float:
        """The decision score of a segment: higher is more likely to be danger."""
        row = 1 if vector is None else 0
        score = self.ngram_weights[row, ngrams.buckets] @ ngrams.weights + self.bias[row]
        if vector is not None:
            # Between unit vectors the squared distance is 2 - 2 cos.
            kernel = np.exp(2 * GAMMA * (self.support_vectors @ vector - 1))
            score += self.dual_coefficients @ kernel
        return float(score)

    def score_ngrams(self, buckets: NDArray[np.int64]) -> float:
        """The score by n-grams alone."""
        return self.score(weight_ngrams(buckets, self.idf), None)

    def predict_kinds(self, ngrams: WeightedNgrams, vector: Array | None) -> dict[str, float]:
        """The probability of each of `kinds`, given that the message is to be raised."""
        buckets = reduce_buckets(ngrams.buckets)
        logits = self.kind_ngram_weights[:, buckets] @ ngrams.weights + self.kind_bias
        if vector is not None:
            logits += self.kind_vector_weights @ vector
        odds = np.exp(logits - logits.max())
        return dict(zip(self.kinds, (odds / odds.sum()).tolist(), strict=True))

    def describe_message(self, message: Message) -> tuple[Array, dict[str, float], Segment]:
        """The features of a message, the kinds of its segment with the highest score, and that
        segment.

        In a long message one segment of many is high by chance. A danger has more than one, or
        shows in the whole.
        """
        features = [(weight_ngrams(s.buckets, self.idf), s.vector) for s in message.segments]
        scores = [self.score(ngrams, vector) for ngrams, vector in features]
        highest = int(np.argmax(scores))
        kinds = self.predict_kinds(*features[highest])
        danger = sum(kinds[kind] for kind in DANGERS)
        if message.segment_count == 1:
            second = whole = scores[0]
        else:
            second = sorted(scores)[-2]
            whole = self.score(weight_ngrams(message.whole.buckets, self.idf), message.whole.vector)
        length = np.log(message.segment_count)
        described = np.array([scores[highest], second, whole, length, danger, 1], np.float32)
        return described, kinds, message.segments[highest]

    def judge(self, message: Message) -> Judgement:
        """What a message is, by its features."""
        described, kinds, segment = self.describe_message(message)
        crisis, support = self.judgements[1 if segment.vector is None else 0] @ described
        return Judgement(float(crisis), float(support), kinds, segment)


def load_model() -> GuardModel:
    """The committed weights. Raises OSError or KeyError if the file is missing or broken."""
    with as_file(files("bot.safety") / WEIGHTS_FILE) as path, np.load(path) as stored:
        arrays = {}
        for field in fields(GuardModel):
            if field.name != "kinds":
                name = _STORED_NAMES.get(field.name, field.name)
                step = stored.get(f"{name}_step", 1)
                arrays[field.name] = stored[name].astype(np.float32) * step
        return GuardModel(kinds=tuple(stored["kinds"].tolist()), **arrays)


def write_model(model: GuardModel, path: Path) -> None:
    """Store the weights in a file that `load_model` can read."""
    stored: dict[str, NDArray[np.generic]] = {"kinds": np.array(model.kinds)}
    for field in fields(GuardModel):
        if field.name == "kinds":
            continue
        name = _STORED_NAMES.get(field.name, field.name)
        array: Array = getattr(model, field.name)
        if field.name in _QUANTISED:
            step = np.abs(array).max(axis=1, keepdims=True) / 127
            stored[name] = np.round(array / step).astype(np.int8)
            stored[f"{name}_step"] = step
        else:
            stored[name] = array.astype(np.float16) if field.name == "idf" else array
    np.savez_compressed(path, **stored)  # type: ignore[arg-type]
