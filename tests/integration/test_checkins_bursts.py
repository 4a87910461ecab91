"""A burst of check-ins is recorded without a time, and has to be accepted before a release."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from checkins.checkin import CheckIn
from checkins.errors import BurstsFoundError
from checkins.figures import Figures
from checkins.outputs.code_book import FILE_NAME
from checkins.outputs.figures_reader import read_figures
from checkins.periods import parse_period
from checkins.release.ledger import Ledger
from checkins.release.release import ReleaseResult, make_release
from checkins.store import CheckInRepository
from tests.integration.test_checkins_commands import run

AREAS = ("Harbour", "Old Town")
WEEK = "2026-W47"
HOUR = 3600.0


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def checkins(checkins_engine: Engine, clock: Clock) -> CheckInRepository:
    return CheckInRepository(checkins_engine, clock)


@pytest.fixture
def send(checkins: CheckInRepository, clock: Clock) -> Callable[..., None]:
    """Stores check-ins, `every` so many seconds."""

    def send(times: int, area: str, every: float, week: str = WEEK) -> None:
        for number in range(times):
            clock.now += every
            belonging = str(1 + number % 2)
            answers = (("belonging", belonging), ("lonely", "1"))
            checkins.record(CheckIn(week, area, None, answers, "core-1"))

    return send


def fetch_rows(engine: Engine, query: str) -> list[Any]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def read_bursts(engine: Engine) -> list[Any]:
    return fetch_rows(engine, "SELECT week, area, checkins FROM bursts ORDER BY week, area")


def release(engine: Engine, **options: bool) -> ReleaseResult:
    today = date(2027, 2, 1)
    return make_release(engine, parse_period("2026-Q4"), AREAS, today=today, **options)


def test_a_burst_is_recorded_by_week_and_area(checkins_engine, checkins, send):
    send(30, "Harbour", every=HOUR)
    checkins.record_bursts()
    assert read_bursts(checkins_engine) == []
    send(17, "Old Town", every=60)
    checkins.record_bursts()
    assert read_bursts(checkins_engine) == [(WEEK, "", 15), (WEEK, "Old Town", 15)]


def test_a_larger_burst_of_another_process_or_an_earlier_start_stays(
    checkins_engine, checkins, send
):
    send(26, "Harbour", every=60)
    checkins.record_bursts()
    restarted = CheckInRepository(checkins_engine)
    for _ in range(12):
        restarted.record(CheckIn(WEEK, "Harbour", None, (("lonely", "1"),), "core-1"))
    restarted.record_bursts()
    assert read_bursts(checkins_engine) == [(WEEK, "", 25), (WEEK, "Harbour", 25)]


def test_no_transaction_says_when_a_burst_was_recorded(checkins_engine, checkins, send):
    """PostgreSQL numbers transactions: the number of every burst is that of the last hour."""
    if checkins_engine.dialect.name != "postgresql":
        pytest.skip("SQLite has no such numbers")
    send(12, "Harbour", every=60)
    checkins.record_bursts()
    first = fetch_rows(checkins_engine, "SELECT DISTINCT xmin::text FROM bursts")
    send(12, "Old Town", every=60, week="2026-W48")
    checkins.record_bursts()
    second = fetch_rows(checkins_engine, "SELECT DISTINCT xmin::text FROM bursts")
    assert len(read_bursts(checkins_engine)) == 4
    assert len(first) == len(second) == 1
    assert first != second


def test_bursts_are_purged_with_their_weeks(checkins_engine, checkins, send):
    send(12, "Harbour", every=60)
    send(12, "Old Town", every=60, week="2026-W48")
    checkins.record_bursts()
    checkins.purge("2026-W48")
    assert {week for week, _, _ in read_bursts(checkins_engine)} == {"2026-W48"}


def test_a_release_waits_until_a_burst_is_accepted(checkins_engine, checkins, send):
    send(30, "Harbour", every=HOUR)
    send(21, "Old Town", every=60)
    checkins.record_bursts()
    with pytest.raises(BurstsFoundError) as refusal:
        release(checkins_engine)
    message = str(refusal.value)
    assert f"{WEEK} in Old Town" in message
    assert "Harbour" not in message
    assert "--accept-bursts" in message
    # No count of people, and nothing in the ledger.
    assert not {"20", "21", "51"} & set(message.replace(".", " ").split())
    assert Ledger(checkins_engine).list_entries() == []
    assert release(checkins_engine, accept_bursts=True).figures.has_bursts
    # It is in the ledger now, and needs no second word.
    assert release(checkins_engine).already_released


def test_the_files_say_that_there_was_a_burst_and_not_when_or_where(
    checkins_engine, checkins, send
):
    send(30, "Harbour", every=HOUR)
    send(21, "Old Town", every=60)
    checkins.record_bursts()
    release(checkins_engine, accept_bursts=True)
    files = Ledger(checkins_engine).read_files("2026-Q4")
    for name in ("README.txt", "report.html"):
        text = " ".join(files[name].decode().split())
        assert "In at least one week, most check-ins came within one hour." in text
        assert WEEK not in text
    assert json.loads(files[FILE_NAME])["release"]["has_bursts"] is True
    assert read_figures(files).has_bursts


def test_a_release_without_bursts_mentions_none(checkins_engine, checkins, send):
    send(30, "Harbour", every=HOUR)
    checkins.record_bursts()
    figures = release(checkins_engine).figures
    assert not figures.has_bursts
    files = Ledger(checkins_engine).read_files("2026-Q4")
    assert b"within one hour" not in files["README.txt"] + files["report.html"]
    assert read_without_the_key(files) == figures


def read_without_the_key(files: dict[str, bytes]) -> Figures:
    """The figures as a release of an older program holds them, which knew no bursts."""
    package = json.loads(files[FILE_NAME])
    del package["release"]["has_bursts"]
    return read_figures({**files, FILE_NAME: json.dumps(package).encode()})


def test_the_command_flags_a_burst_first(tmp_path: Path, checkins_engine, checkins, send):
    send(21, "Old Town", every=60, week="2025-W47")
    checkins.record_bursts()
    command = ["checkins", "release", "--period", "2025-Q4", "--out", str(tmp_path / "autumn")]
    settings = {
        "CHECKINS_DATABASE_URL": checkins_engine.url.render_as_string(hide_password=False),
        "CHECKIN_AREAS": json.dumps(AREAS),
    }
    code, printed = run(tmp_path, *command, **settings)
    assert code == 1
    (line,) = printed.splitlines()
    assert "2025-W47 in Old Town" in line
    assert "--accept-bursts" in line
    assert not (tmp_path / "autumn").exists()
    code, printed = run(tmp_path, *command, "--accept-bursts", **settings)
    assert code == 0, printed
    assert "the release says so" in printed
