"""The labelled examples of the crisis guard, and tables of its recall and false alarms.

Owns the format of `tests/safety/*.jsonl` and of the tables in `docs/reference/safety-figures.md`.
Must never train anything, nor read residents' messages.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from bot.safety.guard import Label
from checkins.outputs.rates import wilson_interval

# An entity in Rasa's training data, such as [knitting](topic) or [ZY2]{"entity": "area"}.
_ENTITY = re.compile(r"\[([^\]]+)\](?:\([^)]*\)|\{[^}]*\})")


@dataclass(frozen=True)
class Example:
    """A labelled message. `category` says what it is about, `batch` when it was written."""

    text: str
    label: Label
    category: str
    batch: str


@dataclass(frozen=True)
class Proportion:
    """`count` of `total`, printed with its 95% Wilson interval."""

    count: int
    total: int

    def __str__(self) -> str:
        low, high = wilson_interval(self.count, self.total - self.count)
        if not self.total:
            return "none"
        return (
            f"{self.count}/{self.total} = {100 * self.count / self.total:.1f}% "
            f"({100 * low:.1f} to {100 * high:.1f})"
        )


Results = Mapping[str, tuple[Sequence[Example], Sequence[Label]]]
"""Examples and the labels that the guard gave them, by the name of a row."""


def read_examples(path: Path) -> list[Example]:
    """The examples of a JSON-lines file. Raises OSError, ValueError or TypeError."""
    with path.open(encoding="utf-8") as lines:
        return [Example(**json.loads(line)) for line in lines]


def read_utterances(*paths: Path) -> list[Example]:
    """Everyday messages from Rasa's training or test data, each labelled `none`."""
    utterances = []
    for path in paths:
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            for line in entry.get("examples", "").splitlines():
                text = _ENTITY.sub(r"\1", line.removeprefix("- ")).strip()
                utterances.append(Example(text, "none", entry["intent"], "rasa"))
    return utterances


def compute_recall(
    examples: Sequence[Example], labels: Sequence[Label], label: Label = "crisis"
) -> Proportion:
    """How many messages that should get `label` get it."""
    correct = [
        given == label
        for example, given in zip(examples, labels, strict=True)
        if example.label == label
    ]
    return Proportion(sum(correct), len(correct))


def compute_shown(
    examples: Sequence[Example], labels: Sequence[Label], label: Label = "crisis"
) -> Proportion:
    """How many messages that should get `label` are shown a helpline."""
    shown = [g != "none" for e, g in zip(examples, labels, strict=True) if e.label == label]
    return Proportion(sum(shown), len(shown))


def compute_false_crises(examples: Sequence[Example], labels: Sequence[Label]) -> Proportion:
    """How many harmless messages are answered with helplines and nothing else."""
    crises = [g == "crisis" for e, g in zip(examples, labels, strict=True) if e.label == "none"]
    return Proportion(sum(crises), len(crises))


def list_proportions(examples: Sequence[Example], labels: Sequence[Label]) -> list[Proportion]:
    """The columns of a table of results."""
    return [
        compute_recall(examples, labels),
        compute_shown(examples, labels),
        compute_shown(examples, labels, "support"),
        compute_false_crises(examples, labels),
        compute_shown(examples, labels, "none"),
    ]


def format_results(results: Results) -> str:
    """A Markdown table of recall and false alarms."""
    lines = [
        "| set | crisis as a crisis | crisis shown a helpline | support shown | "
        "harmless as a crisis | harmless shown |",
        "|---|---|---|---|---|---|",
    ]
    for name, (examples, labels) in results.items():
        cells = " | ".join(map(str, list_proportions(examples, labels)))
        lines.append(f"| {name} | {cells} |")
    return "\n".join(lines)


def format_categories(
    examples: Sequence[Example],
    labels_without_encoder: Sequence[Label],
    labels_with_encoder: Sequence[Label],
) -> str:
    """A Markdown table of correct labels by category, without and with the encoder."""
    lines = ["| heldout category | no encoder | with the encoder |", "|---|---|---|"]
    for label, category in dict.fromkeys((e.label, e.category) for e in examples):
        rows = [i for i, e in enumerate(examples) if (e.label, e.category) == (label, category)]
        cells = " | ".join(
            f"{sum(labels[i] == label for i in rows)}/{len(rows)}"
            for labels in (labels_without_encoder, labels_with_encoder)
        )
        lines.append(f"| {label}: {category.replace('_', ' ')} | {cells} |")
    return "\n".join(lines)
