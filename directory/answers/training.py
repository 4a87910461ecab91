"""Learns how questions are answered: `python -m directory.answers.training --help`.

Owns the making of `answers.npz`. Must learn from the examples written for it and from the example
town alone: never from a source's listings, and never from a set that the answers are judged by.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from directory.answers.answering import LEAST_RELEVANCE
from directory.answers.aspects import AspectModel, compare_vectors
from directory.answers.examples import (
    AspectExample,
    JudgedListing,
    load_aspect_examples,
    load_judged_pairs,
    load_town_listings,
    load_written_listings,
    shows,
)
from directory.answers.model import WEIGHTS_FILE, AnswerModel, NetworkModel, write_model
from directory.answers.polarity import measure_polarity
from directory.answers.questions import Question, read_questions, spell_out
from directory.answers.reading import (
    EncodeTokens,
    ReadListing,
    ReadQuestion,
    read_listing,
    read_question,
    read_statements,
)
from directory.answers.relevance import measure_relevance
from directory.answers.statements import Statement
from directory.answers.words import WordWeights
from directory.indexing.words import find_stems
from directory.listing import Listing
from directory.sources.detect import read_source

Array = NDArray[np.float32]
TOWN = Path("examples/larkhaven.csv")

_RIDGE = 0.3
_NETWORKS = 5
_RELEVANCE_UNITS, _POLARITY_UNITS = 16, 8
_FOLDS = 5


def fit_aspects(examples: Sequence[AspectExample], encode_tokens: EncodeTokens) -> AspectModel:
    """The model of aspects, by kernel ridge regression."""
    ordered = [e for e in examples if e.is_question] + [e for e in examples if not e.is_question]
    questions = sum(example.is_question for example in ordered)
    names = tuple(dict.fromkeys(example.aspect for example in examples))
    vectors = _encode(encode_tokens, (example.text for example in ordered))
    about = np.array([[e.aspect == name for name in names] for e in ordered], dtype=np.float32)
    stances = np.zeros((len(ordered), 2 * len(names) + 1), dtype=np.float32)
    for row, example in enumerate(ordered):
        stances[row, -1] = example.stance
        if example.stance:
            stances[row, 2 * names.index(example.aspect) + (example.stance < 0)] = 1
    weights = [
        _fit_kernel_ridge(vectors[rows], stances[rows])
        for rows in (slice(None, questions), slice(questions, None))
    ]
    return AspectModel(
        names=names,
        examples=vectors,
        aspects=_fit_kernel_ridge(vectors, about),
        stances=np.concatenate(weights),
        questions=questions,
    )


def _encode(encode_tokens: EncodeTokens, texts: Iterable[str]) -> Array:
    return np.array([item.sentence for item in encode_tokens(list(texts))], dtype=np.float32)


def _fit_kernel_ridge(vectors: Array, targets: Array) -> Array:
    kernel = compare_vectors(vectors, vectors).astype(np.float64)
    weights: Array = np.linalg.solve(kernel + _RIDGE * np.eye(len(kernel)), targets).astype(
        np.float32
    )
    return weights


def weigh_words(
    questions: Sequence[Sequence[str]], statements: Sequence[Sequence[str]]
) -> WordWeights:
    """Rare words weigh most: the product of how rare one is in questions and in statements."""
    rarities = [_measure_rarity(questions), _measure_rarity([*questions, *statements])]
    words = sorted({word for text in (*questions, *statements) for word in text})
    return WordWeights({word: rarities[0](word) * rarities[1](word) for word in words})


def _measure_rarity(texts: Sequence[Sequence[str]]) -> Callable[[str], float]:
    counts = Counter(word for text in texts for word in set(text))
    whole = np.log(len(texts) + 1)
    return lambda word: float(np.log((len(texts) + 1) / (counts.get(word, 0) + 1)) / whole)


def fit_network(features: Array, targets: NDArray[np.bool_], units: int) -> NetworkModel:
    """Small networks that differ in their random start alone."""
    from sklearn.neural_network import MLPClassifier  # type: ignore[import-untyped]

    mean, scale = features.mean(axis=0), features.std(axis=0) + 1e-6
    rows = (features - mean) / scale
    fitted: list[Any] = [
        MLPClassifier(
            (units,), alpha=1.0, max_iter=60, tol=0, n_iter_no_change=60, random_state=seed
        ).fit(rows, targets)
        for seed in range(_NETWORKS)
    ]
    return NetworkModel(
        mean=mean.astype(np.float32),
        scale=scale.astype(np.float32),
        hidden=np.array([net.coefs_[0] for net in fitted], dtype=np.float32),
        hidden_bias=np.array([net.intercepts_[0] for net in fitted], dtype=np.float32),
        output=np.array([net.coefs_[1][:, 0] for net in fitted], dtype=np.float32),
        output_bias=np.array([net.intercepts_[1][0] for net in fitted], dtype=np.float32),
    )


def _wants_no_words(_vector: Array) -> bool:
    return False


class _Lesson:
    """All questions of the judged listings, read, with the statements that show the answers."""

    def __init__(
        self, judged: Sequence[JudgedListing], encode_tokens: EncodeTokens, model: AspectModel
    ) -> None:
        self.rows: list[tuple[ReadQuestion, ReadListing, list[bool], str]] = []
        self.groups: list[int] = []
        for group, item in enumerate(judged):
            listing = read_listing(item.listing, encode_tokens, model)
            for example in item.questions:
                [question] = read_questions(example.question)
                if question.is_open is None:
                    question = replace(question, is_open=example.verdict == "text")
                read = read_question(question, encode_tokens, model, _wants_no_words)
                shown = [shows(statement, example.shown_by) for statement in listing.statements]
                self.rows.append((read, listing, shown, example.verdict))
                self.groups.append(group)


def train(encode_tokens: EncodeTokens, town: Sequence[Listing]) -> tuple[AnswerModel, str]:
    """The model, and how it did on listings that were left out of cross-validation."""
    examples = load_aspect_examples()
    judged = [*load_written_listings(), *load_town_listings(town)]
    aspects = fit_aspects(examples, encode_tokens)
    lesson = _Lesson(judged, encode_tokens, aspects)
    question_texts = [e.text for e in examples if e.is_question]
    statement_texts = [e.text for e in examples if not e.is_question] + [
        statement.text
        for _, listing, *_ in {id(row[1]): row for row in lesson.rows}.values()
        for statement in listing.statements
    ]
    question_texts += [row[0].text for row in lesson.rows]
    pieces = weigh_words(
        *(
            [item.pieces for item in encode_tokens(texts)]
            for texts in (question_texts, statement_texts)
        )
    )
    stems = weigh_words(
        *([find_stems(text) for text in texts] for texts in (question_texts, statement_texts))
    )
    features = [
        measure_relevance(question, listing, aspects.names, pieces, stems)
        for question, listing, *_ in lesson.rows
    ]
    shown = [np.array(row[2]) for row in lesson.rows]
    report = _cross_validate(features, shown, lesson)
    polarity_features, are_yes = _measure_verdicts(lesson, encode_tokens, aspects)
    return AnswerModel(
        aspects=aspects,
        pieces=pieces,
        stems=stems,
        relevance=fit_network(np.concatenate(features), np.concatenate(shown), _RELEVANCE_UNITS),
        polarity=fit_network(polarity_features, are_yes, _POLARITY_UNITS),
        form=_fit_form(examples, aspects),
    ), report


def _fit_form(examples: Sequence[AspectExample], aspects: AspectModel) -> Array:
    are_open = np.array([e.stance == 0 for e in examples if e.is_question], dtype=np.float32)
    return _fit_kernel_ridge(aspects.examples[: aspects.questions], are_open[:, None])[:, 0]


def _cross_validate(
    features: Sequence[Array], shown: Sequence[NDArray[np.bool_]], lesson: _Lesson
) -> str:
    """The figures from listings left out in turn."""
    groups = np.array(lesson.groups)
    found: list[tuple[float, bool, bool]] = []
    for fold in range(_FOLDS):
        rest = np.flatnonzero(groups % _FOLDS != fold).tolist()
        network = fit_network(
            np.concatenate([features[at] for at in rest]),
            np.concatenate([shown[at] for at in rest]),
            _RELEVANCE_UNITS,
        )
        for at in np.flatnonzero(groups % _FOLDS == fold).tolist():
            scores = network.predict(features[at])
            best = int(scores.argmax())
            found.append((float(scores[best]), bool(shown[at].any()), bool(shown[at][best])))
    scores_of_silent = np.array([score for score, answers, _ in found if not answers])
    claimed = int((scores_of_silent >= LEAST_RELEVANCE).sum())
    answered = [(score, right) for score, answers, right in found if answers]
    right = sum(score >= LEAST_RELEVANCE and is_right for score, is_right in answered)
    first = sum(is_right for _, is_right in answered)
    return (
        f"The sentence that answers comes first for {first} of {len(answered)} questions; "
        f"{right} of them are answered, and {claimed} of {len(scores_of_silent)} to which a "
        "listing is silent."
    )


def _measure_verdicts(
    lesson: _Lesson, encode_tokens: EncodeTokens, aspects: AspectModel
) -> tuple[Array, NDArray[np.bool_]]:
    features, are_yes = [], []
    for question, listing, shown, verdict in lesson.rows:
        if verdict in ("yes", "no") and not question.is_open and any(shown):
            features.append(measure_polarity(question, listing, shown.index(True), aspects))
            are_yes.append(verdict == "yes")
    for pair in load_judged_pairs():
        listing = read_statements(
            [Statement("description", pair.statement, pair.statement)], encode_tokens, aspects
        )
        question = read_question(
            Question(spell_out(pair.question), False), encode_tokens, aspects, _wants_no_words
        )
        features.append(measure_polarity(question, listing, 0, aspects))
        are_yes.append(pair.is_yes)
    return np.array(features), np.array(are_yes)


def main(
    encoder: Annotated[Path, typer.Option(help="Where the encoder's files are.")] = Path(
        "var/encoder"
    ),
) -> None:
    """Learn from the examples and write `answers.npz` beside them (a minute or two)."""
    from directory.encoder import Encoder, prepare_encoder

    prepare_encoder(encoder)
    town = [row for row in read_source(str(TOWN)) if isinstance(row, Listing)]
    model, report = train(Encoder(encoder).encode_tokens, town)
    write_model(model, Path(__file__).with_name(WEIGHTS_FILE))
    typer.echo(report)


if __name__ == "__main__":
    typer.run(main)
