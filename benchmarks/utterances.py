"""What people write, with the intent it has: the project's examples and two public sets, split.

Owns where they are found and how they are drawn; the same every time. Must never read the
utterances under `tests/`: pipelines are chosen by what is here, and judged by those.
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
# Words. DIET pads a whole batch to its longest message: the one in fifty that is longer would
# make it several times as slow to train.
_LONGEST = 25
# One in seven of a public set's intents is not learnt, and so is out of scope there.
_UNLEARNT = 7
# Of each public set the examples to learn from, those to be tried, and what parts the columns.
_PUBLIC = {
    "hwu64": ("fold1_train.tsv", "fold1_test.tsv", "\t"),
    "banking77": ("train.csv", "test.csv", ","),
}
_MARKED = re.compile(r"\[([^\]]+)\](?:\([^)]*\)|\{[^}]*\})")


@dataclass(frozen=True)
class Message:
    """What a person wrote; `marked` is the same with its entities marked, as Rasa learns it."""

    text: str
    intent: str
    marked: str


@dataclass(frozen=True)
class Split:
    """Messages to learn from and others to be tried on, in random order."""

    learnt: Sequence[Message]
    tried: Sequence[Message]


def split_own(*, quick: bool) -> list[Split]:
    """Three folds of the project's own examples; each intent is in all alike."""
    entries = [
        entry
        for path in sorted((ROOT / "nlu" / "data" / "nlu").glob("*.yml"))
        for entry in yaml.safe_load(path.read_text("utf-8"))["nlu"]
    ]
    folds: list[list[Message]] = [[] for _ in range(_FOLDS)]
    dice = random.Random(2026)
    for entry in entries:
        lines = [line.removeprefix("- ") for line in entry["examples"].splitlines()]
        lines = [line for line in lines if len(line.split()) <= _LONGEST]
        dice.shuffle(lines)
        for place, line in enumerate(lines[:: 4 if quick else 1]):
            text = _MARKED.sub(r"\1", line).strip()
            folds[place % _FOLDS].append(Message(text, entry["intent"], line))
    for fold in folds:
        dice.shuffle(fold)
    return [
        Split([one for fold in folds if fold is not tried for one in fold], tried)
        for tried in folds[: 1 if quick else _FOLDS]
    ]


def split_public(*, quick: bool) -> dict[str, list[Split]]:
    """Of each public set some examples an intent, of those intents that are learnt."""
    learnt_of_each, tried_of_each = (5, 5) if quick else (10, 10)
    splits = {}
    for name, (learn, test, separator) in _PUBLIC.items():
        if not (SHARED / "nlu" / name).is_dir():
            continue
        dice = random.Random(2026)
        learnt, tried = (
            _draw(_read(SHARED / "nlu" / name / file, separator), size, dice)
            for file, size in ((learn, learnt_of_each), (test, tried_of_each))
        )
        unlearnt = set(sorted({one.intent for one in learnt})[::_UNLEARNT])
        splits[name] = [
            Split(
                [one for one in learnt if one.intent not in unlearnt],
                [
                    replace(one, intent=OUT_OF_SCOPE) if one.intent in unlearnt else one
                    for one in tried
                ],
            )
        ]
    return splits


def _read(path: Path, separator: str) -> Iterator[Message]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file, delimiter=separator)
        next(rows)
        for text, intent in rows:
            # A line each, and nothing that Rasa would take for an entity.
            words = text.translate(str.maketrans("[]", "()")).split()
            if len(words) <= _LONGEST:
                plain = " ".join(words)
                yield Message(plain, intent, plain)


def _draw(messages: Iterable[Message], of_each: int, dice: random.Random) -> list[Message]:
    by_intent = defaultdict(list)
    for message in messages:
        by_intent[message.intent].append(message)
    drawn = [
        one
        for _, all_of_it in sorted(by_intent.items())
        for one in dice.sample(all_of_it, min(of_each, len(all_of_it)))
    ]
    dice.shuffle(drawn)
    return drawn
