"""The learned model of the crisis guard: a support vector machine and a classifier of kinds.

Owns the format of `guard.npz`, which `training` writes. Must never see a text, only features.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.safety.features import Array, Segment, WeightedNgrams, reduce_buckets, weight_ngrams

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


@dataclass(frozen=True)
class GuardModel:
    """The trained weights; n support vectors, k kinds.

    Whether a message is raised is decided by a support vector machine. Its kernel is a Gaussian
    over vectors plus a linear kernel over n-grams. `support_vectors` has shape (n, 384),
    `dual_coefficients` (n,), `ngram_weights` (2, 2 * HASH_BUCKETS). In `ngram_weights`, `bias`
    and `thresholds`, row 0 is for messages with a vector and row 1 for messages without. `idf`,
    shape (2 * HASH_BUCKETS,), is the inverse document frequency of each bucket.

    The kind of danger comes from a logistic regression over `kinds`: `kind_ngram_weights`, shape
    (k, 2 * KIND_HASH_BUCKETS), `kind_vector_weights`, shape (k, 384), `kind_bias`, shape (k,).
    """

    support_vectors: Array
    dual_coefficients: Array
    ngram_weights: Array
    idf: Array
    bias: Array
    thresholds: Array
    kinds: tuple[str, ...]
    kind_ngram_weights: Array
    kind_vector_weights: Array
    kind_bias: Array

    def score(self, ngrams: WeightedNgrams, vector: Array | None) -> float:
        """The decision score minus its threshold: at least 0 if the message is to be raised."""
        row = 1 if vector is None else 0
        score = self.ngram_weights[row, ngrams.buckets] @ ngrams.weights + self.bias[row]
        if vector is not None:
            # Between unit vectors the squared distance is 2 - 2 cos.
            kernel = np.exp(2 * GAMMA * (self.support_vectors @ vector - 1))
            score += self.dual_coefficients @ kernel
        return float(score - self.thresholds[row])

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

    def predict(self, segments: Sequence[Segment]) -> tuple[float, dict[str, float], Segment]:
        """The highest score of a message's segments, the kinds of that segment, and itself."""
        features = [(weight_ngrams(s.buckets, self.idf), s.vector) for s in segments]
        scores = [self.score(ngrams, vector) for ngrams, vector in features]
        highest = int(np.argmax(scores))
        return scores[highest], self.predict_kinds(*features[highest]), segments[highest]


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
