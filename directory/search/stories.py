"""Finds the wish in a long message, so that the story around it chooses no listing.

Owns how a message is split into sentences, and which of them ask for something. Must never
keep what a person wrote.
"""

import re
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import as_file, files

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Encode = Callable[[Sequence[str]], Array | None]

MIN_STORY_WORDS = 30
"""A shorter message is searched whole: what it tells of a feeling is what it asks for."""
_MAX_SENTENCES = 40
_MAX_WISHES = 3
# A sentence is a wish if it is more likely one than not; see docs/decisions/search-ranking.md.
_MIN_WISH = 0.5
_MIN_SENTENCE_WORDS = 2
# Many people write without full stops: a new clause about somebody begins a sentence as well.
_SENTENCE_END = re.compile(
    r"[.!?;\n]+|, (?=[A-Z])"
    r"|(?i:,|,? \b(?:and|but|so|because|cos|coz|plus)\b)"
    r"(?i:(?= (?:i|i['’]?m|i['’]?d|i['’]?ve|my|we|he|she|they|they['’]?re|nobody|everyone|is|are"
    r"|can|could|does|do|would|where|what)\b))"
)


def find_wish(text: str, encode: Encode) -> str:
    """The sentences of `text` that ask for something, in order, or all of a short text.

    `encode` returns float32 unit vectors of shape (n, 384), or None until the encoder is loaded.
    Where no sentence seems to ask for anything, the likeliest is returned.
    """
    if len(text.split()) < MIN_STORY_WORDS:
        return text
    sentences = [sentence.strip(" ,") for sentence in _SENTENCE_END.split(text)]
    sentences = [words for words in sentences if len(words.split()) >= _MIN_SENTENCE_WORDS]
    vectors = encode(sentences[-_MAX_SENTENCES:]) if len(sentences) > 1 else None
    if vectors is None:
        return text
    sentences = sentences[-_MAX_SENTENCES:]
    likelihoods = measure_wishes(vectors)
    best = np.argsort(-likelihoods, kind="stable")[:_MAX_WISHES]
    chosen = [number for number in best.tolist() if likelihoods[number] >= _MIN_WISH]
    return ". ".join(sentences[number] for number in sorted(chosen or best[:1].tolist()))


def measure_wishes(vectors: Array) -> Array:
    """How likely each sentence, by its vector (n, 384), asks for something: from 0 to 1."""
    weights = _load_weights()
    likelihoods: Array = 1 / (1 + np.exp(-(vectors @ weights[:-1] + weights[-1])))
    return likelihoods


@cache
def _load_weights() -> Array:
    """The weights (385,) that `stories_training` wrote, the bias last."""
    with as_file(files("directory.search") / "stories.npz") as path, np.load(path) as stored:
        weights: Array = stored["weights"].astype(np.float32)
    return weights
