"""From a resident's taps on the web page to the analyst's table."""

import csv
import os
import sqlite3
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from checkins.checkin import CheckIn, week_of
from checkins.migrating import migrate
from checkins.store import CheckIns, open_engine
from tests.service import CONNECTOR, Service, Talk, words

AREA = "Sandhills"


def find_tap(replies: list[dict[str, Any]], label: str) -> str:
    """What the button that says `label` sends back."""
    options = [option for reply in replies for option in reply.get("options", ())]
    return next(str(option["tap"]) for option in options if option["label"] == label)


def test_a_check_in_on_the_web_is_kept_once_and_only_on_send(service: Service, talk: Talk) -> None:
    def kept() -> int:
        with sqlite3.connect(service.folder / "checkins.db") as database:
            query = "select count(*) from check_ins where area = ?"
            return int(database.execute(query, (AREA,)).fetchone()[0])

    before = kept()
    replies = talk.tap("start_check_in")
    for label in ("Yes, I am 16 or over", AREA, "35 to 49", "Not very strongly", "Occasionally"):
        replies = talk.tap(find_tap(replies, label))
    assert "Not very strongly" in words(replies)
    assert kept() == before
    send = find_tap(replies, "Send")
    talk.tap(send)
    talk.tap(send)
    assert kept() == before + 1


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """What the command writes for two areas, one of which has too few answers to show."""
    url = f"sqlite:///{tmp_path / 'checkins.db'}"
    migrate(url)
    checkins = CheckIns(open_engine(url))
    week = week_of(date(2026, 10, 7))
    for number in range(43):
        belonging = "123"[number % 3 if number < 40 else 0]
        checkins.record(_checkin(week, "Old Town", belonging))
    for _ in range(9):
        checkins.record(_checkin(week, "Northgate", "1"))
    out = tmp_path / "release"
    command = [CONNECTOR, "checkins", "release", "--from", "2026-10-05", "--to", "2026-11-01"]
    environment = {**os.environ, "CHECKINS_DATABASE_URL": url}
    done = subprocess.run([*command, "--out", out], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    again = subprocess.run(
        [*command, "--out", out], env=environment, capture_output=True, text=True
    )
    assert again.returncode == 1, "a release is not written over"
    assert len(again.stderr.splitlines()) == 1
    return out


def _checkin(week: str, area: str, belonging: str) -> CheckIn:
    return CheckIn(week, area, None, (("belonging", belonging), ("lonely", "5")), "core-1")


def test_the_table_holds_no_small_or_exact_count(release: Path) -> None:
    table = (release / "checkins.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(table.splitlines()))
    assert "Northgate" not in {row["area"] for row in rows}
    counts = [int(row["count"]) for row in rows if row["count"]]
    assert counts
    assert all(count == 0 or (count >= 10 and count % 5 == 0) for count in counts)
