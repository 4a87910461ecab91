"""Learns the topics from written examples: `python -m directory.indexing.topics_training --help`.

Owns the making of `topics.npz`. Must learn from `topics.yml` alone: never from a source's
listings, and never from a judged query.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from directory.indexing.topic_examples import (
    Topic,
    load_giving_examples,
    load_multi_topic_asks,
    load_topics,
)
from directory.indexing.topics import Array, TopicModel

Encode = Callable[[Sequence[str]], Array]
_WEIGHTS = Path(__file__).with_name("topics.npz")
# How closely the weights follow the examples; from 5 to 30 nothing changes, see
# docs/decisions/search-ranking.md.
_COST = 20.0
# Offers of help differ little from requests: the classifier must follow the general run of asks
# less than the examples that were written to tell the two apart.
_GIVING_COST = 10.0
_GIVING_EXAMPLE_WEIGHT = 6.0
_FOLDS = 5


def train(encode: Encode) -> tuple[TopicModel, float]:
    """The model, and its accuracy on asks in five-fold cross-validation.

    An ask is right if the first topic is one of its own.
    """
    topics, multi_topic_asks = load_topics(), load_multi_topic_asks()
    own_asks = [((topic.name,), ask) for topic in topics for ask in topic.asks]
    asks = [*own_asks, *multi_topic_asks]
    offers = [((topic.name,), offer) for topic in topics for offer in topic.offers]
    words = [((topic.name,), word) for topic in topics for word in topic.words]
    examples = (asks, offers, words)
    vectors = [encode([text for _, text in group]) for group in examples]
    shares = [_share_topics([names for names, _ in group], topics) for group in examples]
    giving_topics = {topic.name for topic in topics if topic.gives}
    giving_examples = load_giving_examples()
    giving = _fit_giving(
        vectors[0],
        [names[0] in giving_topics for names, _ in asks],
        encode([text for _, text in giving_examples]),
        [is_offer for is_offer, _ in giving_examples],
    )
    weights, bias = _fit_topics(np.concatenate(vectors), np.concatenate(shares))
    model = TopicModel(
        weights=weights,
        bias=bias,
        giving=giving,
        asks=vectors[0],
        ask_topics=shares[0],
        offers=vectors[1],
        offer_topics=shares[1].argmax(axis=1),
        common=vectors[0][: len(own_asks)].mean(axis=0),
    )
    return model, _cross_validate(vectors, shares)


def _cross_validate(vectors: Sequence[Array], shares: Sequence[Array]) -> float:
    """The accuracy on the first group, the asks, when a fifth of them is left out each time."""
    folds = np.random.default_rng(0).integers(0, _FOLDS, len(vectors[0]))
    right = 0
    for fold in range(_FOLDS):
        train_rows, test_rows = folds != fold, folds == fold
        weights, bias = _fit_topics(
            np.concatenate([vectors[0][train_rows], *vectors[1:]]),
            np.concatenate([shares[0][train_rows], *shares[1:]]),
        )
        first = np.argmax(vectors[0][test_rows] @ weights.T + bias, axis=1)
        right += int((shares[0][test_rows][np.arange(len(first)), first] > 0).sum())
    return right / len(folds)


def _share_topics(names: Sequence[Sequence[str]], topics: Sequence[Topic]) -> Array:
    """A row (T,) for each example: its topics in equal shares."""
    positions = {topic.name: position for position, topic in enumerate(topics)}
    shares = np.zeros((len(names), len(topics)), dtype=np.float32)
    for row, example_topics in enumerate(names):
        shares[row, [positions[name] for name in example_topics]] = 1 / len(example_topics)
    return shares


def _fit_topics(vectors: Array, shares: Array) -> tuple[Array, Array]:
    """The topic classifier's weights and bias; an example of several topics counts for each."""
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

    rows, topics = np.nonzero(shares)
    classifier = LogisticRegression(C=_COST, max_iter=1000)
    classifier.fit(vectors[rows], topics, sample_weight=shares[rows, topics])
    return classifier.coef_.astype(np.float32), classifier.intercept_.astype(np.float32)


def _fit_giving(
    asks: Array, gives: Sequence[bool], examples: Array, are_offers: Sequence[bool]
) -> Array:
    """The classifier of offers of help: 384 weights, and the bias last."""
    from sklearn.linear_model import LogisticRegression

    classifier = LogisticRegression(C=_GIVING_COST, max_iter=1000)
    weights = [1.0] * len(gives) + [_GIVING_EXAMPLE_WEIGHT] * len(are_offers)
    vectors = np.concatenate([asks, examples])
    classifier.fit(vectors, [*gives, *are_offers], sample_weight=weights)
    return np.append(classifier.coef_[0], classifier.intercept_).astype(np.float32)


def write_topic_model(model: TopicModel, path: Path = _WEIGHTS) -> None:
    """Store the model; the example vectors as bytes, in 127ths of their largest number."""

    def quantise(rows: Array) -> NDArray[np.int8]:
        steps: Array = np.round(127 * rows / np.abs(rows).max(axis=1, keepdims=True))
        return steps.astype(np.int8)

    np.savez_compressed(
        path,
        weights=model.weights.astype(np.float16),
        bias=model.bias,
        giving=model.giving,
        common=model.common,
        asks=quantise(model.asks),
        ask_topics=model.ask_topics.astype(np.float16),
        offers=quantise(model.offers),
        offer_topics=model.offer_topics.astype(np.uint8),
    )


def main(
    encoder: Annotated[Path, typer.Option(help="Where the encoder's files are.")] = Path(
        "var/encoder"
    ),
) -> None:
    """Learn the topics from `topics.yml` and write `topics.npz` beside it (a minute or two)."""
    from directory.encoder import Encoder, prepare_encoder

    prepare_encoder(encoder)
    model, accuracy = train(Encoder(encoder).encode)
    write_topic_model(model)
    typer.echo(f"{len(model.bias)} topics; {accuracy:.0%} of asks held out are classified right.")


if __name__ == "__main__":
    typer.run(main)
