"""The learnt weights of the answers in `answers.npz`, which `training` writes.

Owns the format of the file. Must never see a text, only features.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from directory.answers.aspects import AspectModel, compare_vectors
from directory.answers.words import WordWeights

Array = NDArray[np.float32]
WEIGHTS_FILE = "answers.npz"


@dataclass(frozen=True)
class NetworkModel:
    """K small networks of H hidden units over F features, whose probabilities are averaged.

    `hidden` (K, F, H), `hidden_bias` (K, H), `output` (K, H) and `output_bias` (K,).
    """

    mean: Array
    scale: Array
    hidden: Array
    hidden_bias: Array
    output: Array
    output_bias: Array

    def predict(self, features: Array) -> Array:
        """The probability of each row of (n, F): an array (n,)."""
        rows = (features - self.mean) / self.scale
        layers = np.maximum(
            np.einsum("nf,kfh->knh", rows, self.hidden) + self.hidden_bias[:, None], 0
        )
        logits = np.einsum("knh,kh->kn", layers, self.output) + self.output_bias[:, None]
        probabilities: Array = (1 / (1 + np.exp(-logits))).mean(axis=0)
        return probabilities


@dataclass(frozen=True)
class AnswerModel:
    """All learnt parts.

    `relevance` judges whether a statement answers a question, and `polarity` whether it says yes.
    `form` (N,) weighs the aspects' questions, for whether a question without a form wants words.
    """

    aspects: AspectModel
    pieces: WordWeights
    stems: WordWeights
    relevance: NetworkModel
    polarity: NetworkModel
    form: Array

    def wants_words(self, vector: Array) -> bool:
        """Whether a question with this sentence vector (384,) is rather open than yes or no."""
        examples = self.aspects.examples[: self.aspects.questions]
        return bool(compare_vectors(vector[None], examples)[0] @ self.form > 0.5)


_NETWORK_PARTS = ("mean", "scale", "hidden", "hidden_bias", "output", "output_bias")


@cache
def load_answer_model() -> AnswerModel:
    """The model that `python -m directory.answers.training` wrote."""
    with as_file(files("directory.answers") / WEIGHTS_FILE) as path, np.load(path) as stored:
        arrays = {name: _restore(stored, name) for name in ("examples", "aspects", "stances")}
        examples = arrays["examples"]
        return AnswerModel(
            aspects=AspectModel(
                names=tuple(stored["aspect_names"].tolist()),
                examples=examples / np.linalg.norm(examples, axis=1, keepdims=True),
                aspects=arrays["aspects"],
                stances=arrays["stances"],
                questions=int(stored["questions"]),
            ),
            pieces=_restore_words(stored, "pieces"),
            stems=_restore_words(stored, "stems"),
            relevance=_restore_network(stored, "relevance"),
            polarity=_restore_network(stored, "polarity"),
            form=stored["form"].astype(np.float32),
        )


def _restore(stored: np.lib.npyio.NpzFile, name: str) -> Array:
    restored: Array = stored[name].astype(np.float32) * stored[f"{name}_step"]
    return restored


def _restore_words(stored: np.lib.npyio.NpzFile, name: str) -> WordWeights:
    weights = stored[f"{name}_weights"].astype(np.float32).tolist()
    return WordWeights(dict(zip(stored[name].tolist(), weights, strict=True)))


def _restore_network(stored: np.lib.npyio.NpzFile, name: str) -> NetworkModel:
    return NetworkModel(*(stored[f"{name}_{part}"] for part in _NETWORK_PARTS))


def write_model(model: AnswerModel, path: Path) -> None:
    """Store the weights in a file that `load_answer_model` can read; large arrays as bytes."""
    stored: dict[str, NDArray[np.generic]] = {
        "aspect_names": np.array(model.aspects.names),
        "questions": np.array(model.aspects.questions),
        "form": model.form.astype(np.float16),
    }
    for name in ("examples", "aspects", "stances"):
        array: Array = getattr(model.aspects, name)
        axis = 1 if name == "examples" else 0
        step = np.abs(array).max(axis=axis, keepdims=True) / 127
        stored[name] = np.round(array / step).astype(np.int8)
        stored[f"{name}_step"] = step.astype(np.float32)
    for name, words in (("pieces", model.pieces), ("stems", model.stems)):
        stored[name] = np.array(_sort_words(words.weights))
        stored[f"{name}_weights"] = np.array(
            [words.weights[word] for word in _sort_words(words.weights)], dtype=np.float16
        )
    for name, network in (("relevance", model.relevance), ("polarity", model.polarity)):
        for part in _NETWORK_PARTS:
            stored[f"{name}_{part}"] = getattr(network, part).astype(np.float32)
    np.savez_compressed(path, **stored)  # type: ignore[arg-type]


def _sort_words(weights: dict[str, float]) -> Sequence[str]:
    return sorted(weights)
