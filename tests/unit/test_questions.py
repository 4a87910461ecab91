"""The wording of the questions, and the rules for an operator's own questions file."""

import json
from datetime import date
from pathlib import Path

import pytest

from checkins.checkin import first_week_kept, format_week
from checkins.errors import QuestionSetError
from checkins.questions import MAX_QUESTIONS, load_questions
from tests.support.published_questions import WORDING

BOOK = load_questions()


def test_the_wording_is_as_published() -> None:
    wording = {q.text: [answer.text for answer in q.answers] for q in BOOK.questions}
    assert wording == WORDING
    assert list(wording) == list(WORDING)


def test_each_built_in_set_has_its_questions() -> None:
    texts = list(WORDING)
    sets = {name: [q.text for q in s.questions] for name, s in BOOK.sets.items()}
    assert sets == {
        "core": [texts[0], texts[8]],
        "standard": [texts[0], *texts[5:]],
        "full": texts,
    }
    assert [s.version for s in BOOK.sets.values()] == ["core-1", "standard-1", "full-1"]


def test_stored_answer_codes_stay_the_same() -> None:
    codes = {q.code: "".join(answer.code for answer in q.answers) for q in BOOK.questions}
    assert codes == {
        "belonging": "1234",
        "trust": "1234",
        "influence": "1234",
        "support": "1234",
        "involved": "123",
        "companionship": "123",
        "left_out": "123",
        "isolated": "123",
        "lonely": "12345",
    }


# An operator's own file


OWN = """\
# Asked in our town since spring.
[[questions]]
code = "clubs"
short = "Clubs"
text = "How many clubs or groups do you go to?"
answers = [
    { code = "1", text = "None" },
    { code = "2", text = "One" }, # or two that are one
    { code = "3", text = "Two or more" },
]

[[intros]]
questions = ["clubs", "lonely"]
text = "Two questions about company."

[[sets]]
name = "ours"
version = 3
questions = [
    "belonging",
    "clubs",
    "lonely",
]
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "own.toml"
    path.write_text(OWN, encoding="utf-8")
    return path


def test_an_own_file_adds_questions_and_sets_and_keeps_the_built_in_ones(own: Path) -> None:
    book = load_questions(own)
    assert [q.text for q in book.questions][:9] == list(WORDING)
    assert list(book.sets) == [*BOOK.sets, "ours"]
    ours = book.get_set("ours")
    assert ours.version == "ours-3"
    assert [q.code for q in ours.questions] == ["belonging", "clubs", "lonely"]
    assert ours.intros == {"clubs": "Two questions about company."}
    assert book.scores == BOOK.scores


def test_an_empty_own_file_is_accepted(tmp_path: Path) -> None:
    empty = tmp_path / "empty.toml"
    empty.write_text("# Nothing yet.", encoding="utf-8")
    assert load_questions(empty) == BOOK


@pytest.mark.parametrize(
    ("old", "new", "place", "reason"),
    [
        ('code = "clubs"', 'code = "belonging"', "questions.0.code", "wording stays as published"),
        (
            'code = "clubs"',
            'code = "loneliness_score"',
            "questions.0.code",
            "wording stays as published",
        ),
        ('code = "clubs"', 'cod = "clubs"', "questions.0.code", "Field required"),
        ('code = "clubs"', 'code = "Our Clubs"', "questions.0.code", "should match pattern"),
        (
            'text = "One" }',
            'text = "One", more = 1 }',
            "questions.0.answers.1.more",
            "this key is unknown",
        ),
        ('{ code = "3"', '{ code = "33"', "questions.0.answers.2.code", "should match pattern"),
        ('{ code = "3"', '{ code = "2"', "questions.0.answers.2", "'2' is there twice"),
        ('"Two or more"', '"None"', "questions.0.answers.2", "'None' is there twice"),
        ('"Two or more"', f'"{"x" * 61}"', "questions.0.answers.2.text", "at most 60 characters"),
        ('"clubs", "lonely"]', '"clubs", "lone"]', "intros.0.questions.1", "no question 'lone'"),
        ('name = "ours"', 'name = "core"', "sets.0.name", "'core' is there twice"),
        ("version = 3", "version = 0", "sets.0.version", "greater than or equal to 1"),
        ("version = 3", "version = three", "line 18", "Invalid value"),
        ('    "lonely",', '    "belonging",', "sets.0.questions.2", "'belonging' is there twice"),
        ('    "clubs",', '    "club",', "sets.0.questions.1", "no question 'club'"),
        (
            '    "clubs",',
            '    "left_out",',
            "sets.0.questions",
            "splits the questions of 'loneliness_score'",
        ),
        ("[[sets]]", "[[set]]", "set", "this key is unknown"),
        ("[[sets]]", "[[sets", "line 16", "Expected"),
        ('name = "ours"', "", "sets.0.name", "Field required"),
    ],
)
def test_an_invalid_file_is_refused_with_the_place_and_the_reason(
    own: Path, old: str, new: str, place: str, reason: str
) -> None:
    assert old in OWN
    own.write_text(OWN.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(QuestionSetError) as refused:
        load_questions(own)
    message = str(refused.value)
    if place.startswith("line"):
        assert message.startswith("own.toml cannot be read: ")
        assert place in message
    else:
        assert message.startswith(f"own.toml, {place}: ")
    assert reason in message
    assert "\n" not in message


def test_the_bands_of_an_own_score_must_cover_each_sum_once(own: Path) -> None:
    score = """
[[scores]]
code = "company"
text = "Company"
questions = ["clubs", "lonely"]
bands = [
    { code = "low", text = "2 to 4", lowest = 2, highest = 4 },
    { code = "high", text = "6 to 8", lowest = 6, highest = 8 },
]
"""
    own.write_text(OWN + score, encoding="utf-8")
    with pytest.raises(QuestionSetError, match=r"scores\.0\.bands: 'company' needs .* holds 5"):
        load_questions(own)


def test_a_set_too_long_for_a_button_is_refused_with_its_place(own: Path) -> None:
    questions = "".join(
        f'[[questions]]\ncode = "q{n}"\nshort = "q"\ntext = "q"\n'
        'answers = [{ code = "1", text = "a" }, { code = "2", text = "b" }]\n'
        for n in range(MAX_QUESTIONS + 1)
    )
    codes = [f"q{n}" for n in range(MAX_QUESTIONS + 1)]
    entry = f'[[sets]]\nname = "long"\nversion = 1\nquestions = {json.dumps(codes)}\n'
    own.write_text(questions + entry, encoding="utf-8")
    with pytest.raises(QuestionSetError, match=r"own\.toml, sets\.0\.questions: "):
        load_questions(own)


def test_a_missing_file_and_an_unknown_set_raise_an_error(tmp_path: Path) -> None:
    with pytest.raises(QuestionSetError, match=r"none\.toml cannot be read: No such file"):
        load_questions(tmp_path / "none.toml")
    with pytest.raises(QuestionSetError, match="core, full, standard"):
        BOOK.get_set("short")


@pytest.mark.parametrize(
    ("day", "week"),
    [
        (date(2026, 11, 22), "2026-W47"),
        (date(2027, 1, 3), "2026-W53"),
        (date(2027, 1, 4), "2027-W01"),
    ],
)
def test_weeks_are_those_of_iso_8601(day: date, week: str) -> None:
    assert format_week(day) == week


@pytest.mark.parametrize(
    ("weeks", "first"), [(14, "2026-W34"), (47, "2026-W01"), (48, "2025-W52"), (106, "2024-W46")]
)
def test_the_first_week_kept_is_counted_back_from_the_current_week(weeks: int, first: str) -> None:
    assert first_week_kept(weeks, date(2026, 11, 28)) == first
