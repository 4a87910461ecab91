"""How well and how fast Rasa understands, pipeline by pipeline.

Every pipeline is trained and tried inside real Rasa (`nlu.components.evaluate`) on the same
examples. Owns the pipelines and the figures.
"""

import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from benchmarks.tables import LeftOutError, Table
from benchmarks.utterances import OUT_OF_SCOPE, Split, split_own, split_public
from bot.rasa.training import RASA_PYTHON, build_environment, end_with_parent
from bot.settings import ROOT

# The threshold may cost this share of the messages that are understood rightly.
_LOST = 0.05
_THRESHOLDS = (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6)

_HEAD = {"recipe": "default.v1", "assistant_id": "trying", "language": "en"}
_TOKENS = {"name": "WhitespaceTokenizer"}
_WORDS = {"name": "CountVectorsFeaturizer"}
_LETTERS = {**_WORDS, "analyzer": "char_wb", "min_ngram": 2, "max_ngram": 4}
_VECTOR = {"name": "nlu.components.sentence_featurizer.SentenceFeaturizer"}
_LINEAR = {"name": "LogisticRegressionClassifier", "max_iter": 400}
# As found on one fold: fewer epochs than by default, a small transformer or none, no entities.
_DIET = {
    "name": "DIETClassifier",
    "entity_recognition": False,
    "constrain_similarities": True,
    "random_seed": 7,
}
_DIET_FOR_COUNTS = {
    **_DIET,
    "epochs": 20,
    "number_of_transformer_layers": 1,
    "transformer_size": 128,
}
_DIET_FOR_VECTORS = {
    **_DIET,
    "epochs": 60,
    "number_of_transformer_layers": 0,
    "connection_density": 1.0,
    "drop_rate": 0.3,
    "embedding_dimension": 40,
}
_DEFAULT = "(a) Rasa's default: words, letters; DIET"
_OURS = "(f) words, letters, vector; ours"
_PIPELINES: Mapping[str, list[dict[str, Any]] | None] = {
    # Rasa fills in its own for a configuration without any.
    _DEFAULT: None,
    "(b) words, letters; DIET tuned": [_TOKENS, _WORDS, _LETTERS, _DIET_FOR_COUNTS],
    "(c) vector; logistic regression": [_TOKENS, {**_VECTOR, "weight": 8.0}, _LINEAR],
    "(d) vector; DIET tuned": [_TOKENS, {**_VECTOR, "weight": 3.0}, _DIET_FOR_VECTORS],
    "(e) letters, vector; logistic regression": [
        _TOKENS,
        {**_VECTOR, "weight": 8.0},
        _LETTERS,
        _LINEAR,
    ],
}


@dataclass(frozen=True)
class Trial:
    """What a pipeline made of a split. Arrays have an entry a message tried."""

    labels: NDArray[np.str_]
    found: NDArray[np.str_]
    confidence: NDArray[np.float64]
    learnt: frozenset[str]
    training: float  # seconds of the processor
    milliseconds: NDArray[np.float64]  # of the processor

    def accuracy(self) -> float:
        """The share understood rightly, of the messages whose intent was learnt."""
        able = np.isin(self.labels, list(self.learnt))
        return float((self.found == self.labels)[able].mean())

    def kept(self, threshold: float) -> float:
        """The share of what is in scope and understood rightly that reaches the threshold."""
        return float((self.confidence[self._understood()] >= threshold).mean())

    def out_of_scope(self, threshold: float | NDArray[np.float64]) -> float:
        """The share of what is out of scope that is not taken for something in scope."""
        refused = (self.found == OUT_OF_SCOPE) | (self.confidence < threshold)
        return float(refused[self.labels == OUT_OF_SCOPE].mean())

    def thresholds(self) -> NDArray[np.float64]:
        """For each message, the threshold that keeps 95% of the other half of all messages."""
        half = np.arange(self.labels.size) % 2 == 0
        understood = self._understood()
        one, other = (
            np.quantile(self.confidence[understood & part], _LOST) for part in (half, ~half)
        )
        return np.where(half, other, one)

    def _understood(self) -> NDArray[np.bool_]:
        return (self.found == self.labels) & (self.labels != OUT_OF_SCOPE)


def measure(folder: Path, *, quick: bool) -> list[Table]:
    """One table of all pipelines, and one of thresholds for the one in `config.yml`."""
    if not RASA_PYTHON.exists():
        raise LeftOutError("Rasa's environment .venv-rasa is missing; make run makes it")
    sets = {"own": split_own(quick=quick), **split_public(quick=quick)}
    ours = yaml.safe_load((ROOT / "config.yml").read_text("utf-8"))["pipeline"]
    rows, tried = [], {}
    for name, pipeline in {**_PIPELINES, _OURS: ours}.items():
        print(f"  {name} ...", file=sys.stderr, flush=True)
        config = _HEAD if pipeline is None else {**_HEAD, "pipeline": pipeline}
        # Rasa's default takes as long to train on one fold as all others on all.
        used = {key: splits[: 1 if name == _DEFAULT else None] for key, splits in sets.items()}
        trials = iter(_try(config, [one for splits in used.values() for one in splits], folder))
        tried = {key: [next(trials) for _ in splits] for key, splits in used.items()}
        rows.append((name, *_describe(tried)))
    figures = [f"{key}: {what}" for key in sets for what in ("right", "out of scope")]
    columns = ("features; classifier", *figures, "training s", "ms a parse")
    return [
        Table("Understanding", columns, tuple(rows), _explain(sets)),
        _weigh_thresholds(tried["own"]),
    ]


def _try(config: dict[str, Any], splits: Sequence[Split], folder: Path) -> list[Trial]:
    """In a process of its own, so that no pipeline finds what another has left."""
    jobs = []
    for split in splits:
        place = Path(tempfile.mkdtemp(dir=folder))
        jobs.append(
            {
                "config": yaml.safe_dump(config, sort_keys=False),
                "examples": _write_examples(split),
                "texts": [one.text for one in split.tried],
                "folder": str(place),
            }
        )
    # Nothing that was learnt before is taken up again: training is timed.
    environment = {**build_environment(ROOT / "var" / "encoder", 0), "RASA_MAX_CACHE_SIZE": "0"}
    log = folder / "understanding.log"
    with log.open("w", encoding="utf-8") as output:
        done = subprocess.run(
            [RASA_PYTHON, "-m", "nlu.components.evaluate"],
            cwd=ROOT,
            env=environment,
            input="".join(json.dumps(job) + "\n" for job in jobs),
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
            check=False,
            preexec_fn=end_with_parent(),
        )
    if done.returncode != 0:
        raise RuntimeError(f"Rasa failed: {log.read_text('utf-8', 'replace')[-500:]}")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    return [_read_trial(split, one) for split, one in zip(splits, answers, strict=True)]


def _write_examples(split: Split) -> str:
    by_intent = defaultdict(list)
    for one in split.learnt:
        by_intent[one.intent].append(f"- {one.marked}\n")
    examples = [{"intent": name, "examples": "".join(by_intent[name])} for name in by_intent]
    content = {"version": "3.1", "nlu": examples}
    return yaml.safe_dump(content, allow_unicode=True, sort_keys=False)


def _read_trial(split: Split, answer: dict[str, Any]) -> Trial:
    return Trial(
        labels=np.array([one.intent for one in split.tried]),
        found=np.array([name for name, _ in answer["parsed"]]),
        confidence=np.array([confidence for _, confidence in answer["parsed"]]),
        learnt=frozenset(one.intent for one in split.learnt),
        training=answer["training"],
        milliseconds=np.array(answer["milliseconds"]),
    )


def _describe(tried: Mapping[str, Sequence[Trial]]) -> Iterator[str]:
    """The figures of one row; times are those of the project's own examples."""
    for trials in tried.values():
        yield f"{np.mean([one.accuracy() for one in trials]):.3f}"
        yield f"{np.mean([one.out_of_scope(one.thresholds()) for one in trials]):.3f}"
    yield f"{np.median([one.training for one in tried['own']]):.0f}"
    yield f"{np.median(np.concatenate([one.milliseconds for one in tried['own']])):.1f}"


def _explain(sets: Mapping[str, Sequence[Split]]) -> str:
    sizes = [
        f"{name}: {len(splits[0].learnt):,} learnt and {len(splits[0].tried):,} tried"
        + (f", {len(splits)} folds" if len(splits) > 1 else "")
        for name, splits in sets.items()
    ]
    absent = "" if len(sets) > 1 else " No public sets at CONNECTOR_SHARED_DATA."
    return (
        f"{'; '.join(sizes)} (Rasa's default: the first fold only).{absent} Seconds and "
        "milliseconds are the processor's, on the project's own examples."
    )


def _weigh_thresholds(trials: Sequence[Trial]) -> Table:
    rows = tuple(
        (
            f"{threshold:.2f}",
            f"{np.mean([one.kept(threshold) for one in trials]):.3f}",
            f"{np.mean([one.out_of_scope(threshold) for one in trials]):.3f}",
        )
        for threshold in _THRESHOLDS
    )
    columns = ("threshold", "understood rightly and kept", "out of scope found")
    return Table("Thresholds, ours on its own examples", columns, rows)
