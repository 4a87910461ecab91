"""Trains and measures the crisis guard: `python -m bot.safety_training --help`.

Owns the making of `safety_head.npz` from `tests/safety/dev.jsonl` and of the table in
`docs/safety.md`. Must never train or tune on `tests/safety/heldout.jsonl`.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from bot.safety import Encode, Guard, Head, Label
from bot.safety_patterns import fold, mark, simplify

DEV = Path("tests/safety/dev.jsonl")
HELDOUT = Path("tests/safety/heldout.jsonl")
_HEAD = Path(__file__).with_name("safety_head.npz")
_GAMMA = 2.0
_COST = 3.0
_FOLDS = 10
# What the likeness may add to the false alarms of the patterns: a missed crisis is worse
# than a needless number, but a guard that cries wolf is switched off.
_ADDED_CRISIS = 0.015
_ADDED_SUPPORT = 0.005


@dataclass(frozen=True)
class Example:
    """A labelled message: its words, the label it should get, and what it is about."""

    text: str
    label: Label
    category: str
    batch: str


@dataclass(frozen=True)
class Share:
    """`hits` of `total`, with its 95% Wilson interval."""

    hits: int
    total: int

    def __str__(self) -> str:
        low, high = self.interval()
        return (
            f"{self.hits}/{self.total} = {100 * self.hits / self.total:.1f}% "
            f"({100 * low:.1f} to {100 * high:.1f})"
        )

    def interval(self) -> tuple[float, float]:
        """Wilson's score interval, as shares of 1."""
        z, n = 1.96, self.total
        p = self.hits / n
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * ((p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5)
        return middle - half, middle + half


def read_examples(path: Path) -> list[Example]:
    """The examples of a JSON-lines file. Raises OSError, ValueError or TypeError."""
    with path.open(encoding="utf-8") as lines:
        return [Example(**json.loads(line)) for line in lines]


def encode_all(encode: Encode, examples: Iterable[Example]) -> NDArray[np.float32]:
    """Vectors of shape (n, 384), each message by itself as the guard would encode it."""
    return np.vstack([encode([fold(example.text)]) for example in examples])


def fit(
    vectors: NDArray[np.float32], labels: Sequence[Label], thresholds: tuple[float, float]
) -> Head:
    """A head trained on all that is given."""
    from sklearn.svm import SVC  # type: ignore[import-untyped]

    wanted = np.array(labels)
    weights = np.zeros((2, len(wanted)), dtype=np.float32)
    bias = np.zeros(2, dtype=np.float32)
    for row, raised in enumerate((wanted == "crisis", wanted != "none")):
        machine = SVC(C=_COST, gamma=_GAMMA).fit(vectors, raised)
        weights[row, machine.support_] = machine.dual_coef_[0]
        bias[row] = machine.intercept_[0]
    used = np.abs(weights).sum(axis=0) > 0
    return Head(vectors[used], weights[:, used], bias, _GAMMA, thresholds)


def scores_out_of_fold(
    vectors: NDArray[np.float32], labels: Sequence[Label]
) -> NDArray[np.float64]:
    """Shape (2, n): what heads that never saw a message give it (ten folds, fixed shuffle)."""
    from sklearn.model_selection import StratifiedKFold  # type: ignore[import-untyped]

    scores = np.zeros((2, len(labels)))
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=0)
    for seen, unseen in folds.split(vectors, labels):
        head = fit(vectors[seen], [labels[i] for i in seen], (0.0, 0.0))
        likeness = np.exp(2 * _GAMMA * (vectors[unseen] @ head.examples.T - 1))
        scores[:, unseen] = (likeness @ head.weights.T + head.bias).T
    return scores


def pattern_label(text: str) -> Label:
    """The label by the patterns alone."""
    marks = mark(simplify(fold(text)))
    return "crisis" if marks.crisis else "support" if marks.support else "none"


def choose_thresholds(
    scores: NDArray[np.float64], examples: Sequence[Example]
) -> tuple[float, float]:
    """The lowest thresholds that add no more false alarms than allowed, out of fold."""
    harmless = np.array([example.label == "none" for example in examples])
    quiet = np.array([pattern_label(example.text) == "none" for example in examples])

    def lowest(row: int, allowed: float, among: NDArray[np.bool_]) -> float:
        ranked = np.sort(scores[row][among])[::-1]
        return float(ranked[int(allowed * harmless.sum())]) + 1e-6

    crisis = lowest(0, _ADDED_CRISIS, harmless & quiet)
    below = harmless & quiet & (scores[0] < crisis)
    return crisis, lowest(1, _ADDED_SUPPORT, below)


def cross_validated_labels(
    vectors: NDArray[np.float32], examples: Sequence[Example]
) -> list[Label]:
    """What the whole guard says of each message when its head never saw it."""
    scores = scores_out_of_fold(vectors, [example.label for example in examples])
    crisis, support = choose_thresholds(scores, examples)
    labels: list[Label] = []
    for example, (danger, sorrow) in zip(examples, scores.T, strict=True):
        label = pattern_label(example.text)
        if label == "none":
            label = "crisis" if danger >= crisis else "support" if sorrow >= support else "none"
        labels.append(label)
    return labels


def recall(examples: Sequence[Example], labels: Sequence[Label], of: Label = "crisis") -> Share:
    """How many messages that should be labelled `of` are."""
    got = [label == of for e, label in zip(examples, labels, strict=True) if e.label == of]
    return Share(sum(got), len(got))


def false_alarms(examples: Sequence[Example], labels: Sequence[Label]) -> Share:
    """How many harmless messages raise anything at all."""
    got = [label != "none" for e, label in zip(examples, labels, strict=True) if e.label == "none"]
    return Share(sum(got), len(got))


def write_table(rows: dict[str, tuple[Sequence[Example], Sequence[Label]]]) -> str:
    """A Markdown table of recall and false alarms, a row for each name."""
    out = ["| set | crisis recall | false alarms | support recall |", "|---|---|---|---|"]
    for name, (examples, labels) in rows.items():
        shares = (
            recall(examples, labels),
            false_alarms(examples, labels),
            recall(examples, labels, "support"),
        )
        out.append(f"| {name} | {' | '.join(map(str, shares))} |")
    return "\n".join(out)


def write_categories(
    examples: Sequence[Example], alone: Sequence[Label], together: Sequence[Label]
) -> str:
    """A Markdown table of right labels by category, patterns alone and with the encoder."""
    out = ["| heldout category | patterns alone | with the encoder |", "|---|---|---|"]
    for label, category in dict.fromkeys((e.label, e.category) for e in examples):
        picked = [i for i, e in enumerate(examples) if (e.label, e.category) == (label, category)]
        cells = " | ".join(
            f"{sum(labels[i] == label for i in picked)}/{len(picked)}"
            for labels in (alone, together)
        )
        out.append(f"| {label}: {category.replace('_', ' ')} | {cells} |")
    return "\n".join(out)


def heldout_rows(
    name: str, label: Callable[[str], Label]
) -> dict[str, tuple[Sequence[Example], Sequence[Label]]]:
    """The rows of a guard: the batch it was frozen before, and the two that came earlier."""
    rows: dict[str, tuple[Sequence[Example], Sequence[Label]]] = {}
    heldout = read_examples(HELDOUT)
    for title, blind in (("blind", True), ("early", False)):
        examples = [e for e in heldout if (e.batch == "blind") == blind]
        rows[f"heldout, {title}, {name}"] = (examples, [label(e.text) for e in examples])
    return rows


def measure(encode: Encode) -> str:
    """The tables of `docs/safety.md`, measured now with the committed patterns and head."""
    dev, heldout = read_examples(DEV), read_examples(HELDOUT)
    alone, together = Guard().label, Guard(encode).label
    rows: dict[str, tuple[Sequence[Example], Sequence[Label]]] = {
        **heldout_rows("patterns alone", alone),
        **heldout_rows("with the encoder", together),
        "dev, patterns alone": (dev, [alone(e.text) for e in dev]),
        "dev, with the encoder, cross-validated": (
            dev,
            cross_validated_labels(encode_all(encode, dev), dev),
        ),
    }
    categories = write_categories(
        heldout, [alone(e.text) for e in heldout], [together(e.text) for e in heldout]
    )
    return f"{write_table(rows)}\n\n{categories}"


def main(
    encoder: Annotated[Path, typer.Option(help="Where the encoder's files are.")] = Path(
        "var/encoder"
    ),
    only_measure: Annotated[bool, typer.Option(help="Print the table, train nothing.")] = False,
) -> None:
    """Train the head on the dev examples, write it beside this module, print the table."""
    from directory.embeddings import Encoder, prepare

    prepare(encoder)
    encode = Encoder(encoder).encode
    if not only_measure:
        dev = read_examples(DEV)
        vectors, labels = encode_all(encode, dev), [example.label for example in dev]
        thresholds = choose_thresholds(scores_out_of_fold(vectors, labels), dev)
        head = fit(vectors, labels, thresholds)
        np.savez_compressed(
            _HEAD,
            examples=head.examples.astype(np.float16),
            weights=head.weights,
            bias=head.bias,
            gamma=np.float32(head.gamma),
            thresholds=np.array(thresholds),
        )
    typer.echo(measure(encode))


if __name__ == "__main__":
    typer.run(main)
