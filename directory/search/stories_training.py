"""Learns which sentences ask for something: `python -m directory.search.stories_training --help`.

Owns the making of `stories.npz`. Must learn from examples written for this project alone.
"""

from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
import yaml

from directory.indexing.topic_examples import load_topics
from directory.search.stories import Array

Encode = Callable[[Sequence[str]], Array]
_WEIGHTS = Path(__file__).with_name("stories.npz")
_COST = 10.0
_ASKS_A_TOPIC = 2
_FOLDS = 5


def read_examples() -> tuple[list[str], list[bool]]:
    """The sentences, and whether each asks for something.

    Two asks of every topic stand beside the written wishes: a bare "choir" is a wish as well.
    """
    text = (files("directory.search") / "story_sentences.yml").read_text("utf-8")
    written = yaml.safe_load(text)
    asks = [ask for topic in load_topics() for ask in topic.asks[:_ASKS_A_TOPIC]]
    wishes = [*written["wish"], *asks]
    return [*wishes, *written["story"]], [True] * len(wishes) + [False] * len(written["story"])


def train(encode: Encode) -> tuple[Array, float]:
    """The weights (385,), the bias last, and the balanced accuracy in five-fold validation."""
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
    from sklearn.model_selection import cross_val_score  # type: ignore[import-untyped]

    sentences, are_wishes = read_examples()
    vectors = encode(sentences)
    classifier = LogisticRegression(C=_COST, max_iter=1000, class_weight="balanced")
    accuracy = cross_val_score(
        classifier, vectors, are_wishes, cv=_FOLDS, scoring="balanced_accuracy"
    ).mean()
    classifier.fit(vectors, are_wishes)
    weights = np.append(classifier.coef_[0], classifier.intercept_).astype(np.float32)
    return weights, float(accuracy)


def main(
    encoder: Annotated[Path, typer.Option(help="Where the encoder's files are.")] = Path(
        "var/encoder"
    ),
) -> None:
    """Learn from `story_sentences.yml` and write `stories.npz` beside it (some seconds)."""
    from directory.encoder import Encoder, prepare_encoder

    prepare_encoder(encoder)
    weights, accuracy = train(Encoder(encoder).encode)
    np.savez_compressed(_WEIGHTS, weights=weights)
    typer.echo(f"{accuracy:.0%} of sentences held out are told apart (balanced).")


if __name__ == "__main__":
    typer.run(main)
