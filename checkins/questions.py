"""The questions that a check-in asks, read from TOML files and validated.

Owns the wording, the answer codes and which questions are asked together. Must never
change a word of a measured question: the built-in file holds the published wording, and
an operator's own file can add questions but not change any.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as validated

from checkins.errors import QuestionSetError
from checkins.figures import DIRECTORY_MEASURES

BUILT_IN = Path(__file__).with_name("question_sets.toml")

#: Stored when a person preferred not to say; excluded from the base of every count.
PREFER_NOT_CODE = "p"
PREFER_NOT_TEXT = "Prefer not to say"
#: Stored when a person skipped a question; excluded from every base as well. It is a code of
#: its own because a question that was shown and skipped still counts as asked.
SKIPPED_CODE = "s"
SKIPPED_TEXT = "Skipped"

#: The number of one-character answers that fit in a button with its other data.
MAX_QUESTIONS = 29

_Path = tuple[str | int, ...]  # of an entry in a file, as ("questions", 1, "answers", 0)

_SHAPE = ConfigDict(extra="forbid")
_Words = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^\S(.*\S)?$")]
# Text on a button, which a phone shows in one line or two.
_Label = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^\S(.*\S)?$")]
_Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
# One character, so that any set's answers fit in a button beside their signature.
_AnswerCode = Annotated[str, Field(pattern=r"^[1-9]$")]


@validated(frozen=True, config=_SHAPE)
class Answer:
    """One answer on offer, and its one-character code."""

    code: _AnswerCode
    text: _Label


@validated(frozen=True, config=_SHAPE)
class Question:
    """One question, with a short name for lists and its answers in published order."""

    code: _Code
    short: _Label
    text: _Words
    answers: Annotated[tuple[Answer, ...], Field(min_length=2)]

    def get_answer_text(self, code: str) -> str:
        """The text of an answer code. Raises KeyError for an unknown code."""
        texts = {answer.code: answer.text for answer in self.answers}
        return (texts | {PREFER_NOT_CODE: PREFER_NOT_TEXT, SKIPPED_CODE: SKIPPED_TEXT})[code]


@validated(frozen=True, config=_SHAPE)
class Intro:
    """Text shown before the first of `questions`, in a set that asks all of them in order."""

    questions: Annotated[tuple[str, ...], Field(min_length=1)]
    text: _Words


@validated(frozen=True, config=_SHAPE)
class Band:
    """Scores from `lowest` to `highest`, both included."""

    code: _Code
    text: _Words
    lowest: int
    highest: int


@validated(frozen=True, config=_SHAPE)
class Score:
    """Questions that are only asked together, in this order, and released as a banded sum."""

    code: _Code
    text: _Words
    questions: Annotated[tuple[str, ...], Field(min_length=2)]
    bands: Annotated[tuple[Band, ...], Field(min_length=2)]


@validated(frozen=True, config=_SHAPE)
class _SetEntry:
    name: _Code
    version: Annotated[int, Field(ge=1, le=999)]
    questions: Annotated[tuple[str, ...], Field(min_length=1, max_length=MAX_QUESTIONS)]


@validated(frozen=True, config=_SHAPE)
class _File:
    questions: tuple[Question, ...] = ()
    sets: tuple[_SetEntry, ...] = ()
    intros: tuple[Intro, ...] = ()
    scores: tuple[Score, ...] = ()


@dataclass(frozen=True)
class QuestionSet:
    """The questions of one check-in, in the order they are asked.

    `version` is the name and number stored with the answers, such as `core-1`;
    `intros` maps a question's code to the text shown before it.
    """

    name: str
    version: str
    questions: tuple[Question, ...]
    intros: dict[str, str]


@dataclass(frozen=True)
class QuestionBook:
    """Every known question, in order, with the question sets and the scores."""

    questions: tuple[Question, ...]
    sets: dict[str, QuestionSet]
    scores: tuple[Score, ...]

    def get_set(self, name: str) -> QuestionSet:
        """The set with that name. Raises QuestionSetError that lists the known names."""
        if name not in self.sets:
            known = ", ".join(sorted(self.sets))
            raise QuestionSetError(f"There is no question set {name!r}. Choose one of: {known}.")
        return self.sets[name]


class _InvalidEntryError(Exception):
    """An entry of a file that breaks a rule: its path, and the reason."""

    def __init__(self, path: _Path, reason: str) -> None:
        super().__init__(reason)
        self.path = ".".join(str(part) for part in path)


def load_questions(own_file: Path | None = None) -> QuestionBook:
    """The built-in questions, with those that an operator's own TOML file adds.

    Raises QuestionSetError with the file, the path of the entry and the reason.
    """
    content = _read_file(BUILT_IN, _File())
    return _make_book(content if own_file is None else _read_file(own_file, content))


def _read_file(path: Path, known: _File) -> _File:
    """The known content, with the validated content of the file added."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise QuestionSetError(f"{path.name} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        # Both messages give the position: a line and a column, or a byte.
        raise QuestionSetError(f"{path.name} cannot be read: {error}.") from error
    try:
        added = _parse(content)
        _check(added, known)
    except _InvalidEntryError as error:
        raise QuestionSetError(f"{path.name}, {error.path}: {error}") from None
    return _File(
        questions=(*known.questions, *added.questions),
        sets=(*known.sets, *added.sets),
        intros=(*known.intros, *added.intros),
        scores=(*known.scores, *added.scores),
    )


def _parse(content: dict[str, Any]) -> _File:
    try:
        return TypeAdapter(_File).validate_python(content)
    except ValidationError as error:
        first = error.errors()[0]
        is_unknown = first["type"] == "unexpected_keyword_argument"
        reason = "this key is unknown" if is_unknown else first["msg"]
        raise _InvalidEntryError(first["loc"], f"{reason}.") from None


def _make_book(file: _File) -> QuestionBook:
    questions = {question.code: question for question in file.questions}
    sets = {
        entry.name: QuestionSet(
            name=entry.name,
            version=f"{entry.name}-{entry.version}",
            questions=tuple(questions[code] for code in entry.questions),
            intros={
                intro.questions[0]: intro.text
                for intro in file.intros
                if _contains_run(entry.questions, intro.questions)
            },
        )
        for entry in file.sets
    }
    return QuestionBook(questions=file.questions, sets=sets, scores=file.scores)


def _check(added: _File, known: _File) -> None:
    """Raises _InvalidEntryError for the first rule that an added entry breaks."""
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
        _add_unique(("sets", number, "name"), "set", entry.name, names)
        for score in (*known.scores, *added.scores):
            _check_unsplit(("sets", number, "questions"), entry, score)


def _check_codes(added: _File, built_in: set[str]) -> None:
    # A release also has measures that the directory counts, and their codes are taken.
    used_codes = built_in | set(DIRECTORY_MEASURES)
    coded: list[tuple[_Path, str]] = [
        *((("questions", n, "code"), question.code) for n, question in enumerate(added.questions)),
        *((("scores", n, "code"), score.code) for n, score in enumerate(added.scores)),
    ]
    for path, code in coded:
        if code in built_in:
            raise _InvalidEntryError(
                path,
                f"{code!r} is built in, and its wording stays as published. Choose another code.",
            )
        _add_unique(path, "code", code, used_codes)
    for number, question in enumerate(added.questions):
        codes: set[str] = set()
        texts: set[str] = set()
        for position, answer in enumerate(question.answers):
            path = ("questions", number, "answers", position)
            _add_unique(path, f"answer code of {question.code!r}", answer.code, codes)
            _add_unique(path, f"answer of {question.code!r}", answer.text, texts)


def _check_groups(kind: str, groups: list[tuple[str, ...]], questions: dict[str, Question]) -> None:
    for number, group in enumerate(groups):
        codes: set[str] = set()
        for position, code in enumerate(group):
            path: _Path = (kind, number, "questions", position)
            if code not in questions:
                raise _InvalidEntryError(path, f"there is no question {code!r}.")
            _add_unique(path, "question", code, codes)


def _add_unique(path: _Path, kind: str, value: str, known: set[str]) -> None:
    if value in known:
        raise _InvalidEntryError(path, f"the {kind} {value!r} is there twice.")
    known.add(value)


def _check_bands(path: _Path, score: Score, questions: dict[str, Question]) -> None:
    scales = [[int(answer.code) for answer in questions[code].answers] for code in score.questions]
    for value in range(sum(map(min, scales)), sum(map(max, scales)) + 1):
        if sum(band.lowest <= value <= band.highest for band in score.bands) != 1:
            raise _InvalidEntryError(
                path, f"{score.code!r} needs exactly one band that holds {value}."
            )


def _check_unsplit(path: _Path, entry: _SetEntry, score: Score) -> None:
    if set(entry.questions) & set(score.questions) and not _contains_run(
        entry.questions, score.questions
    ):
        together = ", ".join(score.questions)
        raise _InvalidEntryError(
            path,
            f"the set {entry.name!r} splits the questions of {score.code!r}: "
            f"ask all of them, one after another, in this order: {together}.",
        )


def _contains_run(codes: tuple[str, ...], run: tuple[str, ...]) -> bool:
    return any(codes[start : start + len(run)] == run for start in range(len(codes)))
