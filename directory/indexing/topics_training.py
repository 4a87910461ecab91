"""Learns the topics from written examples: `python -m directory.indexing.topics_training --help`.

Owns the making of `topics.npz`. Learns from `topics.yml` alone: never from a source's listings, and
never from a judged query.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from directory.indexing.topics import (
    Array,
    Topic,
    TopicModel,
    load_shared_asks,
    load_topics,
    load_turns,
)

Encode = Callable[[Sequence[str]], Array]
_WEIGHTS = Path(__file__).with_name("topics.npz")
# How closely the weights follow the examples; from 5 to 30 nothing changes, see
# docs/decisions/search-ranking.md.
_COST = 20.0
# An offer of help is told from a request by little: it must follow the general run of asks less
# than the examples written to tell the two apart.
_GIVING_COST = 10.0
_TURN_WEIGHT = 6.0
_FOLDS = 5


def _shares(names: Sequence[Sequence[str]], topics: Sequence[Topic]) -> Array:
    """A row for each example: its topics in equal parts."""
    places = {topic.name: place for place, topic in enumerate(topics)}
    shares = np.zeros((len(names), len(topics)), dtype=np.float32)
    for row, told in enumerate(names):
        shares[row, [places[name] for name in told]] = 1 / len(told)
    return shares


def _fit(vectors: Array, shares: Array) -> tuple[Array, Array]:
    """Weights and bias that tell the topics apart; an example of several counts for each."""
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

    rows, topics = np.nonzero(shares)
    model = LogisticRegression(C=_COST, max_iter=1000)
    model.fit(vectors[rows], topics, sample_weight=shares[rows, topics])
    return model.coef_.astype(np.float32), model.intercept_.astype(np.float32)


def _fit_giving(asks: Array, gives: Sequence[bool], turns: Array, offers: Sequence[bool]) -> Array:
    """What tells an offer of help from a request: 384 weights, and the bias last."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=_GIVING_COST, max_iter=1000)
    weights = [1.0] * len(gives) + [_TURN_WEIGHT] * len(offers)
    model.fit(np.concatenate([asks, turns]), [*gives, *offers], sample_weight=weights)
    return np.append(model.coef_[0], model.intercept_).astype(np.float32)


def train(encode: Encode) -> tuple[TopicModel, float]:
    """What is learnt, and the part of asks put right (a topic of theirs first) in five folds."""
    topics, shared = load_topics(), load_shared_asks()
    own = [((topic.name,), ask) for topic in topics for ask in topic.asks]
    asks = [*own, *shared]
    offers = [((topic.name,), offer) for topic in topics for offer in topic.offers]
    words = [((topic.name,), word) for topic in topics for word in topic.words]
    vectors = [encode([text for _, text in told]) for told in (asks, offers, words)]
    shares = [_shares([names for names, _ in told], topics) for told in (asks, offers, words)]
    giving_names = {topic.name for topic in topics if topic.gives}
    turns = load_turns()
    giving = _fit_giving(
        vectors[0],
        [names[0] in giving_names for names, _ in asks],
        encode([text for _, text in turns]),
        [offers for offers, _ in turns],
    )
    weights, bias = _fit(np.concatenate(vectors), np.concatenate(shares))
    fold = np.random.default_rng(0).integers(0, _FOLDS, len(asks))
    right = 0.0
    for one in range(_FOLDS):
        kept, left = fold != one, fold == one
        fitted = _fit(
            np.concatenate([vectors[0][kept], *vectors[1:]]),
            np.concatenate([shares[0][kept], *shares[1:]]),
        )
        first = np.argmax(vectors[0][left] @ fitted[0].T + fitted[1], axis=1)
        right += float((shares[0][left][np.arange(len(first)), first] > 0).sum())
    head = TopicModel(
        weights=weights,
        bias=bias,
        giving=giving,
        asks=vectors[0],
        ask_topics=shares[0],
        offers=vectors[1],
        offer_topics=shares[1].argmax(axis=1),
        common=vectors[0][: len(own)].mean(axis=0),
    )
    return head, right / len(asks)


def write_head(head: TopicModel, path: Path = _WEIGHTS) -> None:
    """Store what was learnt, the examples in steps of a 127th of their largest number."""

    def shrink(rows: Array) -> NDArray[np.int8]:
        steps: Array = np.round(127 * rows / np.abs(rows).max(axis=1, keepdims=True))
        return steps.astype(np.int8)

    np.savez_compressed(
        path,
        weights=head.weights.astype(np.float16),
        bias=head.bias,
        giving=head.giving,
        common=head.common,
        asks=shrink(head.asks),
        ask_topics=head.ask_topics.astype(np.float16),
        offers=shrink(head.offers),
        offer_topics=head.offer_topics.astype(np.uint8),
    )


def main(
    encoder: Annotated[Path, typer.Option(help="Where the encoder's files are.")] = Path(
        "var/encoder"
    ),
) -> None:
    """Learn the topics from `topics.yml` and write `topics.npz` beside it (a minute or two)."""
    from directory.encoder import Encoder, prepare_encoder

    prepare_encoder(encoder)
    head, right = train(Encoder(encoder).encode)
    write_head(head)
    typer.echo(f"{len(head.bias)} topics; {right:.0%} of asks not learnt from are put right.")


if __name__ == "__main__":
    typer.run(main)
