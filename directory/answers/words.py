"""How much a word of a question tells: less the more questions or statements use it.

Must never see more of a question than its words.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


@dataclass(frozen=True)
class WordWeights:
    """The weight, from 0 to 1, of each known word piece or stem; an unknown one weighs 1."""

    weights: dict[str, float]

    def weigh(self, words: tuple[str, ...] | list[str]) -> Array:
        """The weights of the words, in order."""
        return np.array([self.weights.get(word, 1.0) for word in words], dtype=np.float32)
