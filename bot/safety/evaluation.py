"""The labelled examples of the crisis guard, and tables of how well they are labelled.

Owns the reading of `tests/safety/*.jsonl` and the arithmetic of
`docs/reference/safety-figures.md`. Must never train anything, nor see what residents write.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from bot.safety.guard import Label

# An entity as Rasa's data marks it: its words, and what they stand for.
_MARKED = re.compile(r"\[([^\]]+)\](?:\([^)]*\)|\{[^}]*\})")


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


def read_utterances(*paths: Path) -> list[Example]:
    """Utterances in Rasa's form, none of them a danger: what people say to this chat every day."""
    utterances = []
    for path in paths:
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            for written in entry.get("examples", "").splitlines():
                said = _MARKED.sub(r"\1", written.removeprefix("- ")).strip()
                utterances.append(Example(said, "none", entry["intent"], "rasa"))
    return utterances


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
    """A Markdown table of right labels by category, no encoder and with the encoder."""
    out = ["| heldout category | no encoder | with the encoder |", "|---|---|---|"]
    for label, category in dict.fromkeys((e.label, e.category) for e in examples):
        picked = [i for i, e in enumerate(examples) if (e.label, e.category) == (label, category)]
        cells = " | ".join(
            f"{sum(labels[i] == label for i in picked)}/{len(picked)}"
            for labels in (alone, together)
        )
        out.append(f"| {label}: {category.replace('_', ' ')} | {cells} |")
    return "\n".join(out)
