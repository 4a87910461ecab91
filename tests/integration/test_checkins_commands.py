"""The commands and settings of check-ins, run as the real program."""

import os
import subprocess
from pathlib import Path

import pytest

from checkins.checkin import CheckIn
from checkins.migration import migrate
from checkins.store import CheckInRepository, open_engine
from tests.support.service import CONNECTOR


def run(folder: Path, *arguments: str, **settings: str) -> tuple[int, str]:
    """The exit code, and everything printed."""
    process = subprocess.run(
        [CONNECTOR, *arguments],
        env={**os.environ, "CONNECTOR_VAR": str(folder), **settings},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return process.returncode, process.stdout + process.stderr


def test_purge_deletes_expired_check_ins_and_prints_no_count(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'checkins.db'}"
    migrate(url)
    engine = open_engine(url)
    checkins = CheckInRepository(engine)
    for week in ("2001-W01", "2001-W02", "2999-W01"):
        checkins.record(CheckIn(week, "Harbour", None, (("lonely", "1"),), "core-1"))
    code, printed = run(tmp_path, "checkins", "purge")
    assert code == 0
    first = checkins.read_purged_before()
    assert first is not None
    assert printed.strip() == f"Check-ins from before {first} were deleted, if there were any."
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT week FROM check_ins").all()
    engine.dispose()
    assert [tuple(row) for row in rows] == [("2999-W01",)]


def test_a_purge_that_jumps_needs_a_word_from_the_operator(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'checkins.db'}"
    migrate(url)
    engine = open_engine(url)
    checkins = CheckInRepository(engine)
    checkins.purge("2001-W01")
    code, printed = run(tmp_path, "checkins", "purge")
    assert code == 1
    (line,) = printed.splitlines()
    assert "connector checkins purge --accept-jump" in line
    assert checkins.read_purged_before() == "2001-W01"
    code, printed = run(tmp_path, "checkins", "purge", "--accept-jump")
    assert code == 0
    assert (checkins.read_purged_before() or "") > "2001-W01"
    engine.dispose()


def test_a_retention_shorter_than_a_release_is_refused(tmp_path: Path) -> None:
    code, printed = run(tmp_path, "checkins", "purge", CHECKIN_RETENTION_WEEKS="13")
    assert code == 1
    assert "CHECKIN_RETENTION_WEEKS is wrong" in printed


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ('[[questions]]\ncode = "lonely"\n', "own.toml, questions.0.short: "),
        (
            '[[sets]]\nname = "core"\nversion = 1\nquestions = ["lonely"]\n',
            "own.toml, sets.0.name: ",
        ),
        ('[[sets]]\nname = "ours\n', "line 2"),
    ],
)
def test_a_wrong_questions_file_is_reported_in_one_line(
    tmp_path: Path, content: str, place: str
) -> None:
    own = tmp_path / "own.toml"
    own.write_text(content, encoding="utf-8")
    code, printed = run(tmp_path, "run", CHECKIN_QUESTIONS_FILE=str(own))
    assert code == 1
    assert len(printed.splitlines()) == 1
    assert place in printed
