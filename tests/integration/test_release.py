"""A release, from stored check-ins to the two files."""

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine

from checkins.checkin import CheckIn
from checkins.errors import ReleaseError, StoreError
from checkins.migrating import migrate
from checkins.questions import load_questions
from checkins.release import Release, release
from checkins.store import CheckIns, open_engine

START, END, TODAY = date(2026, 11, 2), date(2026, 11, 22), date(2026, 11, 23)
AREAS = ("Harbour", "Old Town", "Mill Lane", "Quiet End")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{tmp_path}/checkins.db")
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def checkins(engine: Engine) -> CheckIns:
    return CheckIns(engine)


def keep(checkins: CheckIns, times: int, area: str, week: str = "2026-W46", **answers: str) -> None:
    for _ in range(times):
        checkins.record(CheckIn(week, area, None, tuple(answers.items()), "core-1"))


def make(checkins: CheckIns, out: Path, areas: tuple[str, ...] = AREAS) -> Release:
    return release(checkins, START, END, out, areas, today=TODAY)


def cells(out: Path, question: str, area: str) -> dict[str, tuple[str, str]]:
    with (out / "checkins.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["answer"]: (row["count"], row["mark"])
            for row in csv.DictReader(file)
            if (row["question"], row["area"]) == (question, area)
        }


@pytest.fixture
def town(checkins: CheckIns) -> CheckIns:
    """Harbour 23, Old Town 12, Mill Lane 9, Quiet End none; and some outside the weeks."""
    keep(checkins, 13, "Harbour", belonging="1", lonely="5")
    keep(checkins, 8, "Harbour", belonging="2", lonely="5")
    keep(checkins, 2, "Harbour", belonging="4", lonely="p")
    keep(checkins, 11, "Old Town", week="2026-W45", belonging="1", lonely="p")
    keep(checkins, 1, "Old Town", week="2026-W47", belonging="3", lonely="1")
    keep(checkins, 9, "Mill Lane", belonging="1", lonely="1")
    keep(checkins, 40, "Quiet End", week="2026-W44", belonging="1", lonely="1")
    keep(checkins, 40, "Quiet End", week="2026-W48", belonging="1", lonely="1")
    keep(checkins, 40, "Gone From The List", belonging="1", lonely="1")
    return checkins


def test_the_table_of_a_known_town(town: CheckIns, tmp_path: Path) -> None:
    out = tmp_path / "releases" / "autumn"
    made = make(town, out)
    assert cells(out, "belonging", "Harbour") == {
        "Very strongly": ("15", "rounded"),
        "Fairly strongly": ("10", "rounded"),
        "Not very strongly": ("0", "zero"),
        "Not at all strongly": ("", "suppressed"),
        "All answers shown": ("25", "partial"),
    }
    assert cells(out, "belonging", "Old Town")["Very strongly"] == ("10", "rounded")
    assert cells(out, "belonging", "Old Town")["Not very strongly"] == ("", "suppressed")
    assert cells(out, "belonging", "All areas shown") == {
        "Very strongly": ("25", "rounded"),
        "Fairly strongly": ("10", "rounded"),
        "Not very strongly": ("", "withheld"),
        "Not at all strongly": ("", "withheld"),
        "All answers shown": ("35", "partial"),
    }
    # All 21 who answered said the same; in Old Town one person answered.
    assert set(cells(out, "lonely", "Harbour").values()) == {("", "withheld")}
    assert set(cells(out, "lonely", "Old Town").values()) == {("", "withheld")}
    assert set(cells(out, "trust", "Harbour").values()) == {("", "not_asked")}
    assert made.areas_shown == ("Harbour", "Old Town")
    assert made.areas_left_out == ("Mill Lane", "Quiet End")
    assert made.period == "2026-W45 to 2026-W47"
    lines = (out / "checkins.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "period,area,question,question_text,answer,count,mark"
    assert made.rows == len(lines) - 1
    assert sum(line.endswith(",suppressed") for line in lines) == made.cells_suppressed == 2
    assert not any(area in line for line in lines for area in ("Mill Lane", "Quiet", "Gone"))


def test_the_notes_have_the_wording_the_rules_and_the_version(
    town: CheckIns, tmp_path: Path
) -> None:
    make(town, tmp_path / "out")
    notes = " ".join((tmp_path / "out" / "README.txt").read_text(encoding="utf-8").split())
    for question in load_questions().questions:
        assert question.text in notes
    for said in (
        "from 1 to 7 people",
        "nearest 5",
        "fewer than 10 check-ins or none: Mill Lane, Quiet End.",
        "versions: core-1.",
        "2026-11-02 to 2026-11-22",
        "'Prefer not to say' are not counted",
        "An empty count is never a zero",
    ):
        assert said in notes
    assert "Gone" not in notes


def test_the_same_check_ins_give_the_same_bytes(town: CheckIns, tmp_path: Path) -> None:
    make(town, tmp_path / "one")
    make(town, tmp_path / "two")
    for name in ("checkins.csv", "README.txt"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_the_three_items_leave_only_as_a_banded_score(checkins: CheckIns, tmp_path: Path) -> None:
    def items(times: int, first: str, second: str, third: str) -> None:
        keep(
            checkins,
            times,
            "Harbour",
            companionship=first,
            left_out=second,
            isolated=third,
        )

    items(10, "1", "1", "1")  # 3
    items(4, "2", "3", "2")  # 7
    items(8, "3", "3", "2")  # 8
    items(4, "3", "3", "3")  # 9
    items(30, "3", "p", "3")  # no score
    make(checkins, tmp_path / "out")
    assert cells(tmp_path / "out", "loneliness_score", "Harbour") == {
        "3 to 7": ("15", "rounded"),
        "8 or 9": ("10", "rounded"),
        "All answers shown": ("25", "rounded"),
    }
    for item in ("companionship", "left_out", "isolated"):
        assert cells(tmp_path / "out", item, "Harbour") == {}


def test_a_release_is_never_changed(town: CheckIns, tmp_path: Path) -> None:
    out = tmp_path / "out"
    make(town, out)
    before = (out / "checkins.csv").read_bytes()
    with pytest.raises(ReleaseError, match="never changes"):
        make(town, out)
    assert (out / "checkins.csv").read_bytes() == before


def test_an_empty_folder_will_do_and_another_will_not(town: CheckIns, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    make(town, tmp_path / "empty")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ReleaseError, match="not an empty folder"):
        make(town, tmp_path / "full")
    with pytest.raises(ReleaseError, match="not an empty folder"):
        make(town, tmp_path / "full" / "letter.txt")
    with pytest.raises(ReleaseError, match="could not be written"):
        make(town, tmp_path / "full" / "letter.txt" / "deeper")
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["empty", "full"]


@pytest.mark.parametrize(
    ("start", "end", "reason"),
    [
        (date(2026, 11, 3), date(2026, 11, 22), "Use 2026-11-02 to 2026-11-22"),
        (date(2026, 11, 2), date(2026, 11, 21), "Use 2026-11-02 to 2026-11-22"),
        (date(2026, 11, 16), date(2026, 11, 15), "Swap them"),
        (date(2026, 11, 2), date(2026, 11, 29), "2026-11-22 at the latest"),
    ],
)
def test_only_whole_weeks_that_are_over(
    town: CheckIns, tmp_path: Path, start: date, end: date, reason: str
) -> None:
    with pytest.raises(ReleaseError, match=reason):
        release(town, start, end, tmp_path / "out", AREAS, today=TODAY)
    assert not (tmp_path / "out").exists()


def test_a_week_is_over_on_monday(town: CheckIns, tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="not over"):
        release(town, START, END, tmp_path / "out", AREAS, today=date(2026, 11, 22))
    release(town, START, END, tmp_path / "out", AREAS, today=date(2026, 11, 23))


def test_too_few_everywhere_makes_no_files(checkins: CheckIns, tmp_path: Path) -> None:
    keep(checkins, 9, "Harbour", belonging="1", lonely="1")
    with pytest.raises(ReleaseError, match="longer period") as refused:
        make(checkins, tmp_path / "out")
    assert "9" not in str(refused.value)
    assert not (tmp_path / "out").exists()


def test_areas_that_clash_are_refused(town: CheckIns, tmp_path: Path) -> None:
    for areas in (("Harbour", "Harbour"), ("Harbour", "All areas shown")):
        with pytest.raises(ReleaseError, match="must differ"):
            make(town, tmp_path / "out", areas)


def test_a_database_that_was_never_set_up_is_told(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/empty.db")
    with pytest.raises(StoreError, match="CHECKINS_DATABASE_URL"):
        make(CheckIns(engine), tmp_path / "out")
    engine.dispose()
    assert not (tmp_path / "out").exists()
