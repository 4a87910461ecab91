"""The trained model: its data is valid, and it understands unseen utterances."""

import re
import subprocess
from collections.abc import Iterable, Iterator

import httpx
import pytest
import yaml

from bot.rasa.training import RASA_PYTHON, build_environment
from bot.settings import ROOT

# Measured with the present pipeline, rounded down; see docs/explanation/what-rasa-learns.md.
ACCURACY = {"nlu_heldout.yml": 0.88, "nlu_blind.yml": 0.91}
# `nlu_writers.yml` has six writers: the share of the worst one, and of all their messages.
WORST_WRITER, ALL_WRITERS = 0.80, 0.88
# The share of out-of-scope utterances that are not taken for something in scope, and the share of
# correctly understood in-scope utterances that the threshold lets through.
OUT_OF_SCOPE_FOUND = 0.86
IN_SCOPE_KEPT = 0.97

OUT_OF_SCOPE, FALLBACK = "out_of_scope", "nlu_fallback"

_MARKED = re.compile(r"\[([^\]]+)\](?:\([^)]*\)|\{[^}]*\})")


def read_utterances(name: str) -> Iterator[tuple[str, str]]:
    """Pairs of intent and text from a file in Rasa's NLU form, without entity marks."""
    content = yaml.safe_load((ROOT / "tests" / name).read_text(encoding="utf-8"))
    for entry in content["nlu"]:
        for line in entry["examples"].splitlines():
            yield entry["intent"], _MARKED.sub(r"\1", line.removeprefix("- ")).strip()


def test_rasa_validates_the_data() -> None:
    command = [RASA_PYTHON, "-m", "rasa", "data", "validate"]
    command += ["--domain", "nlu/domain", "--data", "nlu/data", "--config", "config.yml"]
    process = subprocess.run(
        command,
        cwd=ROOT,
        env=build_environment(ROOT / "var" / "encoder", 0),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert process.returncode == 0, process.stderr[-2000:]


def read_writers() -> dict[str, list[tuple[str, str]]]:
    """Pairs of intent and text by each writer of `nlu_writers.yml`, sealed or not."""
    content = yaml.safe_load((ROOT / "tests" / "nlu_writers.yml").read_text(encoding="utf-8"))
    return {
        writer: [(intent, text) for intent, texts in by_intent.items() for text in texts]
        for part in content.values()
        for writer, by_intent in part.items()
    }


def parse(rasa: httpx.Client, utterances: Iterable[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """For each utterance, its intent and the predicted ones, the likeliest first."""

    def rank(text: str) -> list[str]:
        parsed = rasa.post("/model/parse", json={"text": text}).json()
        return [intent["name"] for intent in parsed["intent_ranking"]]

    return [(intent, rank(text)) for intent, text in utterances]


def find_likeliest(ranked: list[str]) -> str:
    """The likeliest intent, which stands behind the fallback if it is below the threshold."""
    return next(name for name in ranked if name != FALLBACK)


@pytest.mark.parametrize(("name", "accuracy"), ACCURACY.items())
def test_unseen_utterances_are_understood(rasa: httpx.Client, name: str, accuracy: float) -> None:
    parsed = parse(rasa, read_utterances(name))
    right = [intent == find_likeliest(ranked) for intent, ranked in parsed]
    assert len(right) >= 240
    assert sum(right) / len(right) >= accuracy


def test_writers_of_very_different_style_are_understood(rasa: httpx.Client) -> None:
    right = {
        writer: [intent == find_likeliest(ranked) for intent, ranked in parse(rasa, utterances)]
        for writer, utterances in read_writers().items()
    }
    accuracies = {writer: sum(marks) / len(marks) for writer, marks in right.items()}
    assert len(right) == 6
    assert min(accuracies.values()) >= WORST_WRITER, accuracies
    everything = [mark for marks in right.values() for mark in marks]
    assert sum(everything) / len(everything) >= ALL_WRITERS


def test_the_threshold_separates_what_is_out_of_scope(rasa: httpx.Client) -> None:
    utterances = [utterance for name in ACCURACY for utterance in read_utterances(name)]
    parsed = parse(rasa, utterances)
    found = [
        ranked[0] in (OUT_OF_SCOPE, FALLBACK) for intent, ranked in parsed if intent == OUT_OF_SCOPE
    ]
    kept = [
        ranked[0] == intent
        for intent, ranked in parsed
        if intent != OUT_OF_SCOPE and find_likeliest(ranked) == intent
    ]
    assert len(found) >= 30
    assert sum(found) / len(found) >= OUT_OF_SCOPE_FOUND
    # Refusing everything would find all of it.
    assert sum(kept) / len(kept) >= IN_SCOPE_KEPT
