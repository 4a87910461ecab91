"""A release, from stored check-ins to the ledger and a folder of files."""

import csv
import io
import json
import secrets
import threading
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, update

from checkins.disclosure import Mark, Policy
from checkins.errors import QuestionSetError, ReleaseError, StoreError
from checkins.figures import Figures
from checkins.models import CheckInRow, ReleaseFileRow
from checkins.periods import parse_period
from checkins.questions import load_questions
from checkins.release.attack import attack_releases
from checkins.release.count import count_checkins
from checkins.release.ledger import Ledger
from checkins.release.release import ReleaseResult, make_release
from checkins.release.release_folder import read_folder, write_folder
from checkins.release.secondary_suppression import DirectoryCounts
from checkins.store import CheckInRepository, open_engine

TODAY = date(2027, 2, 1)
AREAS = ("Harbour", "Old Town", "Mill Lane", "Quiet End")
Q4 = "2026-W46"


def store_checkins(
    checkins_engine: Engine,
    times: int,
    area: str,
    week: str = Q4,
    age_band: str | None = None,
    question_set: str = "core-1",
    **answers: str,
) -> None:
    """Store that many check-ins with the same answers."""
    row = {
        "week": week,
        "area": area,
        "age_band": age_band,
        "answers": json.dumps(answers, sort_keys=True, separators=(",", ":")),
        "question_set": question_set,
    }
    with checkins_engine.begin() as connection:
        connection.execute(
            insert(CheckInRow), [{**row, "random_key": secrets.token_hex(16)} for _ in range(times)]
        )


def release_period(
    checkins_engine: Engine,
    period: str = "2026-Q4",
    areas: Iterable[str] = AREAS,
    policy: Policy = Policy.ROUND_5,
) -> ReleaseResult:
    return make_release(
        checkins_engine, parse_period(period), tuple(areas), policy=policy, today=TODAY
    )


def find_cells(figures: Figures, question: str, group: str) -> dict[str, tuple[int | None, str]]:
    """The cells of one block, by the text of the answer."""
    texts = [text for _, text in figures.get_measure(question).answers]
    for block in figures.blocks:
        if (block.measure, block.group) == (question, group):
            return {
                text: (cell.count, cell.mark) for text, cell in zip(texts, block.cells, strict=True)
            }
    return {}


@pytest.fixture
def town(checkins_engine: Engine) -> Engine:
    """Harbour has 43, Old Town 27, Mill Lane 9, Quiet End none; others are outside the weeks."""
    store_checkins(checkins_engine, 23, "Harbour", age_band="16-24", belonging="1", lonely="5")
    store_checkins(checkins_engine, 18, "Harbour", belonging="2", lonely="5")
    store_checkins(checkins_engine, 2, "Harbour", belonging="4", lonely="p")
    store_checkins(
        checkins_engine, 26, "Old Town", week="2026-W40", age_band="75+", belonging="1", lonely="p"
    )
    store_checkins(checkins_engine, 1, "Old Town", week="2026-W53", belonging="3", lonely="1")
    store_checkins(checkins_engine, 9, "Mill Lane", belonging="1", lonely="1")
    store_checkins(checkins_engine, 40, "Quiet End", week="2026-W39", belonging="1", lonely="1")
    store_checkins(checkins_engine, 40, "Quiet End", week="2027-W01", belonging="1", lonely="1")
    store_checkins(checkins_engine, 40, "Removed From List", belonging="1", lonely="1")
    return checkins_engine


def test_the_figures_of_a_known_town(town: Engine) -> None:
    figures = release_period(town).figures
    assert find_cells(figures, "belonging", "Harbour") == {
        "Very strongly": (25, "rounded"),
        "Fairly strongly": (20, "rounded"),
        "Not very strongly": (0, "zero"),
        "Not at all strongly": (None, "suppressed"),
    }
    assert find_cells(figures, "belonging", "Old Town")["Very strongly"] == (25, "rounded")
    assert find_cells(figures, "belonging", "Old Town")["Not very strongly"] == (None, "suppressed")
    # In Harbour all 41 gave the same answer; in Old Town one person answered.
    for area in ("Harbour", "Old Town"):
        assert set(find_cells(figures, "lonely", area).values()) == {(None, "withheld")}
    assert figures.areas_left_out == ("Mill Lane", "Quiet End")
    assert figures.age_bands_left_out == ("25-34", "35-49", "50-64", "65-74")
    assert set(find_cells(figures, "trust", "Harbour").values()) == {(None, "not_asked")}
    assert figures.question_sets == ("core-1",)


def test_a_question_not_asked_in_one_area_is_marked_there(checkins_engine: Engine) -> None:
    for belonging in "12":
        store_checkins(checkins_engine, 20, "Harbour", belonging=belonging, trust=belonging)
        store_checkins(checkins_engine, 20, "Old Town", belonging=belonging)
    figures = release_period(checkins_engine).figures
    assert set(find_cells(figures, "trust", "Old Town").values()) == {(None, "not_asked")}
    assert find_cells(figures, "trust", "Harbour")["A few can be trusted"] == (0, "zero")


def test_the_three_loneliness_items_are_released_only_as_a_banded_score(
    checkins_engine: Engine,
) -> None:
    def store_items(times: int, first: str, second: str, third: str) -> None:
        store_checkins(
            checkins_engine, times, "Harbour", companionship=first, left_out=second, isolated=third
        )

    store_items(10, "1", "1", "1")  # 3
    store_items(4, "2", "3", "2")  # 7
    store_items(8, "3", "3", "2")  # 8
    store_items(4, "3", "3", "3")  # 9
    store_items(30, "3", "p", "3")  # no score
    figures = release_period(checkins_engine).figures
    assert find_cells(figures, "loneliness_score", "Harbour") == {
        "3 to 7": (15, "rounded"),
        "8 or 9": (10, "rounded"),
    }
    codes = {measure.code for measure in figures.measures}
    assert not codes & {"companionship", "left_out", "isolated"}


def test_releasing_a_period_again_gives_the_same_bytes(town: Engine, tmp_path: Path) -> None:
    assert not release_period(town).already_released
    ledger = Ledger(town)
    (entry,) = ledger.list_entries()
    files = ledger.read_files("2026-Q4")
    store_checkins(town, 500, "Mill Lane", belonging="2", lonely="2")
    assert release_period(town).already_released
    assert ledger.read_files("2026-Q4") == files
    assert ledger.list_entries() == [entry]
    assert set(files) == set(entry.files)
    for out in (tmp_path / "first", tmp_path / "second"):
        write_folder(ledger.read_files("2026-Q4"), out)
        assert {file.name: file.read_bytes() for file in out.iterdir()} == files


def test_the_same_check_ins_give_the_same_bytes_in_another_database(
    town: Engine, tmp_path: Path
) -> None:
    from checkins.migration import migrate

    copy = open_engine(f"sqlite:///{tmp_path}/other.db")
    migrate(copy)
    with town.connect() as connection:
        rows = [dict(row) for row in connection.execute(CheckInRow.__table__.select()).mappings()]
    with copy.begin() as connection:
        connection.execute(
            insert(CheckInRow), [{**row, "random_key": secrets.token_hex(16)} for row in rows]
        )
    release_period(town)
    release_period(copy)
    assert Ledger(town).read_files("2026-Q4") == Ledger(copy).read_files("2026-Q4")
    copy.dispose()


@pytest.mark.parametrize(
    ("areas", "policy", "difference"),
    [(AREAS[:3], Policy.ROUND_5, "areas"), (AREAS, Policy.MIDPOINT_6, "policy")],
)
def test_releasing_a_period_again_with_other_settings_is_refused(
    town: Engine, areas: tuple[str, ...], policy: Policy, difference: str
) -> None:
    release_period(town)
    with pytest.raises(ReleaseError, match=f"other {difference}"):
        release_period(town, areas=areas, policy=policy)


def test_a_release_can_be_read_back_from_its_folder(town: Engine, tmp_path: Path) -> None:
    figures = release_period(town).figures
    out = tmp_path / "releases" / "autumn"
    write_folder(Ledger(town).read_files("2026-Q4"), out)
    assert read_folder(out) == figures
    assert attack_releases([read_folder(out)]).leaks == ()


def test_a_folder_is_written_completely_and_never_over_existing_files(
    town: Engine, tmp_path: Path
) -> None:
    release_period(town)
    files = Ledger(town).read_files("2026-Q4")
    (tmp_path / "empty").mkdir()
    write_folder(files, tmp_path / "empty")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("mine", encoding="utf-8")
    for target in (tmp_path / "empty", tmp_path / "full", tmp_path / "full" / "letter.txt"):
        with pytest.raises(ReleaseError, match="not an empty folder"):
            write_folder(files, target)
    with pytest.raises(ReleaseError, match="could not be written"):
        write_folder(files, tmp_path / "full" / "letter.txt" / "deeper")
    assert not list(tmp_path.rglob(".release-*"))


def test_a_table_holds_no_raw_count(checkins_engine: Engine) -> None:
    """The raw counts are numbers that rounding never gives and that occur nowhere else."""
    for answer, times in {"1": 83, "2": 71, "3": 67, "4": 6}.items():
        store_checkins(
            checkins_engine, times, "Harbour", age_band="16-24", belonging=answer, lonely="p"
        )
    release_period(checkins_engine)
    for name in ("checkins.csv", "report.html", "README.txt", "datapackage.json"):
        text = Ledger(checkins_engine).read_file("2026-Q4", name).decode()
        for raw in (83, 71, 67, 83 + 71, 83 + 71 + 67, 83 + 71 + 67 + 6):
            assert f">{raw}<" not in text
            assert f",{raw}," not in text
            assert f" {raw} " not in text
    rows = csv.DictReader(
        io.StringIO(Ledger(checkins_engine).read_file("2026-Q4", "checkins.csv").decode())
    )
    counts = {row["count"] for row in rows}
    assert {"85", "70", "65", "220", ""} <= counts


def fill_quarters(checkins_engine: Engine, *counts: int) -> None:
    """In each quarter, store that many first answers and 40 second ones in Harbour."""
    for week, count in zip(("2026-W05", "2026-W20", "2026-W30", "2026-W45"), counts, strict=True):
        store_checkins(checkins_engine, count, "Harbour", week=week, belonging="1")
        store_checkins(checkins_engine, 40, "Harbour", week=week, belonging="2")


def test_a_release_is_checked_against_all_earlier_ones(checkins_engine: Engine) -> None:
    fill_quarters(checkins_engine, 7, 7, 7, 6)
    quarters = [
        release_period(checkins_engine, f"2026-Q{number}").figures for number in (1, 2, 3, 4)
    ]
    assert all(
        find_cells(figures, "belonging", "Harbour")["Very strongly"] == (None, "suppressed")
        for figures in quarters
    )
    # The year's 27 would be published as 25, so that no quarter could have fewer than 2.
    year = release_period(checkins_engine, "2026").figures
    assert set(find_cells(year, "belonging", "Harbour").values()) == {(None, "withheld")}
    assert attack_releases(Ledger(checkins_engine).read_figures()).leaks == ()


def test_a_year_that_reveals_nothing_is_shown(checkins_engine: Engine) -> None:
    fill_quarters(checkins_engine, 30, 25, 40, 3)
    for period in ("2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4", "2026"):
        release_period(checkins_engine, period)
    year = Ledger(checkins_engine).read_figures()[0]
    assert year.period.name == "2026"
    assert find_cells(year, "belonging", "Harbour")["Very strongly"] == (100, "rounded")


def test_other_areas_for_weeks_already_released_are_refused(checkins_engine: Engine) -> None:
    fill_quarters(checkins_engine, 30, 25, 40, 30)
    release_period(checkins_engine, "2026-Q1")
    with pytest.raises(ReleaseError, match="CHECKIN_AREAS to that list"):
        release_period(checkins_engine, "2026", areas=("Harbour", "Old Town"))
    assert not release_period(
        checkins_engine, "2026-Q2", areas=("Harbour", "Old Town")
    ).already_released


def test_check_ins_added_to_a_released_period_block_releases_that_contain_it(
    checkins_engine: Engine,
) -> None:
    fill_quarters(checkins_engine, 30, 25, 40, 30)
    release_period(checkins_engine, "2026-Q1")
    store_checkins(checkins_engine, 10, "Harbour", week="2026-W05", belonging="1")
    with pytest.raises(ReleaseError, match=r"of 2026-Q1 have changed since its release"):
        release_period(checkins_engine, "2026")


def test_a_period_whose_check_ins_were_purged_is_refused(checkins_engine: Engine) -> None:
    fill_quarters(checkins_engine, 30, 25, 40, 30)
    release_period(checkins_engine, "2026-Q1")
    CheckInRepository(checkins_engine).purge("2026-W08")
    with pytest.raises(ReleaseError, match="CHECKIN_RETENTION_WEEKS"):
        release_period(checkins_engine, "2026")
    assert not release_period(checkins_engine, "2026-Q2").already_released
    # An existing release stays available after a purge.
    assert release_period(checkins_engine, "2026-Q1").already_released


def test_a_period_is_released_only_when_it_is_over(town: Engine) -> None:
    period = parse_period("2026-Q4")
    assert period.end == date(2027, 1, 3)
    with pytest.raises(ReleaseError, match="from 2027-01-05 on"):
        make_release(town, period, AREAS, today=date(2027, 1, 4))
    make_release(town, period, AREAS, today=date(2027, 1, 5))


def test_too_few_check_ins_in_every_area_makes_no_release(checkins_engine: Engine) -> None:
    store_checkins(checkins_engine, 9, "Harbour", belonging="1", lonely="1")
    with pytest.raises(ReleaseError, match="longer period") as refused:
        release_period(checkins_engine)
    assert "9" not in str(refused.value)
    assert Ledger(checkins_engine).list_entries() == []


def test_two_areas_of_the_same_name_are_refused(town: Engine) -> None:
    with pytest.raises(ReleaseError, match="the same name"):
        release_period(town, areas=("Harbour", "Harbour"))


def test_a_database_that_was_never_set_up_raises_an_error(tmp_path: Path) -> None:
    checkins_engine = open_engine(f"sqlite:///{tmp_path}/empty.db")
    with pytest.raises(StoreError, match="CHECKINS_DATABASE_URL"):
        release_period(checkins_engine)
    checkins_engine.dispose()


def test_an_altered_ledger_is_noticed(town: Engine) -> None:
    release_period(town)
    with town.begin() as connection:
        connection.execute(
            update(ReleaseFileRow).where(ReleaseFileRow.name == "README.txt").values(content=b"x")
        )
    with pytest.raises(ReleaseError, match="altered"):
        Ledger(town).read_file("2026-Q4", "README.txt")


def test_a_period_or_file_missing_from_the_ledger_raises_an_error(town: Engine) -> None:
    release_period(town)
    with pytest.raises(ReleaseError, match="no release of 2025"):
        Ledger(town).read_file("2025", "checkins.csv")
    with pytest.raises(ReleaseError, match="no file"):
        Ledger(town).read_file("2026-Q4", "../checkins.db")


def test_releases_made_at_the_same_time_are_still_compared(checkins_engine: Engine) -> None:
    """Five threads release four quarters and their year; the last one is checked against all."""
    fill_quarters(checkins_engine, 7, 7, 7, 6)
    periods = ["2026", "2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4"]
    threads = [
        threading.Thread(target=release_period, args=(checkins_engine, period))
        for period in periods
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [entry.period for entry in Ledger(checkins_engine).list_entries()] == periods
    assert attack_releases(Ledger(checkins_engine).read_figures()).leaks == ()


def test_directory_counts_are_protected_by_the_same_rules(town: Engine) -> None:
    directory_counts = DirectoryCounts(
        topics=(("choirs", "Choirs"), ("food help", "Food help"), ("sheds", "Sheds")),
        unmet={"Harbour": {"choirs": 34, "sheds": 3}, "Old Town": {"choirs": 4}},
        useful_answers=(("yes", "Yes"), ("no", "No")),
        useful={"yes": 23, "no": 2},
    )
    figures = make_release(
        town, parse_period("2026-Q4"), AREAS, directory_counts=directory_counts, today=TODAY
    ).figures
    harbour, old_town = figures.needs
    assert [(cell.count, cell.mark) for cell in harbour.cells] == [
        (35, Mark.ROUNDED),
        (0, Mark.ZERO),
        (None, Mark.SUPPRESSED),
    ]
    assert {cell.mark for cell in old_town.cells} == {Mark.WITHHELD}
    assert figures.usefulness is not None
    assert [cell.count for cell in figures.usefulness.cells] == [25, None]


def test_fictional_check_ins_are_marked_and_never_mixed_with_real_ones(
    checkins_engine: Engine,
) -> None:
    for answer in "12":
        store_checkins(checkins_engine, 30, "Harbour", question_set="demo:core-1", belonging=answer)
    assert release_period(checkins_engine).figures.fictional
    store_checkins(checkins_engine, 1, "Harbour", week="2026-W30", belonging="1")
    store_checkins(
        checkins_engine, 60, "Harbour", week="2026-W30", question_set="demo:core-1", belonging="1"
    )
    with pytest.raises(ReleaseError, match="fictional"):
        release_period(checkins_engine, "2026-Q3")


def test_a_question_added_later_counts_as_not_asked_before(
    checkins_engine: Engine,
) -> None:
    """A reader knows that nobody was asked in the first two quarters: two suppressed counts of at
    most 7 each would have to make up 13 or more of the year."""
    for number, week in enumerate(("2026-W05", "2026-W20", "2026-W30", "2026-W45")):
        trust = {"trust": "1"} if number > 1 else {}
        store_checkins(checkins_engine, 7, "Harbour", week=week, belonging="1", **trust)
        trust = {"trust": "2"} if number > 1 else {}
        store_checkins(checkins_engine, 40, "Harbour", week=week, belonging="2", **trust)
    for period in ("2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4"):
        release_period(checkins_engine, period)
    year = release_period(checkins_engine, "2026").figures
    assert set(find_cells(year, "trust", "Harbour").values()) == {(None, "withheld")}


def test_an_area_left_out_does_not_reveal_its_question_set(checkins_engine: Engine) -> None:
    for belonging in "12":
        store_checkins(checkins_engine, 40, "Harbour", belonging=belonging)
    store_checkins(checkins_engine, 1, "Quiet End", question_set="full-1", belonging="1", trust="1")
    figures = release_period(checkins_engine).figures
    assert figures.question_sets == ("core-1",)


def test_a_purge_during_the_count_stops_the_release(
    checkins_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs the real purge just before the real count."""
    from checkins.release import release as module

    fill_quarters(checkins_engine, 30, 25, 40, 30)

    def purge_and_count(*arguments: object) -> object:
        CheckInRepository(checkins_engine).purge("2026-W46")
        return count_checkins(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "count_checkins", purge_and_count)
    with pytest.raises(ReleaseError, match="CHECKIN_RETENTION_WEEKS"):
        release_period(checkins_engine)


def test_an_operators_own_questions_are_released(checkins_engine: Engine, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(OWN, encoding="utf-8")
    for answer in "12":
        store_checkins(checkins_engine, 20, "Harbour", question_set="ours-1", clubs=answer)
    figures = make_release(
        checkins_engine, parse_period("2026-Q4"), AREAS, book=load_questions(own), today=TODAY
    ).figures
    assert find_cells(figures, "clubs", "Harbour") == {
        "None": (20, "rounded"),
        "Some": (20, "rounded"),
    }
    own.write_text(OWN.replace('"clubs"', '"unmet_need"'), encoding="utf-8")
    with pytest.raises(QuestionSetError, match="unmet_need"):
        load_questions(own)


OWN = """
[[questions]]
code = "clubs"
short = "Clubs"
text = "How many clubs do you go to?"
answers = [{ code = "1", text = "None" }, { code = "2", text = "Some" }]

[[sets]]
name = "ours"
version = 1
questions = ["clubs"]
"""
