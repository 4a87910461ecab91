"""Messages with their intents: splits of the project's examples and of two public data sets.

Owns where they are found and how they are sampled, the same every time. Must never read the
utterances under `tests/`: those judge the pipeline that is chosen by these.
"""

import csv
import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from benchmarks.corpus import SHARED
from bot.settings import ROOT

OUT_OF_SCOPE = "out_of_scope"

_FOLDS = 3
# DIET pads a batch to its longest message, so the one in fifty with more words than this would
# make training several times as slow.
_MAX_WORDS = 25
# One in seven of a public set's intents is left out of training, and is out of scope there.
_LEFT_OUT = 7
# The training file, the test file and the column separator of each public set.
_PUBLIC = {
    "hwu64": ("fold1_train.tsv", "fold1_test.tsv", "\t"),
    "banking77": ("train.csv", "test.csv", ","),
}
_ENTITY = re.compile(r"\[([^\]]+)\](?:\([^)]*\)|\{[^}]*\})")


@dataclass(frozen=True)
class Message:
    """A message. `annotated` is the same text with its entities, as in Rasa's training data."""

    text: str
    intent: str
    annotated: str


@dataclass(frozen=True)
class Split:
    """Messages for training and for testing, in random order."""

    training: Sequence[Message]
    testing: Sequence[Message]


def split_own(*, quick: bool) -> list[Split]:
    """Three folds of the project's own examples, stratified by intent."""
    entries = [
        entry
        for path in sorted((ROOT / "nlu" / "data" / "nlu").glob("*.yml"))
        for entry in yaml.safe_load(path.read_text("utf-8"))["nlu"]
    ]
    folds: list[list[Message]] = [[] for _ in range(_FOLDS)]
    generator = random.Random(2026)
    for entry in entries:
        lines = [line.removeprefix("- ") for line in entry["examples"].splitlines()]
        lines = [line for line in lines if len(line.split()) <= _MAX_WORDS]
        generator.shuffle(lines)
        for number, line in enumerate(lines[:: 4 if quick else 1]):
            text = _ENTITY.sub(r"\1", line).strip()
            folds[number % _FOLDS].append(Message(text, entry["intent"], line))
    for fold in folds:
        generator.shuffle(fold)
    return [
        Split([message for fold in folds if fold is not testing for message in fold], testing)
        for testing in folds[: 1 if quick else _FOLDS]
    ]


def split_public(*, quick: bool) -> dict[str, list[Split]]:
    """A split of each public set: some examples for each intent."""
    training_size, testing_size = (5, 5) if quick else (10, 10)
    splits = {}
    for name, (training_file, testing_file, separator) in _PUBLIC.items():
        if not (SHARED / "nlu" / name).is_dir():
            continue
        generator = random.Random(2026)
        training, testing = (
            _sample(_read(SHARED / "nlu" / name / file, separator), size, generator)
            for file, size in ((training_file, training_size), (testing_file, testing_size))
        )
        left_out = set(sorted({message.intent for message in training})[::_LEFT_OUT])
        splits[name] = [
            Split(
                [message for message in training if message.intent not in left_out],
                [
                    replace(message, intent=OUT_OF_SCOPE) if message.intent in left_out else message
                    for message in testing
                ],
            )
        ]
    return splits


def _read(path: Path, separator: str) -> Iterator[Message]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file, delimiter=separator)
        next(rows)
        for text, intent in rows:
            # On one line, without brackets, which Rasa would read as an entity.
            words = text.translate(str.maketrans("[]", "()")).split()
            if len(words) <= _MAX_WORDS:
                plain = " ".join(words)
                yield Message(plain, intent, plain)


def _sample(messages: Iterable[Message], size: int, generator: random.Random) -> list[Message]:
    by_intent = defaultdict(list)
    for message in messages:
        by_intent[message.intent].append(message)
    sample = [
        message
        for _, of_intent in sorted(by_intent.items())
        for message in generator.sample(of_intent, min(size, len(of_intent)))
    ]
    generator.shuffle(sample)
    return sample
