"""Trains and measures the crisis guard: `python -m bot.safety.training --help`.

Owns the making of `head.npz` (learnt from `tests/safety/dev.jsonl` and what Rasa learns,
its thresholds from what neither holds) and of the tables in `docs/reference/safety-figures.md`.
Must never train or tune on `heldout.jsonl`.
"""

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from bot.safety import guard as safety
from bot.safety.evaluation import (
    Example,
    read_examples,
    read_utterances,
    write_categories,
    write_table,
)
from bot.safety.guard import BUCKETS, FEW, Array, Encode, Guard, GuardModel, Label
from bot.safety.patterns import fold, simplify

DEV = Path("tests/safety/dev.jsonl")
CALIBRATION = Path("tests/safety/calibration.jsonl")
# What people say to the chat: what Rasa learns, and what was written for its tests alone.
LEARNT = Path("nlu/data/nlu")
SAID = Path("tests/nlu_blind.yml")
HELDOUT = Path("tests/safety/heldout.jsonl")
_HEAD = Path(__file__).with_name("head.npz")
# How much of the likeness of two messages is their vectors'; the rest is their words'.
_OF_VECTORS = 0.7
_COST = 3.0
_KIND_COST = 10.0
# Weighs a vector against words when kinds of danger are told apart.
_VECTOR_SCALE = 3.0
# A missed crisis is worse than a needless number, but a guard that cries wolf is switched off.
_FALSE_ALARMS = 0.02
_SUICIDE = {"suicidal_explicit", "suicidal_oblique"}


def fit(encode: Encode, examples: Sequence[Example]) -> GuardModel:
    """A head trained on the examples, each as a whole; its thresholds are still 0."""
    from sklearn.svm import SVC  # type: ignore[import-untyped]

    plain = [simplify(fold(example.text)).removesuffix(" .") for example in examples]
    raised = np.array([example.label != "none" for example in examples])
    vectors = encode(plain)
    buckets = [safety.hash_words(text) for text in plain]
    seen = np.bincount(np.concatenate(buckets), minlength=2 * BUCKETS)
    rarity = (np.log((1 + len(raised)) / (1 + seen)) + 1).astype(np.float32)
    counts = [safety.weigh(each, rarity) for each in buckets]
    sparse = csr_matrix(
        (
            np.concatenate([each.weights for each in counts]),
            np.concatenate([each.buckets for each in counts]),
            np.cumsum([0, *(len(each.buckets) for each in counts)]),
        ),
        shape=(len(raised), 2 * BUCKETS),
    )
    # Each half of a message's words has a length of 1, so two messages share at most 2.
    shared = (sparse @ sparse.T).toarray() / 2
    near = np.exp(2 * safety.GAMMA * (vectors @ vectors.T - 1))
    both = SVC(C=_COST, kernel="precomputed").fit(
        _OF_VECTORS * near + (1 - _OF_VECTORS) * shared, raised
    )
    alone = SVC(C=_COST, kernel="precomputed").fit(shared, raised)
    words = [
        share / 2 * (machine.dual_coef_ @ sparse[machine.support_])[0]
        for share, machine in ((1 - _OF_VECTORS, both), (1.0, alone))
    ]
    kinds, kind_words, kind_vector, kind_bias = _fit_kinds(examples, vectors, sparse)
    return GuardModel(
        examples=vectors[both.support_],
        likeness=(_OF_VECTORS * both.dual_coef_[0]).astype(np.float32),
        words=np.array(words, dtype=np.float32),
        rarity=rarity,
        bias=np.array([both.intercept_[0], alone.intercept_[0]], dtype=np.float32),
        thresholds=np.zeros(2, dtype=np.float32),
        kinds=kinds,
        kind_words=kind_words,
        kind_vector=kind_vector,
        kind_bias=kind_bias,
    )


def _fit_kinds(
    examples: Sequence[Example], vectors: Array, sparse: csr_matrix
) -> tuple[tuple[str, ...], Array, Array, Array]:
    from scipy.sparse import hstack, vstack
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

    some = [i for i, example in enumerate(examples) if example.label != "none"]
    kinds = ["suicide" if examples[i].category in _SUICIDE else examples[i].category for i in some]
    picked = sparse[some].tocoo()
    words = csr_matrix((picked.data, (picked.row, safety.fewer(picked.col))), (len(some), 2 * FEW))
    near = csr_matrix(_VECTOR_SCALE * vectors[some])
    # Each message twice, with its vector and without, since the encoder may be down.
    features = vstack([hstack([words, near]), hstack([words, 0 * near])]).tocsr()
    model = LogisticRegression(C=_KIND_COST, max_iter=500).fit(features, kinds * 2)
    weights = model.coef_.astype(np.float32)
    return (
        tuple(model.classes_.tolist()),
        weights[:, : 2 * FEW],
        _VECTOR_SCALE * weights[:, 2 * FEW :],
        model.intercept_.astype(np.float32),
    )


def calibrate(head: GuardModel, encode: Encode, examples: Sequence[Example]) -> Array:
    """The lowest thresholds, shape (2,), that raise no more of the harmless than allowed."""
    thresholds = []
    for guard in (Guard(encode, head), Guard(None, head)):
        scores = sorted(
            guard.read(simplify(fold(example.text)))[0]
            for example in examples
            if example.label == "none"
        )
        allowed = int(_FALSE_ALARMS * len(scores))
        thresholds.append(scores[-1 - allowed] + 1e-4)
    return np.array(thresholds, dtype=np.float32)


def heldout_rows(
    name: str, label: Callable[[str], Label]
) -> dict[str, tuple[Sequence[Example], Sequence[Label]]]:
    """The rows of a guard, one for each batch that was held out in whole or in part."""
    rows: dict[str, tuple[Sequence[Example], Sequence[Label]]] = {}
    heldout = read_examples(HELDOUT)
    for batch in dict.fromkeys(example.batch for example in heldout):
        examples = [example for example in heldout if example.batch == batch]
        rows[f"heldout {batch}, {name}"] = (examples, [label(e.text) for e in examples])
    return rows


def measure(encode: Encode) -> str:
    """The tables of `docs/reference/safety-figures.md`, measured on `heldout.jsonl`."""
    heldout = read_examples(HELDOUT)
    alone, together = Guard().label, Guard(encode).label
    rows = {
        **heldout_rows("no encoder", alone),
        **heldout_rows("with the encoder", together),
    }
    categories = write_categories(
        heldout, [alone(e.text) for e in heldout], [together(e.text) for e in heldout]
    )
    return f"{write_table(rows)}\n\n{categories}"


def train(encode: Encode) -> GuardModel:
    """A head from the dev examples, its thresholds from the mix that no head learns from."""
    head = fit(encode, [*read_examples(DEV), *read_utterances(*sorted(LEARNT.glob("*.yml")))])
    everyday = [*read_examples(CALIBRATION), *read_utterances(SAID)]
    return replace(head, thresholds=calibrate(head, encode, everyday))


def write_head(head: GuardModel) -> None:
    """Store the weights beside this module, the large ones as whole numbers of a step each."""
    stored: dict[str, NDArray[np.generic]] = {"kinds": np.array(head.kinds)}
    for name in (field.name for field in fields(GuardModel) if field.name != "kinds"):
        array: Array = getattr(head, name)
        if name in {"examples", "words", "kind_words"}:
            step = np.abs(array).max(axis=1, keepdims=True) / 127
            stored[name] = np.round(array / step).astype(np.int8)
            stored[f"{name}_step"] = step
        else:
            stored[name] = array.astype(np.float16) if name == "rarity" else array
    np.savez_compressed(_HEAD, **stored)  # type: ignore[arg-type]


def main(
    encoder: Annotated[Path, typer.Option(help="Where the encoder's files are.")] = Path(
        "var/encoder"
    ),
    only_measure: Annotated[bool, typer.Option(help="Print the table, train nothing.")] = False,
) -> None:
    """Train the head on the dev examples, write it beside this module, print the tables."""
    from directory.encoder import Encoder, prepare_encoder

    prepare_encoder(encoder)
    encode = Encoder(encoder).encode
    if not only_measure:
        write_head(train(encode))
    typer.echo(measure(encode))


if __name__ == "__main__":
    typer.run(main)
