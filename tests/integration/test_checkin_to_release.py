"""The way of check-ins from a resident's taps on the web page to an analyst's table."""

import csv
import os
import sqlite3
import subprocess
from datetime import date
from pathlib import Path

import pytest

from checkins.checkin import CheckIn, format_week
from checkins.migration import migrate
from checkins.store import CheckInRepository, open_engine
from tests.support.service import CONNECTOR, Service, Talk, find_tap, words

AREA = "Sandhills"


def test_a_web_check_in_is_stored_once_and_only_on_send(service: Service, talk: Talk) -> None:
    def count_stored() -> int:
        with sqlite3.connect(service.folder / "checkins.db") as database:
            query = "select count(*) from check_ins where area = ?"
            return int(database.execute(query, (AREA,)).fetchone()[0])

    before = count_stored()
    replies = talk.tap("start_check_in")
    for label in ("Yes, I am 16 or over", AREA, "35 to 49", "Not very strongly", "Occasionally"):
        replies = talk.tap(find_tap(replies, label))
    assert "Not very strongly" in words(replies)
    assert count_stored() == before
    send = find_tap(replies, "Send")
    talk.tap(send)
    talk.tap(send)
    assert count_stored() == before + 1


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Check-ins of two areas, one of which has too few answers to show."""
    url = f"sqlite:///{tmp_path / 'checkins.db'}"
    migrate(url)
    checkins = CheckInRepository(open_engine(url))
    week = format_week(date(2026, 8, 5))
    for number in range(43):
        belonging = "123"[number % 3 if number < 40 else 0]
        checkins.record(_checkin(week, "Old Town", belonging))
    for _ in range(9):
        checkins.record(_checkin(week, "Northgate", "1"))
    return url


def _checkin(week: str, area: str, belonging: str) -> CheckIn:
    return CheckIn(week, area, None, (("belonging", belonging), ("lonely", "5")), "core-1")


def run(url: str, *command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run `connector checkins` with an empty directory database."""
    environment = {
        **os.environ,
        "CHECKINS_DATABASE_URL": url,
        "DIRECTORY_DATABASE_URL": url.replace("checkins.db", "directory.db"),
    }
    return subprocess.run(
        [CONNECTOR, "checkins", *command], env=environment, capture_output=True, text=True
    )


def test_a_released_period_can_be_exported_again_and_passes_the_attack(
    url: str, tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    done = run(url, "release", "--period", "2026-Q3", "--out", first)
    assert done.returncode == 0, done.stderr
    assert "for Old Town." in done.stdout
    overwriting = run(url, "release", "--period", "2026-Q3", "--out", first)
    assert overwriting.returncode == 1, "a release is never overwritten"
    assert len(overwriting.stderr.splitlines()) == 1
    again = run(url, "release", "--period", "2026-Q3", "--out", second)
    assert again.returncode == 0, again.stderr
    assert "already released" in again.stdout
    files = {file.name: file.read_bytes() for file in first.iterdir()}
    assert files == {file.name: file.read_bytes() for file in second.iterdir()}
    rows = list(csv.DictReader(files["checkins.csv"].decode().splitlines()))
    assert "Northgate" not in {row["group"] for row in rows}
    counts = [int(row["count"]) for row in rows if row["count"]]
    assert counts
    assert all(count == 0 or (count >= 10 and count % 5 == 0) for count in counts)
    attack = run(url, "attack", first)
    assert attack.returncode == 0, attack.stdout
    assert "0 can be bounded" in attack.stdout


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("release", "--period", "autumn", "--out", "new"), "such as 2026-Q4"),
        (("release", "--period", "2098-Q1", "--out", "new"), "not over"),
        (("attack", "nowhere"), "cannot be read"),
    ],
)
def test_a_command_error_is_one_line(url: str, command: tuple[str, ...], message: str) -> None:
    done = run(url, *command)
    assert done.returncode == 1
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_demonstration_refuses_a_database_with_real_check_ins(url: str, tmp_path: Path) -> None:
    done = run(url, "demo", "--out", tmp_path / "demo", "--no-open")
    assert done.returncode == 1
    assert "real check-ins" in done.stderr
    assert not (tmp_path / "demo").exists()


def test_a_demonstration_releases_four_quarters_marked_as_fictional(tmp_path: Path) -> None:
    out = tmp_path / "demo"
    url = f"sqlite:///{tmp_path / 'checkins.db'}"
    done = run(url, "demo", "--out", out, "--no-open")
    assert done.returncode == 0, done.stderr
    quarters = sorted(out.iterdir())
    assert [folder.name[4:] for folder in quarters] == ["-Q1", "-Q2", "-Q3", "-Q4"]
    for folder in quarters:
        assert "Fictional" in (folder / "report.html").read_text(encoding="utf-8")
    assert run(url, "attack", *quarters).returncode == 0
    again = run(url, "demo", "--out", tmp_path / "more", "--no-open")
    assert again.returncode == 1
    assert "already" in again.stderr
