"""Learns which messages ask about a listing: `python -m directory.answers.asking_training --help`.

Owns the making of `asking.npz`. Must learn from examples written for the project alone: never from
a set that the conversation is judged by.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
import yaml
from numpy.typing import NDArray

from directory.answers.asking import WEIGHTS_FILE, measure_message
from directory.answers.examples import (
    load_asking_examples,
    load_aspect_examples,
    load_town_listings,
    load_written_listings,
)
from directory.answers.reading import EncodeTokens
from directory.listing import Listing
from directory.sources.detect import read_source

TOWN = Path("examples/larkhaven.csv")
INTENTS = Path("nlu/data/nlu")

_ENTITY = re.compile(r"\[([^\]]+)\]\([^)]*\)")
# An intent whose examples may ask about a listing as well as for its card.
_UNCLEAR = frozenset({"ask_details"})
_FOLDS = 5
_INVERSE_PENALTY = 3.0
# A message that was written for this is worth as many of the others.
_WEIGHT = 8.0

Array = NDArray[np.float32]


def read_intent_examples(folder: Path) -> list[str]:
    """The texts that Rasa learns from, without those that may ask about a listing."""
    return [
        _ENTITY.sub(r"\1", line.strip().removeprefix("-").strip())
        for path in sorted(folder.glob("*.yml"))
        for entry in yaml.safe_load(path.read_text("utf-8"))["nlu"]
        if entry.get("intent") not in _UNCLEAR
        for line in entry["examples"].splitlines()
        if line.strip()
    ]


def train(
    encode_tokens: EncodeTokens, town: Sequence[Listing], others: Sequence[str]
) -> tuple[Any, str]:
    """The regression, and how it did on written messages that were left out."""
    asked = [e.text for e in load_aspect_examples() if e.is_question]
    judged = [*load_written_listings(), *load_town_listings(town)]
    asked += [item.question for listing in judged for item in listing.questions]
    written = load_asking_examples()
    messages = [*(text for text, _ in written), *asked, *others]
    are_asking = np.array(
        [*(asks for _, asks in written), *[True] * len(asked), *[False] * len(others)]
    )
    vectors = [tokens.sentence for tokens in encode_tokens([text.casefold() for text in messages])]
    rows = np.array(
        [measure_message(text, vector) for text, vector in zip(messages, vectors, strict=True)]
    )
    weights = np.where(np.arange(len(messages)) < len(written), _WEIGHT, 1.0)
    right, fold_of = np.zeros(len(written), dtype=bool), np.arange(len(written)) % _FOLDS
    for fold in range(_FOLDS):
        out = np.flatnonzero(fold_of == fold)
        rest = np.setdiff1d(np.arange(len(messages)), out)
        found = _fit(rows[rest], are_asking[rest], weights[rest]).predict(rows[out])
        right[out] = found == are_asking[out]
    of_asks = are_asking[: len(written)]
    report = (
        f"Of {of_asks.sum()} written questions left out in turn, {right[of_asks].sum()} are found; "
        f"of {(~of_asks).sum()} other messages, {(~right[~of_asks]).sum()} are taken for one."
    )
    return _fit(rows, are_asking, weights), report


def _fit(rows: Array, are_asking: NDArray[np.bool_], weights: NDArray[np.float64]) -> Any:
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

    model = LogisticRegression(C=_INVERSE_PENALTY, class_weight="balanced", max_iter=2000)
    return model.fit(rows, are_asking, sample_weight=weights)


def main(
    encoder: Annotated[Path, typer.Option(help="Where the encoder's files are.")] = Path(
        "var/encoder"
    ),
) -> None:
    """Learn from the examples and write `asking.npz` beside them (half a minute)."""
    from directory.encoder import Encoder, prepare_encoder

    prepare_encoder(encoder)
    town = [row for row in read_source(str(TOWN)) if isinstance(row, Listing)]
    model, report = train(Encoder(encoder).encode_tokens, town, read_intent_examples(INTENTS))
    np.savez(
        Path(__file__).with_name(WEIGHTS_FILE),
        weights=model.coef_[0].astype(np.float32),
        bias=np.float32(model.intercept_[0]),
    )
    typer.echo(report)


if __name__ == "__main__":
    typer.run(main)
