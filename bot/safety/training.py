"""Trains and evaluates the crisis guard: `python -m bot.safety.training --help`.

Owns the making of `guard.npz` and of the tables in `docs/reference/safety-figures.md`. The model
is trained on `tests/safety/dev.jsonl` and Rasa's training data; its thresholds are calibrated on
messages outside both. Must never train or calibrate on `heldout.jsonl`.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from scipy.sparse import csr_matrix

from bot.safety.evaluation import (
    Example,
    Results,
    format_categories,
    format_results,
    read_examples,
    read_utterances,
)
from bot.safety.features import (
    HASH_BUCKETS,
    KIND_HASH_BUCKETS,
    Array,
    hash_ngrams,
    reduce_buckets,
    weight_ngrams,
)
from bot.safety.guard import Encode, Guard, Label
from bot.safety.model import GAMMA, WEIGHTS_FILE, GuardModel, write_model
from bot.safety.normalisation import normalise

DEV = Path("tests/safety/dev.jsonl")
CALIBRATION = Path("tests/safety/calibration.jsonl")
HELDOUT = Path("tests/safety/heldout.jsonl")
# Everyday messages: Rasa's training data for training, a test set of Rasa's for calibration.
NLU_TRAINING = Path("nlu/data/nlu")
NLU_CALIBRATION = Path("tests/nlu_blind.yml")
# The weight of the kernel over vectors; the kernel over n-grams has the rest.
_VECTOR_KERNEL_WEIGHT = 0.7
_SVM_C = 3.0
_KIND_C = 10.0
# Scales a vector relative to n-grams in the classifier of kinds.
_VECTOR_SCALE = 3.0
# A missed crisis is worse than a needless phone number, but people switch off a guard with too
# many false alarms.
_FALSE_ALARM_RATE = 0.02
_SUICIDE_CATEGORIES = {"suicidal_explicit", "suicidal_oblique"}


def fit(encode: Encode, examples: Sequence[Example]) -> GuardModel:
    """A model trained on the examples, each as one segment; its thresholds are 0."""
    from sklearn.svm import SVC  # type: ignore[import-untyped]

    texts = [normalise(example.text).removesuffix(" .") for example in examples]
    is_raised = np.array([example.label != "none" for example in examples])
    vectors = encode(texts)
    buckets = [hash_ngrams(text) for text in texts]
    document_counts = np.bincount(np.concatenate(buckets), minlength=2 * HASH_BUCKETS)
    idf = (np.log((1 + len(examples)) / (1 + document_counts)) + 1).astype(np.float32)
    ngrams = [weight_ngrams(row, idf) for row in buckets]
    features = csr_matrix(
        (
            np.concatenate([row.weights for row in ngrams]),
            np.concatenate([row.buckets for row in ngrams]),
            np.cumsum([0, *(len(row.buckets) for row in ngrams)]),
        ),
        shape=(len(examples), 2 * HASH_BUCKETS),
    )
    # Words and letters have a norm of 1 each, so the product of two messages is at most 2.
    ngram_kernel = (features @ features.T).toarray() / 2
    vector_kernel = np.exp(2 * GAMMA * (vectors @ vectors.T - 1))
    with_vectors = SVC(C=_SVM_C, kernel="precomputed").fit(
        _VECTOR_KERNEL_WEIGHT * vector_kernel + (1 - _VECTOR_KERNEL_WEIGHT) * ngram_kernel,
        is_raised,
    )
    without_vectors = SVC(C=_SVM_C, kernel="precomputed").fit(ngram_kernel, is_raised)
    ngram_weights = [
        weight / 2 * (svm.dual_coef_ @ features[svm.support_])[0]
        for weight, svm in ((1 - _VECTOR_KERNEL_WEIGHT, with_vectors), (1.0, without_vectors))
    ]
    kinds, kind_ngram_weights, kind_vector_weights, kind_bias = _fit_kinds(
        examples, vectors, features
    )
    return GuardModel(
        support_vectors=vectors[with_vectors.support_],
        dual_coefficients=(_VECTOR_KERNEL_WEIGHT * with_vectors.dual_coef_[0]).astype(np.float32),
        ngram_weights=np.array(ngram_weights, dtype=np.float32),
        idf=idf,
        bias=np.array(
            [with_vectors.intercept_[0], without_vectors.intercept_[0]], dtype=np.float32
        ),
        thresholds=np.zeros(2, dtype=np.float32),
        kinds=kinds,
        kind_ngram_weights=kind_ngram_weights,
        kind_vector_weights=kind_vector_weights,
        kind_bias=kind_bias,
    )


def _fit_kinds(
    examples: Sequence[Example], vectors: Array, ngram_features: csr_matrix
) -> tuple[tuple[str, ...], Array, Array, Array]:
    """The kinds, with the n-gram weights, vector weights and biases of their classifier."""
    from scipy.sparse import hstack, vstack
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

    raised = [row for row, example in enumerate(examples) if example.label != "none"]
    categories = [examples[row].category for row in raised]
    kinds = ["suicide" if name in _SUICIDE_CATEGORIES else name for name in categories]
    selected = ngram_features[raised].tocoo()
    ngrams = csr_matrix(
        (selected.data, (selected.row, reduce_buckets(selected.col))),
        (len(raised), 2 * KIND_HASH_BUCKETS),
    )
    scaled = csr_matrix(_VECTOR_SCALE * vectors[raised])
    # Each message twice, with and without its vector, because the encoder may be down.
    features = vstack([hstack([ngrams, scaled]), hstack([ngrams, 0 * scaled])]).tocsr()
    classifier = LogisticRegression(C=_KIND_C, max_iter=500).fit(features, kinds * 2)
    weights = classifier.coef_.astype(np.float32)
    return (
        tuple(classifier.classes_.tolist()),
        weights[:, : 2 * KIND_HASH_BUCKETS],
        _VECTOR_SCALE * weights[:, 2 * KIND_HASH_BUCKETS :],
        classifier.intercept_.astype(np.float32),
    )


def calibrate(model: GuardModel, encode: Encode, examples: Sequence[Example]) -> Array:
    """The lowest thresholds, shape (2,), that keep the rate of false alarms."""
    thresholds = []
    for guard in (Guard(encode, model), Guard(None, model)):
        scores = sorted(
            guard.predict(normalise(example.text))[0]
            for example in examples
            if example.label == "none"
        )
        allowed = int(_FALSE_ALARM_RATE * len(scores))
        thresholds.append(scores[-1 - allowed] + 1e-4)
    return np.array(thresholds, dtype=np.float32)


def train(encode: Encode) -> GuardModel:
    """A calibrated model, trained on the dev examples and Rasa's training data."""
    everyday = read_utterances(*sorted(NLU_TRAINING.glob("*.yml")))
    model = fit(encode, [*read_examples(DEV), *everyday])
    calibration = [*read_examples(CALIBRATION), *read_utterances(NLU_CALIBRATION)]
    return replace(model, thresholds=calibrate(model, encode, calibration))


def label_heldout(guard_name: str, label: Callable[[str], Label]) -> Results:
    """The results on `heldout.jsonl`, a row for each batch."""
    examples_by_batch: dict[str, list[Example]] = {}
    for example in read_examples(HELDOUT):
        examples_by_batch.setdefault(example.batch, []).append(example)
    return {
        f"heldout {batch}, {guard_name}": (examples, [label(e.text) for e in examples])
        for batch, examples in examples_by_batch.items()
    }


def evaluate(encode: Encode) -> str:
    """The tables of `docs/reference/safety-figures.md`."""
    heldout = read_examples(HELDOUT)
    label_without, label_with = Guard().label, Guard(encode).label
    results = {
        **label_heldout("no encoder", label_without),
        **label_heldout("with the encoder", label_with),
    }
    categories = format_categories(
        heldout,
        [label_without(example.text) for example in heldout],
        [label_with(example.text) for example in heldout],
    )
    return f"{format_results(results)}\n\n{categories}"


def main(
    encoder: Annotated[Path, typer.Option(help="Folder of the sentence encoder.")] = Path(
        "var/encoder"
    ),
    only_measure: Annotated[bool, typer.Option(help="Print the tables without training.")] = False,
) -> None:
    """Train the crisis guard, write its weights, and print its evaluation."""
    from directory.encoder import Encoder, prepare_encoder

    prepare_encoder(encoder)
    encode = Encoder(encoder).encode
    if not only_measure:
        write_model(train(encode), Path(__file__).with_name(WEIGHTS_FILE))
    typer.echo(evaluate(encode))


if __name__ == "__main__":
    typer.run(main)
