"""What Rasa learnt: the data is sound, and utterances it never saw are understood."""

import re
import subprocess
from collections.abc import Iterator

import httpx
import pytest
import yaml

from bot.rasa_training import RASA_PYTHON, rasa_environment
from bot.settings import ROOT

# What was measured on them when the data was written, rounded down; see docs/nlu.md.
MEASURED = {"nlu_heldout.yml": 0.85, "nlu_blind.yml": 0.87}

_MARKED = re.compile(r"\[([^\]]+)\](?:\([^)]*\)|\{[^}]*\})")


def read_utterances(name: str) -> Iterator[tuple[str, str]]:
    """Pairs of intent and text from a file of Rasa's NLU form, entities unmarked."""
    content = yaml.safe_load((ROOT / "tests" / name).read_text(encoding="utf-8"))
    for entry in content["nlu"]:
        for line in entry["examples"].splitlines():
            yield entry["intent"], _MARKED.sub(r"\1", line.removeprefix("- ")).strip()


def test_rasa_finds_the_data_sound() -> None:
    command = [RASA_PYTHON, "-m", "rasa", "data", "validate"]
    command += ["--domain", "nlu/domain", "--data", "nlu/data", "--config", "config.yml"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=rasa_environment(ROOT / "var" / "encoder", 0),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize(("name", "measured"), MEASURED.items())
def test_utterances_it_never_saw_are_understood(rasa_url: str, name: str, measured: float) -> None:
    with httpx.Client(base_url=rasa_url, timeout=30) as rasa:

        def understood(text: str) -> str:
            parsed = rasa.post("/model/parse", json={"text": text}).json()
            # Below the threshold the likeliest intent stands second, behind the fallback.
            names = [one["name"] for one in parsed["intent_ranking"]]
            return str(next(name for name in names if name != "nlu_fallback"))

        right = [intent == understood(text) for intent, text in read_utterances(name)]
    assert len(right) >= 240
    assert sum(right) / len(right) >= measured
