"""The questions that a check-in asks, read from a file and checked.

Owns the wording, the answer codes and which questions are asked together. Must
never change a word of a measured question: the file says it as published.
"""

import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked

from checkins.errors import QuestionSetError

BUILT_IN = Path(__file__).with_name("question_sets.toml")

#: Stored where a person preferred not to say; left out of the base of every count.
PREFER_NOT_CODE = "p"
PREFER_NOT_TEXT = "Prefer not to say"

_SHAPE = ConfigDict(extra="forbid")
_Words = Annotated[str, Field(min_length=1, pattern=r"^\S(.*\S)?$")]
_Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
# One character, so that any set's answers fit in a button beside their signature.
_AnswerCode = Annotated[str, Field(pattern=r"^[1-9]$")]


@checked(frozen=True, config=_SHAPE)
class Answer:
    """One answer on offer, and its one-character code."""

    code: _AnswerCode
    text: _Words


@checked(frozen=True, config=_SHAPE)
class Question:
    """One question, with a short name for lists and its answers in published order."""

    code: _Code
    short: _Words
    text: _Words
    answers: Annotated[tuple[Answer, ...], Field(min_length=2)]

    def answer_text(self, code: str) -> str:
        """The words of an answer code. Raises KeyError for a code not on offer."""
        words = {answer.code: answer.text for answer in self.answers}
        return (words | {PREFER_NOT_CODE: PREFER_NOT_TEXT})[code]


@checked(frozen=True, config=_SHAPE)
class Intro:
    """Words said before the first of `questions`, where all of them follow in order."""

    questions: Annotated[tuple[str, ...], Field(min_length=1)]
    text: _Words


@checked(frozen=True, config=_SHAPE)
class Band:
    """Scores from `lowest` to `highest`, both included."""

    code: _Code
    text: _Words
    lowest: int
    highest: int


@checked(frozen=True, config=_SHAPE)
class Score:
    """Questions that are never split: asked in this order, released as a banded sum."""

    code: _Code
    text: _Words
    questions: Annotated[tuple[str, ...], Field(min_length=2)]
    bands: Annotated[tuple[Band, ...], Field(min_length=2)]


@checked(frozen=True, config=_SHAPE)
class _SetEntry:
    name: _Code
    version: Annotated[int, Field(ge=1)]
    questions: Annotated[tuple[str, ...], Field(min_length=1)]


@checked(frozen=True, config=_SHAPE)
class _File:
    questions: tuple[Question, ...]
    sets: tuple[_SetEntry, ...]
    intros: tuple[Intro, ...] = ()
    scores: tuple[Score, ...] = ()


@dataclass(frozen=True)
class QuestionSet:
    """The questions of one check-in, in the order they are asked.

    `version` is the name and number stored with the answers, as `core-1`;
    `intros` maps a question's code to the words said before it.
    """

    name: str
    version: str
    questions: tuple[Question, ...]
    intros: dict[str, str]


@dataclass(frozen=True)
class QuestionBook:
    """Every known question, in order, the sets made of them, and the scores."""

    questions: tuple[Question, ...]
    sets: dict[str, QuestionSet]
    scores: tuple[Score, ...]

    def question_set(self, name: str) -> QuestionSet:
        """The set of that name. Raises QuestionSetError that lists the names there are."""
        if name not in self.sets:
            known = ", ".join(sorted(self.sets))
            raise QuestionSetError(f"There is no question set {name!r}. Choose one of: {known}.")
        return self.sets[name]


def load_questions(path: Path = BUILT_IN) -> QuestionBook:
    """The book in a TOML file. Raises QuestionSetError with the place and the reason."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        file = TypeAdapter(_File).validate_python(content)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise QuestionSetError(f"{path.name} cannot be read: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise QuestionSetError(f"{path.name}, at {place}: {first['msg']}") from error
    try:
        return _book(file)
    except QuestionSetError as error:
        raise QuestionSetError(f"{path.name}: {error}") from None


def _book(file: _File) -> QuestionBook:
    questions = {question.code: question for question in file.questions}
    codes = [question.code for question in file.questions] + [score.code for score in file.scores]
    _check_unique("question or score", codes)
    _check_unique("set", (entry.name for entry in file.sets))
    for question in file.questions:
        answers = question.answers
        _check_unique(f"answer code of {question.code!r}", (answer.code for answer in answers))
        _check_unique(f"answer of {question.code!r}", (answer.text for answer in answers))
    groups: tuple[Intro | Score | _SetEntry, ...] = (*file.intros, *file.scores, *file.sets)
    for group in groups:
        for code in group.questions:
            if code not in questions:
                raise QuestionSetError(f"there is no question {code!r}.")
    for score in file.scores:
        _check_bands(score, questions)
    sets = {}
    for entry in file.sets:
        _check_unique(f"question in the set {entry.name!r}", entry.questions)
        for score in file.scores:
            _check_unsplit(entry, score)
        sets[entry.name] = QuestionSet(
            name=entry.name,
            version=f"{entry.name}-{entry.version}",
            questions=tuple(questions[code] for code in entry.questions),
            intros={
                intro.questions[0]: intro.text
                for intro in file.intros
                if _follows(entry.questions, intro.questions)
            },
        )
    return QuestionBook(questions=file.questions, sets=sets, scores=file.scores)


def _check_unique(what: str, values: Iterable[str]) -> None:
    twice = [value for value, times in Counter(values).items() if times > 1]
    if twice:
        raise QuestionSetError(f"the {what} {twice[0]!r} is there twice.")


def _check_bands(score: Score, questions: dict[str, Question]) -> None:
    scales = [[int(answer.code) for answer in questions[code].answers] for code in score.questions]
    for value in range(sum(map(min, scales)), sum(map(max, scales)) + 1):
        if sum(band.lowest <= value <= band.highest for band in score.bands) != 1:
            raise QuestionSetError(f"{score.code!r} needs exactly one band that holds {value}.")


def _check_unsplit(entry: _SetEntry, score: Score) -> None:
    if set(entry.questions) & set(score.questions) and not _follows(
        entry.questions, score.questions
    ):
        together = ", ".join(score.questions)
        raise QuestionSetError(
            f"the set {entry.name!r} splits the questions of {score.code!r}: "
            f"ask all of them, one after another, in this order: {together}."
        )


def _follows(asked: tuple[str, ...], run: tuple[str, ...]) -> bool:
    return any(asked[start : start + len(run)] == run for start in range(len(asked)))
