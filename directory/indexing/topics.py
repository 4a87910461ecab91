"""The topics of a message and of a listing, by a model learnt from written examples.

Owns the model in `topics.npz` and its use. Pure functions of words and of the sentence encoder's
vectors. Must never learn from, or keep, what a person writes.
"""

import math
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files

import numpy as np
import Stemmer
from numpy.typing import NDArray

from directory.indexing.topic_examples import load_topics
from directory.listing import Listing

Array = NDArray[np.float32]
Bytes = NDArray[np.uint8]

TOPICS_PER_LISTING = 4
"""Topics kept for each listing. More do not help: see docs/decisions/search-ranking.md."""
# How strongly the nearest asks outweigh the others.
_SHARPNESS = 1 / 0.03
# The weights of the words of a listing's description, and of all its words, where its name and
# its vector weigh 1 each.
_DESCRIPTION_WEIGHT = 0.3
_WORDS_WEIGHT = 0.5
# The weight of the topics whose own words a message uses.
_MESSAGE_WORDS_WEIGHT = 0.3
# A topic with a smaller share of a message is not named; of those named, three in four are right.
_MIN_MESSAGE_SHARE = 0.4
# A message that is less like every ask, by cosine, has no topic.
_MIN_COSINE = 0.4
# A listing does not count among those of a topic with a smaller share.
_MIN_LISTING_SHARE = 0.3
_WORD = re.compile(r"[^\W_]+")
_APOSTROPHES = re.compile(r"['’]")
_STEMMER = Stemmer.Stemmer("english")


@dataclass(frozen=True)
class TopicModel:
    """The learnt parts for T topics, A asks and O offers; vectors are the encoder's, 384 long.

    `weights` (T, 384) and `bias` (T,) classify topics; `giving` (385,), its bias last, classifies
    offers of help. The examples are `asks` (A, 384) with `ask_topics` (A, T), and `offers`
    (O, 384) with `offer_topics` (O,). `common` (384,) is the mean of all asks.
    """

    weights: Array
    bias: Array
    giving: Array
    asks: Array
    ask_topics: Array
    offers: Array
    offer_topics: NDArray[np.intp]
    common: Array


@dataclass(frozen=True)
class MessageAnalysis:
    """What a message is about.

    `shares` (T,) of the topics sum to 1, and so do `classified` (T,), the classifier's alone, which
    name a topic better but find listings worse. `giving` is 0 for a person who looks for something
    and 1 for one who offers help. `example` (384,) is the unit vector of an imagined listing that
    would answer, made from the offers; `best_cosine` is that to the nearest ask.
    """

    shares: Array
    classified: Array
    giving: float
    example: Array
    best_cosine: float


@cache
def load_topic_model() -> TopicModel:
    """The model that `python -m directory.indexing.topics_training` wrote."""
    with as_file(files("directory.indexing") / "topics.npz") as path, np.load(path) as stored:
        names = ("weights", "bias", "giving", "common")
        loaded = {name: stored[name].astype(np.float32) for name in names}
        asks, offers = (_normalise(stored[name].astype(np.float32)) for name in ("asks", "offers"))
        return TopicModel(
            **loaded,
            asks=asks,
            ask_topics=stored["ask_topics"].astype(np.float32),
            offers=offers,
            offer_topics=stored["offer_topics"].astype(np.intp),
        )


def analyse_message(vector: Array, model: TopicModel | None = None) -> MessageAnalysis:
    """What a message with this sentence vector, shape (384,), is about. Takes about 0.3 ms."""
    model = model or load_topic_model()
    cosines = model.asks @ vector
    nearest = _softmax(_SHARPNESS * cosines) @ model.ask_topics
    classified = _softmax(model.weights @ vector + model.bias)
    # An offer counts by its likeness to the message, and by the share of its topic in `nearest`.
    offer_shares = _softmax(_SHARPNESS * (model.offers @ vector)) * nearest[model.offer_topics]
    example = offer_shares @ model.offers
    giving = float(model.giving[:-1] @ vector + model.giving[-1])
    return MessageAnalysis(
        shares=(nearest + classified) / np.float32(2),
        classified=classified,
        giving=1 / (1 + math.exp(-giving)),
        example=example / max(float(np.linalg.norm(example)), 1e-6),
        best_cosine=float(cosines.max()),
    )


def name_topic(analysis: MessageAnalysis, text: str) -> str:
    """The topic that an unmet need is counted as; empty where none stands out.

    `text` is the message that was analysed: it may use a topic's own words.
    """
    words = _score_words(text)
    shares = analysis.classified + _MESSAGE_WORDS_WEIGHT * words / max(float(words.sum()), 1e-6)
    best = int(np.argmax(shares))
    if shares[best] < _MIN_MESSAGE_SHARE or analysis.best_cosine < _MIN_COSINE:
        return ""
    return load_topics()[best].name


def find_listing_topics(
    listings: list[Listing], vectors: Array, model: TopicModel | None = None
) -> tuple[Bytes, Bytes]:
    """The main topics of each listing and their shares, each of shape (n, TOPICS_PER_LISTING).

    A topic is its position in `load_topics`; a share is in 255ths of a vector of length 1.
    `vectors` (n, 384) encode the listings' `build_encoder_text`.
    """
    model = model or load_topic_model()
    words = np.array([weigh_mentions(listing) for listing in listings], dtype=np.float32)
    words = words.reshape(len(listings), len(model.bias))
    classified = _softmax(vectors.astype(np.float32) @ model.weights.T + model.bias)
    shares = _normalise(classified + _WORDS_WEIGHT * words)
    topics = np.argsort(-shares, axis=1, kind="stable")[:, :TOPICS_PER_LISTING]
    kept = np.round(255 * np.take_along_axis(shares, topics, axis=1))
    return topics.astype(np.uint8), kept.astype(np.uint8)


def name_topics(topics: Bytes, shares: Bytes) -> tuple[str, ...]:
    """The names of one listing's topics, the main one first, from its rows of both arrays."""
    names = load_topics()
    least = _MIN_LISTING_SHARE * 255
    return tuple(
        names[topic].name
        for topic, share in zip(topics.tolist(), shares.tolist(), strict=True)
        if share >= least
    )


def weigh_mentions(listing: Listing) -> Array:
    """How much the listing's words name each topic: shape (T,), summing to 1 or to 0."""
    named = _score_words(f"{listing.name}. {'. '.join(listing.topics)}")
    words: Array = named + _DESCRIPTION_WEIGHT * (named + _score_words(listing.description))
    return words / np.float32(max(float(words.sum()), 1e-6))


def _score_words(text: str) -> Array:
    """A score (T,) for each topic by those of its own words and phrases that the text uses."""
    phrases, max_lengths = _index_phrases()
    stems = _find_stems(text)
    # Most words begin no phrase, and every word of every listing is looked up.
    used = {
        phrase
        for start, stem in enumerate(stems)
        if stem in max_lengths
        for end in range(start + 1, start + max_lengths[stem] + 1)
        if (phrase := " ".join(stems[start:end])) in phrases
    }
    scores = np.zeros(len(load_topics()), dtype=np.float32)
    for phrase in used:
        # A word of several topics says less about each; a phrase of several words says more.
        scores[phrases[phrase]] += (1 + phrase.count(" ") / 2) / len(phrases[phrase])
    return scores


@cache
def _index_phrases() -> tuple[dict[str, list[int]], dict[str, int]]:
    """The topics of each phrase of stems, and the longest phrase that begins with each stem."""
    phrases: dict[str, list[int]] = {}
    for position, topic in enumerate(load_topics()):
        for phrase in {" ".join(_find_stems(word)) for word in topic.words}:
            phrases.setdefault(phrase, []).append(position)
    max_lengths: dict[str, int] = {}
    for phrase in phrases:
        first, *rest = phrase.split(" ")
        max_lengths[first] = max(max_lengths.get(first, 0), 1 + len(rest))
    return phrases, max_lengths


def _find_stems(text: str) -> list[str]:
    words = _WORD.findall(_APOSTROPHES.sub("", text.casefold()))
    return list(_STEMMER.stemWords(words))


def _softmax(scores: Array) -> Array:
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares: Array = raised / raised.sum(axis=-1, keepdims=True)
    return shares


def _normalise(rows: Array) -> Array:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Array = rows / np.maximum(lengths, 1e-6)
    return unit
