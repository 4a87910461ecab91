"""Trains the classifiers of topics and follow-ups: `python -m bot.safety.topic_training --help`.

Owns the making of `topics.npz` from `tests/safety/topics.yml`, the guard's own examples and Rasa's
training data, and the measuring of it. Must never learn from `topics_heldout.yml`,
`heldout.jsonl` or residents' messages.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
import yaml

from bot.safety.evaluation import Example, Proportion, read_examples, read_utterances
from bot.safety.features import Array
from bot.safety.guard import Encode
from bot.safety.normalisation import normalise
from bot.safety.topics import NONE, WEIGHTS_FILE, Head, load_topic_model, write_topic_model
from bot.safety.training import DEV, NLU_TRAINING

WRITTEN = Path("tests/safety/topics.yml")
HELDOUT_TOPICS = Path("tests/safety/topics_heldout.yml")
_C = 0.9
_VECTOR_SCALE = 5.0
# Of the guard's and Rasa's examples, one in so many is enough.
_EVERY = 3
# Of these kinds of danger, an example may be about a topic that nobody marked.
_UNMARKED = {"abuse", "child", "danger", "overdose", "someone_else"}
_ABOUT_SELF = {"suicidal_explicit", "suicidal_oblique", "self_harm"}
# After a danger these intents are follow-ups, so they are no examples against them.
_SMALL_TALK = {
    "affirm", "deny", "thank", "goodbye", "greet", "ask_privacy", "ask_bot", "forget_me", "stop",
    "ask_navigator", "share_feeling", "ask_capabilities", "out_of_scope",
}  # fmt: skip
# A harmless message that sounds like a topic teaches more than any other harmless one.
_LOOK_ALIKE_WEIGHT = 6.0


@dataclass(frozen=True)
class _Row:
    """An example of a classifier: its name, and how much it weighs among those of NONE."""

    text: str
    name: str
    weight: float = 1.0


def read_written(path: Path) -> dict[str, Any]:
    """The written examples: texts by name in each section. Raises OSError or YAMLError."""
    content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content


def collect_rows() -> dict[str, list[_Row]]:
    """The examples of every classifier."""
    written = read_written(WRITTEN)
    dev = read_examples(DEV)[::_EVERY]
    everyday = [
        _Row(example.text, NONE)
        for example in read_utterances(*sorted(NLU_TRAINING.glob("*.yml")))[::_EVERY]
        if example.category not in _SMALL_TALK
    ]
    topics = _read_section(written["topics"])
    follow_ups = _read_section(written["follow_ups"])
    return {
        "topics": [
            *topics,
            *everyday,
            *(_Row(e.text, NONE, _weigh_example(e)) for e in dev),
            *(_Row(text, NONE, _LOOK_ALIKE_WEIGHT) for text in written["harmless"]),
            *(_Row(text, NONE, _LOOK_ALIKE_WEIGHT) for text in written["other_dangers"]),
            *(_Row(row.text, NONE, _LOOK_ALIKE_WEIGHT) for row in follow_ups),
        ],
        "about": [
            *_read_section(written["about"]),
            *(_Row(e.text, "self") for e in dev if e.category in _ABOUT_SELF),
            *(_Row(e.text, "other") for e in dev if e.category == "someone_else"),
        ],
        "follow_ups": [
            *follow_ups,
            *everyday,
            *(_Row(e.text, NONE) for e in dev if e.category not in _ABOUT_SELF),
            *(_Row(row.text, NONE, _LOOK_ALIKE_WEIGHT) for row in topics),
        ],
    }


def _weigh_example(example: Example) -> float:
    return 0.5 if example.category in _UNMARKED else 1.0


def _read_section(section: Mapping[str, Sequence[str]]) -> list[_Row]:
    return [_Row(text, name) for name, texts in section.items() for text in texts]


def encode_texts(texts: Sequence[str], encode: Encode) -> dict[str, Array]:
    """The vector of each text, normalised as the guard does it."""
    vectors = encode([normalise(text).removesuffix(" .") for text in texts])
    return dict(zip(texts, vectors, strict=True))


def train(encode: Encode) -> dict[str, Head]:
    """The trained classifiers by name."""
    rows_by_head = collect_rows()
    texts = sorted({row.text for rows in rows_by_head.values() for row in rows})
    vectors = encode_texts(texts, encode)
    return {name: _fit_head(rows, vectors) for name, rows in rows_by_head.items()}


def _fit_head(rows: Sequence[_Row], vectors: Mapping[str, Array]) -> Head:
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

    features = _VECTOR_SCALE * np.array([vectors[row.text] for row in rows])
    names = np.array([row.name for row in rows])
    weights = np.array([row.weight for row in rows])
    is_none = names == NONE
    if is_none.any():
        # In use a message is already raised, or follows a danger: NONE is no likelier than the
        # others together.
        weights[is_none] *= (~is_none).sum() / weights[is_none].sum()
    model = LogisticRegression(C=_C, max_iter=500).fit(features, names, sample_weight=weights)
    coefficients, bias = model.coef_, model.intercept_
    if len(model.classes_) == 2:
        # One row says how much likelier the second class is than the first.
        coefficients, bias = np.vstack([0 * coefficients, coefficients]), np.array([0, bias[0]])
    return Head(
        tuple(model.classes_.tolist()),
        (_VECTOR_SCALE * coefficients).astype(np.float32),
        bias.astype(np.float32),
    )


def evaluate(encode: Encode) -> str:
    """A Markdown table of how many held-back messages get the right name."""
    model, heldout = load_topic_model(), read_written(HELDOUT_TOPICS)
    lines = ["| heldout | right |", "|---|---|"]
    for section, head in (("topics", model.topics), ("follow_ups", model.follow_ups)):
        rows = _read_section(heldout[section])
        vectors = encode_texts([row.text for row in rows], encode)
        for kind, is_counted in (("named", False), ("none of them", True)):
            counted = [row for row in rows if (row.name == NONE) == is_counted]
            right = sum(_name(head, vectors[row.text]) == row.name for row in counted)
            if counted:
                lines.append(f"| {section}, {kind} | {Proportion(right, len(counted))} |")
    vectors = encode_texts(heldout["harmless"], encode)
    right = sum(_name(model.topics, vector) == NONE for vector in vectors.values())
    lines.append(f"| topics, harmless | {Proportion(right, len(vectors))} |")
    return "\n".join(lines)


def _name(head: Head, vector: Array) -> str:
    probabilities = head.predict(vector)
    return max(probabilities, key=probabilities.__getitem__)


def main(
    encoder: Annotated[Path, typer.Option(help="Folder of the sentence encoder.")] = Path(
        "var/encoder"
    ),
    only_measure: Annotated[bool, typer.Option(help="Print the table without training.")] = False,
) -> None:
    """Train the classifiers of topics and follow-ups, write them, and print their evaluation."""
    from directory.encoder import Encoder, prepare_encoder

    prepare_encoder(encoder)
    encode = Encoder(encoder).encode
    if not only_measure:
        write_topic_model(train(encode), Path(__file__).with_name(WEIGHTS_FILE))
    typer.echo(evaluate(encode))


if __name__ == "__main__":
    typer.run(main)
