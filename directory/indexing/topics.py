"""What a message is about and what a listing offers: topics learnt from written examples.

Owns the reading of `topics.yml` and of the weights learnt from it. Pure functions of words and of
the sentence encoder's vectors. Must never learn from, or keep, what anybody said.
"""

import math
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from typing import Any

import numpy as np
import Stemmer
import yaml
from numpy.typing import NDArray

from directory.listing import Listing

Array = NDArray[np.float32]
Bytes = NDArray[np.uint8]

KEPT = 4
"""Topics kept for each listing. More do not help: see docs/decisions/search-ranking.md."""
# How sharply a message is told from the examples that are a little less like it.
_SHARPNESS = 1 / 0.03
# What the words of a listing's description, and its words in all, count beside its name and vector.
_DESCRIBED = 0.3
_MENTIONED = 0.5
# Below this share of a message no topic is named: three of four that are, are right.
_NAMEABLE = 0.4
# What it counts that a message says one of a topic's own words.
_SAID = 0.3
# A message that is like nothing people ask for, by the cosine to the nearest, has no topic.
_KNOWN = 0.4
# Below this share a listing is not counted among those of a topic.
_SHOWN = 0.3
_WORD = re.compile(r"[^\W_]+")
_APOSTROPHES = re.compile(r"['’]")
_STEM = Stemmer.Stemmer("english")


@dataclass(frozen=True)
class Topic:
    """`words` are everyday names for it, `asks` and `offers` are examples of how people write."""

    name: str
    gives: bool
    words: tuple[str, ...]
    asks: tuple[str, ...]
    offers: tuple[str, ...]


@dataclass(frozen=True)
class TopicModel:
    """What was learnt. T topics, A asks, O offers; vectors are the encoder's, 384 long.

    `weights` (T, 384) and `bias` (T,) tell topics apart, `giving` (385,) tells offers of help, its
    bias last; `asks` (A, 384) with `ask_topics` (A, T)
    and `offers` (O, 384) with `offer_topics` (O,) are the examples; `common` (384,) is the middle
    of all that is asked for.
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
class Reading:
    """What a message is about.

    `shares` (T,) of the topics sum to 1, and so do those `learnt` (T,), by the weights alone, which
    name a topic better but find listings worse; `giving` is from 0 for somebody who looks for
    something to 1 for somebody who offers to help; `example` (384,) is the unit vector of a listing
    that would answer, made up from the written examples, and `nearest` the greatest cosine to an
    ask among them.
    """

    shares: Array
    learnt: Array
    giving: float
    example: Array
    nearest: float


@cache
def load_topics() -> tuple[Topic, ...]:
    """The topics of `topics.yml`, in its order, which is that of every array here."""
    return tuple(
        Topic(
            name=name,
            gives=told.get("gives", False),
            words=tuple(told["words"].split(", ")),
            asks=tuple(told["asks"].splitlines()),
            offers=tuple(told["offers"].splitlines()),
        )
        for name, told in _read_document()["topics"].items()
    )


def load_shared_asks() -> list[tuple[tuple[str, ...], str]]:
    """What people say that means several topics at once: the names of the topics, and the words."""
    return [
        (tuple(told["topics"]), ask)
        for told in _read_document()["together"]
        for ask in told["asks"].splitlines()
    ]


def load_turns() -> list[tuple[bool, str]]:
    """Much the same words from somebody who offers help (True) and from somebody who seeks it."""
    document = _read_document()
    return [
        (offers, line)
        for offers, name in ((True, "offering"), (False, "seeking"))
        for line in document[name].splitlines()
    ]


@cache
def _read_document() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(
        files("directory.indexing").joinpath("topics.yml").read_text("utf-8")
    )
    return document


@cache
def load_head() -> TopicModel:
    """What `python -m directory.indexing.topics_training` learnt."""
    with as_file(files("directory.indexing") / "topics.npz") as path, np.load(path) as stored:
        names = ("weights", "bias", "giving", "common")
        loaded = {name: stored[name].astype(np.float32) for name in names}
        asks, offers = (_unit(stored[name].astype(np.float32)) for name in ("asks", "offers"))
        return TopicModel(
            **loaded,
            asks=asks,
            ask_topics=stored["ask_topics"].astype(np.float32),
            offers=offers,
            offer_topics=stored["offer_topics"].astype(np.intp),
        )


def read_message(vector: Array, head: TopicModel | None = None) -> Reading:
    """What a message with this sentence vector, shape (384,), is about. Some 0.3 ms."""
    head = head or load_head()
    likeness = head.asks @ vector
    near = _share(_SHARPNESS * likeness) @ head.ask_topics
    learnt = _share(head.weights @ vector + head.bias)
    # The offers of the topics that the nearest asks have, those most like the message the most.
    alike = _share(_SHARPNESS * (head.offers @ vector)) * near[head.offer_topics]
    example = alike @ head.offers
    giving = float(head.giving[:-1] @ vector + head.giving[-1])
    return Reading(
        shares=(near + learnt) / np.float32(2),
        learnt=learnt,
        giving=1 / (1 + math.exp(-giving)),
        example=example / max(float(np.linalg.norm(example)), 1e-6),
        nearest=float(likeness.max()),
    )


def name_topic(reading: Reading, text: str) -> str:
    """The topic of a message, or empty where none stands out: what an unmet need is counted as.

    `text` is the message whose vector was read: it may name the topic in so many words.
    """
    named = _count_words(text)
    shares = reading.learnt + _SAID * named / max(float(named.sum()), 1e-6)
    best = int(np.argmax(shares))
    if shares[best] < _NAMEABLE or reading.nearest < _KNOWN:
        return ""
    return load_topics()[best].name


def read_listings(
    listings: list[Listing], vectors: Array, head: TopicModel | None = None
) -> tuple[Bytes, Bytes]:
    """The foremost topics of each listing and their shares, each of shape (listings, KEPT).

    A topic is its place in `load_topics`, a share is in 255ths of a whole of length 1.
    `vectors`, of shape (listings, 384), are of `build_encoder_text`.
    """
    head = head or load_head()
    mentions = np.array([find_mentions(listing) for listing in listings], dtype=np.float32)
    mentions = mentions.reshape(len(listings), len(head.bias))
    learnt = _share(vectors.astype(np.float32) @ head.weights.T + head.bias)
    shares = _unit(learnt + _MENTIONED * mentions)
    places = np.argsort(-shares, axis=1, kind="stable")[:, :KEPT]
    kept = np.round(255 * np.take_along_axis(shares, places, axis=1))
    return places.astype(np.uint8), kept.astype(np.uint8)


def name_topics(places: Bytes, shares: Bytes) -> tuple[str, ...]:
    """The topics of one listing to show or to count, the foremost first, by its two rows."""
    topics = load_topics()
    least = _SHOWN * 255
    return tuple(
        topics[place].name
        for place, share in zip(places.tolist(), shares.tolist(), strict=True)
        if share >= least
    )


def find_mentions(listing: Listing) -> Array:
    """How much of each topic the listing's own words name, of shape (T,), summing to 1 or 0."""
    named = _count_words(f"{listing.name}. {'. '.join(listing.topics)}")
    found: Array = named + _DESCRIBED * (named + _count_words(listing.description))
    return found / np.float32(max(float(found.sum()), 1e-6))


def _count_words(text: str) -> Array:
    phrases, longest = _phrases()
    stems = _stems(text)
    # Most words begin no phrase, and this is asked of every word of every listing.
    found = {
        phrase
        for start, stem in enumerate(stems)
        if stem in longest
        for end in range(start + 1, start + longest[stem] + 1)
        if (phrase := " ".join(stems[start:end])) in phrases
    }
    counts = np.zeros(len(load_topics()), dtype=np.float32)
    for phrase in found:
        # A word of several topics tells less; a phrase of several words tells more.
        counts[phrases[phrase]] += (1 + phrase.count(" ") / 2) / len(phrases[phrase])
    return counts


@cache
def _phrases() -> tuple[dict[str, list[int]], dict[str, int]]:
    """The topics of each phrase, by its stems; and how long those can be that begin with a stem."""
    phrases: dict[str, list[int]] = {}
    for place, topic in enumerate(load_topics()):
        for phrase in {" ".join(_stems(word)) for word in topic.words}:
            phrases.setdefault(phrase, []).append(place)
    longest: dict[str, int] = {}
    for phrase in phrases:
        first, *rest = phrase.split(" ")
        longest[first] = max(longest.get(first, 0), 1 + len(rest))
    return phrases, longest


def _stems(text: str) -> list[str]:
    words = _WORD.findall(_APOSTROPHES.sub("", text.casefold()))
    return list(_STEM.stemWords(words))


def _share(scores: Array) -> Array:
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares: Array = raised / raised.sum(axis=-1, keepdims=True)
    return shares


def _unit(rows: Array) -> Array:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Array = rows / np.maximum(lengths, 1e-6)
    return unit
