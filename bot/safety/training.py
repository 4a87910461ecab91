"""Trains and evaluates the crisis guard: `python -m bot.safety.training --help`.

Owns the making of `guard.npz` and of the tables in `docs/reference/safety-figures.md`. The model
is trained on `tests/safety/dev.jsonl` and Rasa's training data; it is calibrated on messages
outside both, short and long. Must never train or calibrate on `heldout.jsonl`.
"""

import hashlib
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
from bot.safety.model import (
    GAMMA,
    MESSAGE_FEATURES,
    WEIGHTS_FILE,
    GuardModel,
    load_model,
    write_model,
)
from bot.safety.normalisation import normalise

DEV = Path("tests/safety/dev.jsonl")
CALIBRATION = Path("tests/safety/calibration.jsonl")
HELDOUT = Path("tests/safety/heldout.jsonl")
# Messages of 60 words or more, one in three of them held out.
LONG = Path("tests/safety/long.jsonl")
LONG_BATCH = "long"
# Everyday messages: Rasa's training data for training, a test set of Rasa's for calibration.
NLU_TRAINING = Path("nlu/data/nlu")
NLU_CALIBRATION = Path("tests/nlu_blind.yml")
# The weight of the kernel over vectors; the kernel over n-grams has the rest.
_VECTOR_KERNEL_WEIGHT = 0.7
_SVM_C = 3.0
_KIND_C = 10.0
# Scales a vector relative to n-grams in the classifier of kinds.
_VECTOR_SCALE = 3.0
_LONG_WEIGHT = 4.0
# What a judgement must reach, by the features of a message (its length is the fourth, the last is
# always 1). A crisis takes the wanted answer away, so it must be likely, and the more so in a long
# message. Support costs a line, so a doubt is enough.
_CRISIS = np.array([0, 0, 0, 0.15, 0, -0.25])
_SUPPORT = np.array([0, 0, 0, -0.5, 0, -1.0])
_SUICIDE_CATEGORIES = {"suicidal_explicit", "suicidal_oblique"}


def fit(encode: Encode, examples: Sequence[Example]) -> GuardModel:
    """A model trained on the examples, each as one segment; it judges no message yet."""
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
        judgements=np.zeros((2, 2, MESSAGE_FEATURES), dtype=np.float32),
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
    """The weights that judge a message by its features, shape (2, 2, MESSAGE_FEATURES).

    A long example counts as many short ones, because there are fewer of them.
    """
    from sklearn.linear_model import LogisticRegression

    labels = np.array([example.label for example in examples])
    weights = np.array([_LONG_WEIGHT if e.batch == LONG_BATCH else 1.0 for e in examples])
    judgements = []
    for guard in (Guard(encode, model), Guard(None, model)):
        rows = np.array(
            [
                model.describe_message(guard.read_message(normalise(example.text)))[0]
                for example in examples
            ]
        )
        for is_raised, offset in ((labels == "crisis", _CRISIS), (labels != "none", _SUPPORT)):
            regression = LogisticRegression(C=1.0, fit_intercept=False).fit(
                rows, is_raised, sample_weight=weights
            )
            judgements.append(regression.coef_[0] - offset)
    return np.array(judgements, dtype=np.float32).reshape(2, 2, MESSAGE_FEATURES)


def train(encode: Encode, fitted: GuardModel | None = None) -> GuardModel:
    """A calibrated model, trained on the dev examples and Rasa's training data.

    With a `fitted` model, only its judgement of whole messages is learnt anew.
    """
    if fitted is None:
        everyday = read_utterances(*sorted(NLU_TRAINING.glob("*.yml")))
        fitted = fit(encode, [*read_examples(DEV), *everyday])
    calibration = [
        *read_examples(CALIBRATION),
        *read_utterances(NLU_CALIBRATION),
        *(example for example in read_examples(LONG) if not is_held_out(example.text)),
    ]
    return replace(fitted, judgements=calibrate(fitted, encode, calibration))


def is_held_out(text: str) -> bool:
    """Whether an example is set aside to be measured on: one in three, by hash."""
    return int(hashlib.sha256(text.encode()).hexdigest(), 16) % 3 == 0


def label_heldout(guard_name: str, label: Callable[[str], Label]) -> Results:
    """The results on `heldout.jsonl`, a row for each batch."""
    examples_by_batch: dict[str, list[Example]] = {}
    long = [example for example in read_examples(LONG) if is_held_out(example.text)]
    for example in [*read_examples(HELDOUT), *long]:
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
    only_calibrate: Annotated[
        bool, typer.Option(help="Learn only how whole messages are judged.")
    ] = False,
) -> None:
    """Train the crisis guard, write its weights, and print its evaluation."""
    from directory.encoder import Encoder, prepare_encoder

    prepare_encoder(encoder)
    encode = Encoder(encoder).encode
    if not only_measure:
        fitted = load_model() if only_calibrate else None
        write_model(train(encode, fitted), Path(__file__).with_name(WEIGHTS_FILE))
    typer.echo(evaluate(encode))


if __name__ == "__main__":
    typer.run(main)
