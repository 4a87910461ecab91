"""The trained model: its data is valid, and it understands unseen utterances."""

import re
import subprocess
from collections.abc import Iterator

import httpx
import pytest
import yaml

from bot.rasa.training import RASA_PYTHON, build_environment
from bot.settings import ROOT

# Measured with the present pipeline, rounded down; see docs/explanation/what-rasa-learns.md.
ACCURACY = {"nlu_heldout.yml": 0.87, "nlu_blind.yml": 0.90}
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


def parse(rasa: httpx.Client, name: str) -> list[tuple[str, list[str]]]:
    """For each utterance of a file, its intent and the predicted ones, the likeliest first."""

    def rank(text: str) -> list[str]:
        parsed = rasa.post("/model/parse", json={"text": text}).json()
        return [intent["name"] for intent in parsed["intent_ranking"]]

    return [(intent, rank(text)) for intent, text in read_utterances(name)]


def find_likeliest(ranked: list[str]) -> str:
    """The likeliest intent, which stands behind the fallback if it is below the threshold."""
    return next(name for name in ranked if name != FALLBACK)


@pytest.mark.parametrize(("name", "accuracy"), ACCURACY.items())
def test_unseen_utterances_are_understood(rasa: httpx.Client, name: str, accuracy: float) -> None:
    right = [intent == find_likeliest(ranked) for intent, ranked in parse(rasa, name)]
    assert len(right) >= 240
    assert sum(right) / len(right) >= accuracy


def test_the_threshold_separates_what_is_out_of_scope(rasa: httpx.Client) -> None:
    parsed = [utterance for name in ACCURACY for utterance in parse(rasa, name)]
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
