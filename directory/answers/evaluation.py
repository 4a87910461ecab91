"""Measures how well questions about listings are answered, by judged questions.

Owns the measures and the format of a file of judged questions. Must know nothing of how an answer
is found, except for the plain baseline: the sentence or fact that is nearest to the question.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from directory.answers.answering import Answer
from directory.answers.examples import VERDICTS, Verdict
from directory.answers.questions import read_questions
from directory.answers.statements import list_statements
from directory.encoder import Vectors
from directory.errors import SourceError
from directory.listing import Listing

AnswerQuestions = Callable[[Listing, str], Sequence[Answer]]
"""From a listing and a message to an answer for each of its questions, in order."""

# The cosine below which the baseline says that a listing is silent: midway between the means of
# questions that a listing answers and of those that it does not.
_BASELINE_THRESHOLD = 0.36
_NEGATION = re.compile(r"\b(?:no|not|never|cannot|without)\b|n['’]t\b", re.I)


@dataclass(frozen=True)
class Judgement:
    """The right answer to one question; `evidence` is the words that show it, empty if none do."""

    verdict: Verdict
    evidence: str
    topic: str


@dataclass(frozen=True)
class JudgedMessage:
    """A message about the listing `source:key`, with a judgement for each of its questions."""

    listing: str
    text: str
    judgements: tuple[Judgement, ...]


@dataclass(frozen=True)
class Outcome:
    """What became of one question. `found` is whether the evidence was given."""

    judgement: Judgement
    given: Verdict | None
    found: bool


@dataclass(frozen=True)
class Tally:
    """`count` of `total` questions."""

    count: int
    total: int


@dataclass(frozen=True)
class Summary:
    """Verdicts right, texts found where words were wanted, and claims where a listing is silent."""

    right: Tally
    text_found: Tally
    claimed: Tally


def read_judged_messages(path: Path) -> list[JudgedMessage]:
    """The messages of a JSON-lines file. Raises SourceError with the line that is wrong."""
    messages = []
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise SourceError(f"{path} cannot be read. Check the name.") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            messages.append(JudgedMessage(row["listing"], row["question"], _read_judgements(row)))
        except (ValueError, KeyError, TypeError):
            raise SourceError(f"{path}, line {number} is no judged question.") from None
    return messages


def _read_judgements(row: dict[str, Any]) -> tuple[Judgement, ...]:
    verdicts, evidence = _as_list(row["answer"]), _as_list(row["evidence"])
    topics = [row.get("topic", ""), row.get("second_topic", "")]
    judgements = []
    for verdict, words, topic in zip(verdicts, evidence, topics[: len(verdicts)], strict=True):
        known = next((name for name in VERDICTS if name == verdict), None)
        if known is None:
            raise ValueError(verdict)
        judgements.append(Judgement(known, words, topic))
    return tuple(judgements)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def judge_answers(judged: JudgedMessage, answers: Sequence[Answer]) -> list[Outcome]:
    """Compare the answers with the judgements, in order; what was not answered is wrong."""
    given = [*answers, *[None] * len(judged.judgements)]
    return [
        Outcome(
            judgement,
            answer.verdict if answer else None,
            bool(answer) and _overlaps(judgement.evidence, answer.evidence if answer else ""),
        )
        for judgement, answer in zip(judged.judgements, given, strict=False)
    ]


def _overlaps(one: str, other: str) -> bool:
    one, other = _normalise(one), _normalise(other)
    return bool(one and other) and (one in other or other in one)


def _normalise(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def summarise_outcomes(outcomes: Iterable[Outcome]) -> Summary:
    """The three measures over all outcomes given."""
    all_outcomes = list(outcomes)
    texts = [item for item in all_outcomes if item.judgement.verdict == "text"]
    silent = [item for item in all_outcomes if item.judgement.verdict == "not_said"]
    right = sum(item.given == item.judgement.verdict for item in all_outcomes)
    return Summary(
        right=Tally(right, len(all_outcomes)),
        text_found=Tally(sum(item.found for item in texts), len(texts)),
        claimed=Tally(sum(item.given not in ("not_said", None) for item in silent), len(silent)),
    )


def make_nearest_sentence_baseline(encode: Callable[[Sequence[str]], Vectors]) -> AnswerQuestions:
    """Answer with the nearest sentence: no where it denies something, and yes otherwise."""

    def answer(listing: Listing, message: str) -> list[Answer]:
        statements = list_statements(listing)
        questions = read_questions(message, listing.name)
        if not statements or not questions:
            return [Answer("not_said", "") for _ in questions]
        vectors = encode([statement.text for statement in statements])
        answers = []
        for question, vector in zip(
            questions, encode([question.text for question in questions]), strict=True
        ):
            cosines = vectors @ vector
            evidence = statements[int(cosines.argmax())].evidence
            verdict: Verdict = "no" if _NEGATION.search(evidence) else "yes"
            if cosines.max() < _BASELINE_THRESHOLD:
                verdict, evidence = "not_said", ""
            elif question.is_open:
                verdict = "text"
            answers.append(Answer(verdict, evidence, evidence))
        return answers

    return answer
