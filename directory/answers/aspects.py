"""What a question or a statement is about, and for which side it speaks.

A kernel model over sentence vectors, learnt from `aspects.yml`. Must never see a text.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

# The width of the Gaussian kernel over unit vectors.
_GAMMA = 1.0


@dataclass(frozen=True)
class AspectModel:
    """The learnt parts for N examples, the questions first, and A aspects.

    `examples` (N, 384) are unit vectors. `aspects` (N, A) weighs them for what a text is about.
    `stances` (N, 2A + 1) weighs the questions for questions, and the statements for statements:
    two columns an aspect, for and against its proposition, and a last one for both whatever the
    aspect. `questions` is how many of the examples are questions.
    """

    names: tuple[str, ...]
    examples: Array
    aspects: Array
    stances: Array
    questions: int

    def score_aspects(self, vectors: Array) -> Array:
        """How much each vector of (n, 384) is about each aspect: (n, A), 0 or more."""
        scores: Array = np.maximum(compare_vectors(vectors, self.examples) @ self.aspects, 0)
        return scores

    def score_stances(self, vectors: Array, *, are_questions: bool) -> tuple[Array, Array, Array]:
        """For and against each aspect's proposition, (n, A) each, and the lean over all (n,)."""
        rows = slice(None, self.questions) if are_questions else slice(self.questions, None)
        scores = compare_vectors(vectors, self.examples[rows]) @ self.stances[rows]
        return np.maximum(scores[:, :-1:2], 0), np.maximum(scores[:, 1:-1:2], 0), scores[:, -1]


def compare_vectors(vectors: Array, others: Array) -> Array:
    """The Gaussian kernel between unit vectors, (n, 384) and (m, 384): an array (n, m)."""
    # Between unit vectors the squared distance is 2 - 2 cos.
    kernel: Array = np.exp(2 * _GAMMA * (vectors @ others.T - 1))
    return kernel


def normalise_rows(rows: Array) -> Array:
    """Each row with a length of 1; a row of zeros stays so."""
    normalised: Array = rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-6)
    return normalised
