"""What a danger is about, whom it is about, and what follows a danger: small learned classifiers.

Owns the format of `topics.npz`, which `topic_training` writes. They read the vector that the
crisis guard made of a message. Must never see a text.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bot.safety.features import Array

WEIGHTS_FILE = "topics.npz"

FollowUp = Literal[
    "calm", "thanks", "what_to_say", "what_to_do", "visible", "secret", "real_person", "police",
    "cannot_call", "no_help", "numbers", "still",
]  # fmt: skip
"""What people write after a danger, to whoever showed them helplines."""
NONE = "none"
"""The name of a message that is nothing of what a classifier knows."""


@dataclass(frozen=True)
class Head:
    """A logistic regression over k `names`. `weights` has shape (k, 384), `bias` (k,)."""

    names: tuple[str, ...]
    weights: Array
    bias: Array

    def predict(self, vector: Array) -> dict[str, float]:
        """The probability of each name."""
        logits = self.weights @ vector + self.bias
        odds = np.exp(logits - logits.max())
        return dict(zip(self.names, (odds / odds.sum()).tolist(), strict=True))

    def find_likeliest(self, vector: Array) -> tuple[str, float]:
        """The likeliest name other than NONE, and its probability."""
        probabilities = self.predict(vector)
        probabilities.pop(NONE, None)
        name = max(probabilities, key=probabilities.__getitem__)
        return name, probabilities[name]


@dataclass(frozen=True)
class TopicModel:
    """`topics` are those of `bot.safety.helplines.Topic`, "dose" and NONE; `follow_ups` those of
    `FollowUp` and NONE; `about` are "self" and "other".
    """

    topics: Head
    about: Head
    follow_ups: Head


@cache
def load_topic_model() -> TopicModel:
    """The committed weights. Raises OSError or KeyError if the file is missing or broken."""
    with as_file(files("bot.safety") / WEIGHTS_FILE) as path, np.load(path) as stored:

        def read_head(name: str) -> Head:
            weights, bias = stored[f"{name}_weights"], stored[f"{name}_bias"]
            names = tuple(stored[f"{name}_names"].tolist())
            return Head(names, weights.astype(np.float32), bias.astype(np.float32))

        return TopicModel(read_head("topics"), read_head("about"), read_head("follow_ups"))


def write_topic_model(heads: Mapping[str, Head], path: Path) -> None:
    """Store the weights in a file that `load_topic_model` can read."""
    stored: dict[str, NDArray[np.generic]] = {}
    for name, head in heads.items():
        stored[f"{name}_names"] = np.array(head.names)
        stored[f"{name}_weights"] = head.weights.astype(np.float16)
        stored[f"{name}_bias"] = head.bias.astype(np.float32)
    np.savez_compressed(path, **stored)  # type: ignore[arg-type]
