"""The accuracy and speed of several Rasa NLU pipelines.

Every pipeline is trained and tested inside real Rasa (`nlu.components.evaluate`) on the same
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

# The share of correctly classified messages that a threshold may lose.
_LOST_SHARE = 0.05
_THRESHOLDS = (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6)

_HEAD = {"recipe": "default.v1", "assistant_id": "trying", "language": "en"}
_TOKENS = {"name": "WhitespaceTokenizer"}
_WORDS = {"name": "CountVectorsFeaturizer"}
_LETTERS = {**_WORDS, "analyzer": "char_wb", "min_ngram": 2, "max_ngram": 4}
_VECTOR = {"name": "nlu.components.sentence_featurizer.SentenceFeaturizer"}
_LINEAR = {"name": "LogisticRegressionClassifier", "max_iter": 400}
# Tuned on one fold: fewer epochs than by default, a small transformer or none, no entities.
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
    # Rasa uses its default for a configuration without a pipeline.
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
    """The results of a pipeline on a split. Arrays have an entry for each test message."""

    labels: NDArray[np.str_]
    predicted: NDArray[np.str_]
    confidence: NDArray[np.float64]
    trained_intents: frozenset[str]
    training: float  # seconds of CPU time
    milliseconds: NDArray[np.float64]  # of CPU time

    def compute_accuracy(self) -> float:
        """The share of correct predictions, among messages whose intent is in training."""
        is_trained = np.isin(self.labels, list(self.trained_intents))
        return float((self.predicted == self.labels)[is_trained].mean())

    def compute_kept(self, threshold: float) -> float:
        """The share of correct in-scope predictions that reach the threshold."""
        return float((self.confidence[self._find_correct()] >= threshold).mean())

    def compute_out_of_scope_recall(self, threshold: float | NDArray[np.float64]) -> float:
        """The share of out-of-scope messages that get no in-scope intent."""
        is_refused = (self.predicted == OUT_OF_SCOPE) | (self.confidence < threshold)
        return float(is_refused[self.labels == OUT_OF_SCOPE].mean())

    def find_thresholds(self) -> NDArray[np.float64]:
        """For each message, the threshold that keeps 95% of the other half of the messages."""
        half = np.arange(self.labels.size) % 2 == 0
        is_correct = self._find_correct()
        first, second = (
            np.quantile(self.confidence[is_correct & part], _LOST_SHARE) for part in (half, ~half)
        )
        return np.where(half, second, first)

    def _find_correct(self) -> NDArray[np.bool_]:
        return (self.predicted == self.labels) & (self.labels != OUT_OF_SCOPE)


def measure(folder: Path, *, quick: bool) -> list[Table]:
    """A table of all pipelines, and a table of thresholds for the pipeline in `config.yml`."""
    if not RASA_PYTHON.exists():
        raise LeftOutError("Rasa's environment .venv-rasa is missing; make run makes it")
    sets = {"own": split_own(quick=quick), **split_public(quick=quick)}
    ours = yaml.safe_load((ROOT / "config.yml").read_text("utf-8"))["pipeline"]
    rows, trials_by_set = [], {}
    for name, pipeline in {**_PIPELINES, _OURS: ours}.items():
        print(f"  {name} ...", file=sys.stderr, flush=True)
        config = _HEAD if pipeline is None else {**_HEAD, "pipeline": pipeline}
        # Training Rasa's default on one fold takes as long as all others on all folds.
        splits_by_set = {
            key: splits[: 1 if name == _DEFAULT else None] for key, splits in sets.items()
        }
        trials = iter(
            _run_trials(
                config, [split for splits in splits_by_set.values() for split in splits], folder
            )
        )
        trials_by_set = {
            key: [next(trials) for _ in splits] for key, splits in splits_by_set.items()
        }
        rows.append((name, *_format_figures(trials_by_set)))
    figures = [f"{key}: {figure}" for key in sets for figure in ("right", "out of scope")]
    columns = ("features; classifier", *figures, "training s", "ms a parse")
    return [
        Table("Understanding", columns, tuple(rows), _describe_sets(sets)),
        _tabulate_thresholds(trials_by_set["own"]),
    ]


def _run_trials(config: dict[str, Any], splits: Sequence[Split], folder: Path) -> list[Trial]:
    """The trials of a pipeline, in a new process, so that pipelines do not affect each other."""
    jobs = []
    for split in splits:
        job_folder = Path(tempfile.mkdtemp(dir=folder))
        jobs.append(
            {
                "config": yaml.safe_dump(config, sort_keys=False),
                "examples": _write_examples(split),
                "texts": [message.text for message in split.testing],
                "folder": str(job_folder),
            }
        )
    # Without Rasa's cache, because training is timed.
    environment = {**build_environment(ROOT / "var" / "encoder", 0), "RASA_MAX_CACHE_SIZE": "0"}
    log = folder / "understanding.log"
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.run(
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
    if process.returncode != 0:
        raise RuntimeError(f"Rasa failed: {log.read_text('utf-8', 'replace')[-500:]}")
    results = [json.loads(line) for line in process.stdout.splitlines()]
    return [_read_trial(split, result) for split, result in zip(splits, results, strict=True)]


def _write_examples(split: Split) -> str:
    by_intent = defaultdict(list)
    for message in split.training:
        by_intent[message.intent].append(f"- {message.annotated}\n")
    examples = [{"intent": name, "examples": "".join(by_intent[name])} for name in by_intent]
    content = {"version": "3.1", "nlu": examples}
    return yaml.safe_dump(content, allow_unicode=True, sort_keys=False)


def _read_trial(split: Split, result: dict[str, Any]) -> Trial:
    return Trial(
        labels=np.array([message.intent for message in split.testing]),
        predicted=np.array([name for name, _ in result["parsed"]]),
        confidence=np.array([confidence for _, confidence in result["parsed"]]),
        trained_intents=frozenset(message.intent for message in split.training),
        training=result["training"],
        milliseconds=np.array(result["milliseconds"]),
    )


def _format_figures(trials_by_set: Mapping[str, Sequence[Trial]]) -> Iterator[str]:
    """The figures of a row; times are for the project's own examples."""
    for trials in trials_by_set.values():
        yield f"{np.mean([trial.compute_accuracy() for trial in trials]):.3f}"
        recalls = [trial.compute_out_of_scope_recall(trial.find_thresholds()) for trial in trials]
        yield f"{np.mean(recalls):.3f}"
    yield f"{np.median([trial.training for trial in trials_by_set['own']]):.0f}"
    yield f"{np.median(np.concatenate([trial.milliseconds for trial in trials_by_set['own']])):.1f}"


def _describe_sets(sets: Mapping[str, Sequence[Split]]) -> str:
    sizes = [
        f"{name}: {len(splits[0].training):,} to train and {len(splits[0].testing):,} to test"
        + (f", {len(splits)} folds" if len(splits) > 1 else "")
        for name, splits in sets.items()
    ]
    missing = "" if len(sets) > 1 else " No public sets at CONNECTOR_SHARED_DATA."
    return (
        f"{'; '.join(sizes)} (Rasa's default: the first fold only).{missing} Seconds and "
        "milliseconds are CPU time, on the project's own examples."
    )


def _tabulate_thresholds(trials: Sequence[Trial]) -> Table:
    rows = tuple(
        (
            f"{threshold:.2f}",
            f"{np.mean([trial.compute_kept(threshold) for trial in trials]):.3f}",
            f"{np.mean([trial.compute_out_of_scope_recall(threshold) for trial in trials]):.3f}",
        )
        for threshold in _THRESHOLDS
    )
    columns = ("threshold", "correct and kept", "out of scope found")
    return Table("Thresholds, ours on its own examples", columns, rows)
