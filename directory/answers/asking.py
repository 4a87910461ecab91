"""How likely a message asks about listings that were shown, rather than for others or about us.

A logistic regression over the encoder's vector and the form of the words, which `asking_training`
makes. Must never keep a message.
"""

import re
from dataclasses import dataclass
from importlib.resources import files
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from directory.answers.answer_types import expect_types
from directory.answers.questions import read_questions, spell_out

WEIGHTS_FILE = "asking.npz"
# Beside vectors of length 1.
_FORM_WEIGHT = 0.6
Array = NDArray[np.float32]

_FORMS = tuple(
    re.compile(pattern)
    for pattern in (
        r"\?\s*$",
        r"^(?:and|but|or|so|ok|oh)\b",
        r"\b(?:it|its|they|them|their|there|that|this)\b",
        r"\b(?:any of|which|those|these|both|either)\b",
        r"\b(?:one|first|second|third|last|other|number)\b",
        r"\bthe\b",
        r"\b(?:you|your)\b",
        r"\b(?:is|are) there (?:an?|any|some)\w*\b",
        r"\b(?:find|show|need|want|looking|something|somewhere|anything|anywhere)\b",
    )
)


@dataclass(frozen=True)
class AskingModel:
    """`weights` (384 + forms,) and `bias`."""

    weights: Array
    bias: float

    def predict(self, message: str, vector: Array) -> float:
        """How likely `message`, whose vector is (384,), asks about listings: 0 to 1."""
        score = float(measure_message(message, vector) @ self.weights) + self.bias
        return float(1 / (1 + np.exp(-score)))


def measure_message(message: str, vector: Array) -> Array:
    """The vector of a message, of length 1, and what its form shows: (384 + forms,)."""
    text = spell_out(message)
    questions = read_questions(message)
    forms = [
        any(item.is_open is not None for item in questions),
        any(item.is_open for item in questions),
        any(expect_types(item.text) for item in questions),
        len(text.split()) <= 2,
        len(text.split()) <= 4,
        *(bool(form.search(text)) for form in _FORMS),
    ]
    return np.concatenate([vector, _FORM_WEIGHT * np.array(forms, dtype=np.float32)])


def load_asking_model() -> AskingModel:
    """The model beside this module."""
    content = (files("directory.answers") / WEIGHTS_FILE).read_bytes()
    with np.load(BytesIO(content), allow_pickle=False) as arrays:
        return AskingModel(arrays["weights"], float(arrays["bias"]))
