"""The questions that a check-in asks, read from a file and checked.

Owns the wording, the answer codes and which questions are asked together. Must
never change a word of a measured question: the file says it as published, and an
operator's own file adds to it and changes nothing of it.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked

from checkins.errors import QuestionSetError
from checkins.release.figures import REACH
from checkins.toml_lines import Place, find_line

BUILT_IN = Path(__file__).with_name("question_sets.toml")

#: Stored where a person preferred not to say; left out of the base of every count.
PREFER_NOT_CODE = "p"
PREFER_NOT_TEXT = "Prefer not to say"
#: Stored where a person passed a question over; left out of every base likewise. A code of
#: its own: a question that was put to somebody and skipped was asked all the same.
SKIPPED_CODE = "s"
SKIPPED_TEXT = "Skipped"

#: So many characters of answers fit in a button beside what else it carries.
MOST_QUESTIONS = 29

_SHAPE = ConfigDict(extra="forbid")
_Words = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^\S(.*\S)?$")]
# What stands on a button, which a phone shows in one line or two.
_Label = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^\S(.*\S)?$")]
_Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
# One character, so that any set's answers fit in a button beside their signature.
_AnswerCode = Annotated[str, Field(pattern=r"^[1-9]$")]


@checked(frozen=True, config=_SHAPE)
class Answer:
    """One answer on offer, and its one-character code."""

    code: _AnswerCode
    text: _Label


@checked(frozen=True, config=_SHAPE)
class Question:
    """One question, with a short name for lists and its answers in published order."""

    code: _Code
    short: _Label
    text: _Words
    answers: Annotated[tuple[Answer, ...], Field(min_length=2)]

    def answer_text(self, code: str) -> str:
        """The words of an answer code. Raises KeyError for a code not on offer."""
        words = {answer.code: answer.text for answer in self.answers}
        return (words | {PREFER_NOT_CODE: PREFER_NOT_TEXT, SKIPPED_CODE: SKIPPED_TEXT})[code]


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
    version: Annotated[int, Field(ge=1, le=999)]
    questions: Annotated[tuple[str, ...], Field(min_length=1, max_length=MOST_QUESTIONS)]


@checked(frozen=True, config=_SHAPE)
class _File:
    questions: tuple[Question, ...] = ()
    sets: tuple[_SetEntry, ...] = ()
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


class _WrongError(Exception):
    """What is wrong with a file, and where in it: a path of names and numbers."""

    def __init__(self, place: Place, reason: str) -> None:
        super().__init__(reason)
        self.place = place


def load_questions(own: Path | None = None) -> QuestionBook:
    """The built-in book, with what an operator's own TOML file adds to it.

    Raises QuestionSetError with the file, the line and the reason.
    """
    book = _read(BUILT_IN, _File())
    return _book(book if own is None else _read(own, book))


def _read(path: Path, known: _File) -> _File:
    """What the file adds to what is known, and that; checked."""
    try:
        text = path.read_text(encoding="utf-8")
        content = tomllib.loads(text)
    except OSError as error:
        raise QuestionSetError(f"{path.name} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        # Both say where: a line and a column, or a position in bytes.
        raise QuestionSetError(f"{path.name} cannot be read: {error}.") from error
    try:
        try:
            added = TypeAdapter(_File).validate_python(content)
        except ValidationError as error:
            first = error.errors()[0]
            place = first["loc"]
            name = ".".join(str(part) for part in place)
            is_unknown = first["type"] == "unexpected_keyword_argument"
            reason = "this name means nothing here" if is_unknown else first["msg"]
            raise _WrongError(place, f"{name}: {reason}.") from None
        _check(added, known)
    except _WrongError as error:
        line = find_line(text, error.place)
        raise QuestionSetError(f"{path.name}, line {line}: {error}") from None
    return _File(
        questions=(*known.questions, *added.questions),
        sets=(*known.sets, *added.sets),
        intros=(*known.intros, *added.intros),
        scores=(*known.scores, *added.scores),
    )


def _book(file: _File) -> QuestionBook:
    questions = {question.code: question for question in file.questions}
    sets = {
        entry.name: QuestionSet(
            name=entry.name,
            version=f"{entry.name}-{entry.version}",
            questions=tuple(questions[code] for code in entry.questions),
            intros={
                intro.questions[0]: intro.text
                for intro in file.intros
                if _follows(entry.questions, intro.questions)
            },
        )
        for entry in file.sets
    }
    return QuestionBook(questions=file.questions, sets=sets, scores=file.scores)


def _check(added: _File, known: _File) -> None:
    """Raise _WrongError for the first rule that what is added breaks."""
    built_in = {question.code for question in known.questions}
    _check_codes(added, built_in | {score.code for score in known.scores})
    questions = {question.code: question for question in (*known.questions, *added.questions)}
    _check_groups("intros", [intro.questions for intro in added.intros], questions)
    _check_groups("scores", [score.questions for score in added.scores], questions)
    _check_groups("sets", [entry.questions for entry in added.sets], questions)
    for number, score in enumerate(added.scores):
        _check_bands(("scores", number, "bands"), score, questions)
    names = {entry.name for entry in known.sets}
    for number, entry in enumerate(added.sets):
        _check_new(("sets", number, "name"), "set", entry.name, names)
        for score in (*known.scores, *added.scores):
            _check_unsplit(("sets", number, "questions"), entry, score)


def _check_codes(added: _File, built_in: set[str]) -> None:
    # A release counts what the directory knows beside questions, by names of its own.
    taken = built_in | set(REACH)
    coded: list[tuple[Place, str]] = [
        *((("questions", n, "code"), question.code) for n, question in enumerate(added.questions)),
        *((("scores", n, "code"), score.code) for n, score in enumerate(added.scores)),
    ]
    for place, code in coded:
        if code in built_in:
            raise _WrongError(
                place,
                f"{code!r} is built in, and its wording stays as published. Choose another code.",
            )
        _check_new(place, "code", code, taken)
    for number, question in enumerate(added.questions):
        codes: set[str] = set()
        texts: set[str] = set()
        for at, answer in enumerate(question.answers):
            place = ("questions", number, "answers", at)
            _check_new(place, f"answer code of {question.code!r}", answer.code, codes)
            _check_new(place, f"answer of {question.code!r}", answer.text, texts)


def _check_groups(kind: str, groups: list[tuple[str, ...]], questions: dict[str, Question]) -> None:
    for number, group in enumerate(groups):
        asked: set[str] = set()
        for at, code in enumerate(group):
            place: Place = (kind, number, "questions", at)
            if code not in questions:
                raise _WrongError(place, f"there is no question {code!r}.")
            _check_new(place, "question", code, asked)


def _check_new(place: Place, what: str, value: str, known: set[str]) -> None:
    if value in known:
        raise _WrongError(place, f"the {what} {value!r} is there twice.")
    known.add(value)


def _check_bands(place: Place, score: Score, questions: dict[str, Question]) -> None:
    scales = [[int(answer.code) for answer in questions[code].answers] for code in score.questions]
    for value in range(sum(map(min, scales)), sum(map(max, scales)) + 1):
        if sum(band.lowest <= value <= band.highest for band in score.bands) != 1:
            raise _WrongError(place, f"{score.code!r} needs exactly one band that holds {value}.")


def _check_unsplit(place: Place, entry: _SetEntry, score: Score) -> None:
    if set(entry.questions) & set(score.questions) and not _follows(
        entry.questions, score.questions
    ):
        together = ", ".join(score.questions)
        raise _WrongError(
            place,
            f"the set {entry.name!r} splits the questions of {score.code!r}: "
            f"ask all of them, one after another, in this order: {together}.",
        )


def _follows(asked: tuple[str, ...], run: tuple[str, ...]) -> bool:
    return any(asked[start : start + len(run)] == run for start in range(len(asked)))
