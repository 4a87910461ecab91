"""Learns what a message says no to: `python -m nlu.understanding.negation_training --help`.

Owns the making of `negation.crfsuite` and `negation_vocabulary.txt` from `negation_examples.txt`.
Must learn from examples written for it alone: never from a set that it is judged by.
"""

import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pycrfsuite
import typer
import yaml

from directory.answers.asking_training import INTENTS, read_intent_examples
from directory.answers.examples import load_asking_examples
from nlu.understanding.negation import (
    MODEL_FILE,
    VOCABULARY_FILE,
    describe_tokens,
    simplify,
    split_tokens,
)
from nlu.understanding.patterns import straighten_apostrophes

EXAMPLES_FILE = Path(__file__).with_name("negation_examples.txt")
SLOTS_FILE = Path(__file__).with_name("negation_slots.yml")

_SLOT = re.compile(r"\$(\w+)")
_MARK = re.compile(r"[{}\[\]<>~]")
_OPENING = {"[": "refused", "<": "denied"}
# A message with none of these says no to nothing.
_MAY_SAY_NO = frozenset(
    """
    no not none nothing nowt nae never neither nor nobody nowhere without except excluding minus
    bar but cannot cant cannae dont doesnt didnt isnt arent aint wasnt wont wouldnt couldnt
    shouldnt havent hasnt dinnae dinna avoid hate hates loathe detest despise refuse refuses
    dislike rather instead than apart other away outside stop skip drop forget scrap leave less
    fewer enough sick tired fed done gave quit lost busy work works working out ex fled ran
    banned barred scared afraid frightened nervous anxious allergic too only just save past
    minus besides unable lives lived no-one noone off hard bad difficult matter mind bothered
    fussed tried already been
    """.split()
)
# Slots whose words the model knows each, rather than by their form.
_WAYS_OF_SAYING = (
    "subject", "really", "dislike", "cannot", "busy", "unfit", "exman", "isat", "danger", "except",
    "none", "isnt", "lacking", "isnot", "nevermind", "neednot", "filler", "notpossible",
    "feeling",
)  # fmt: skip
_COPIES = 24  # of an example, each with other words in its slots
_JOINS = (", ", ". ", " and ", " but ", " ", "\n", "! ")
_COMMON = 2  # a word of the vocabulary stands in as many examples
_SEED = 7
_PENALTIES = {"c1": 0.2, "c2": 0.02}
_ITERATIONS = 150


@dataclass(frozen=True)
class LabelledMessage:
    """The words of a message, and the label of each."""

    words: tuple[str, ...]
    labels: tuple[str, ...]


def read_example(line: str) -> LabelledMessage:
    """A line of `negation_examples.txt` without slots."""
    words: list[str] = []
    labels: list[str] = []
    thing, clause_start, kind = "", None, ""
    for piece in re.split(f"({_MARK.pattern})", line):
        if piece == "{":
            clause_start, kind = len(words), ""
        elif piece == "}":
            if clause_start is None or not kind:
                raise ValueError(f"{line!r} says no to nothing")
            labels[clause_start:] = [label or f"no {kind}" for label in labels[clause_start:]]
            clause_start = None
        elif piece in _OPENING or (piece == "~" and not thing):
            thing = kind = _OPENING.get(piece, "not_needed")
        elif piece in "]>~" and piece:
            thing = ""
        else:
            tokens = [token.text for token in split_tokens(straighten_apostrophes(piece))]
            words += tokens
            other = "" if clause_start is not None else "other"
            labels += [thing or other] * len(tokens)
    return LabelledMessage(tuple(words), tuple(labels))


def read_lines(path: Path = EXAMPLES_FILE) -> list[str]:
    """The examples, with their slots and marks."""
    lines = (line.strip() for line in path.read_text("utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def read_slots(path: Path = SLOTS_FILE) -> dict[str, list[str]]:
    """The words that may stand in each slot."""
    slots = yaml.safe_load(path.read_text("utf-8"))
    return {name: [word.strip() for word in words.split(",")] for name, words in slots.items()}


def read_vocabulary(lines: Sequence[str], slots: dict[str, list[str]]) -> frozenset[str]:
    """The words, outside slots of things, of at least `_COMMON` examples."""
    counts: Counter[str] = Counter()
    phrases = [phrase for name in _WAYS_OF_SAYING for phrase in slots[name]] * _COMMON
    for line in [*lines, *phrases]:
        plain = _MARK.sub("", _SLOT.sub(" ", straighten_apostrophes(line)))
        counts.update({simplify(token.text) for token in split_tokens(plain)})
    return frozenset(word for word, count in counts.items() if count >= _COMMON)


def read_plain_messages() -> list[str]:
    """Messages that Rasa learns from, or that ask about a listing, without words that say no."""
    texts = [*read_intent_examples(INTENTS), *(text for text, _ in load_asking_examples())]
    return [
        text
        for text in dict.fromkeys(texts)
        if _MAY_SAY_NO.isdisjoint(simplify(token.text) for token in split_tokens(text))
    ]


def fill_slots(line: str, slots: dict[str, list[str]], chance: random.Random) -> str:
    """`line` with words in its slots."""
    return _SLOT.sub(lambda slot: chance.choice(slots[slot[1]]), line)


def make_messages(
    lines: Sequence[str], slots: dict[str, list[str]], chance: random.Random
) -> Iterator[LabelledMessage]:
    """Messages with the slots of `lines` filled, alone and joined to another, and plain ones."""
    plain = read_plain_messages()

    def fill(line: str) -> LabelledMessage:
        return read_example(fill_slots(line, slots, chance))

    for line in lines:
        for copy in range(_COPIES if "$" in line else _COPIES // 2):
            message = fill(line)
            if copy % 2:
                is_plain = chance.random() < 0.5
                other = (
                    read_example(chance.choice(plain)) if is_plain else fill(chance.choice(lines))
                )
                join = read_example(chance.choice(_JOINS))
                pair = [message, other]
                chance.shuffle(pair)
                message = LabelledMessage(
                    (*pair[0].words, *join.words, *pair[1].words),
                    (*pair[0].labels, *join.labels, *pair[1].labels),
                )
            yield message
    for text in plain:
        yield read_example(text)


def train(lines: Sequence[str], slots: dict[str, list[str]], model_file: Path) -> frozenset[str]:
    """Write the model to `model_file`; returns its vocabulary. The same lines, the same model."""
    vocabulary = read_vocabulary(lines, slots)
    trainer = pycrfsuite.Trainer(verbose=False)
    for message in make_messages(lines, slots, random.Random(_SEED)):
        trainer.append(describe_tokens(message.words, vocabulary), message.labels)
    trainer.set_params({**_PENALTIES, "max_iterations": _ITERATIONS})
    trainer.train(str(model_file))
    return vocabulary


def main(
    model_file: Annotated[Path, typer.Option(help="Where the model goes.")] = MODEL_FILE,
    vocabulary_file: Annotated[Path, typer.Option(help="Where its words go.")] = VOCABULARY_FILE,
) -> None:
    """Learn the model anew. Takes about a minute."""
    vocabulary = train(read_lines(), read_slots(), model_file)
    vocabulary_file.write_text("\n".join(sorted(vocabulary)) + "\n", "utf-8")
    print(f"{model_file.stat().st_size / 1e6:.1f} MB, {len(vocabulary)} words")


if __name__ == "__main__":
    typer.run(main)
