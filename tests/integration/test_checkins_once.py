"""A sent check-in counts once and is stored until it is purged, on SQLite and PostgreSQL."""

import asyncio
import contextlib
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, make_url

from bot.app import _purge_regularly
from checkins.checkin import CheckIn
from checkins.draft import Stub, list_active_turns
from checkins.errors import NotStoredError, PurgeRefusedError, StoreError
from checkins.store import CheckInRepository, open_engine
from tests.support.postgres import Postgres


def make_checkin(mark: str = "core-1", week: str = "2026-W47") -> CheckIn:
    return CheckIn(week, "Harbour", None, (("lonely", "1"),), mark)


def fetch_rows(checkins_engine: Engine, query: str) -> list[Any]:
    with checkins_engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def test_a_stub_is_accepted_once(checkins_engine: Engine, checkins_url: str) -> None:
    stub = Stub("a" * 16, 3)
    assert not CheckInRepository(checkins_engine).was_sent(stub)
    assert CheckInRepository(checkins_engine).record(make_checkin(), stub)
    assert CheckInRepository(checkins_engine).was_sent(stub)
    second_engine = open_engine(checkins_url)
    assert CheckInRepository(second_engine).was_sent(stub)
    assert not CheckInRepository(second_engine).record(make_checkin("another"), stub)
    second_engine.dispose()
    assert fetch_rows(checkins_engine, "SELECT question_set FROM check_ins") == [("core-1",)]


def test_concurrent_sends_store_one_draft_once_and_lose_no_other(checkins_engine: Engine) -> None:
    checkins = CheckInRepository(checkins_engine)
    accepted: list[bool] = []

    def send(number: int) -> None:
        accepted.append(checkins.record(make_checkin(), Stub("b" * 16, 0)))
        for index in range(10):
            checkins.record(make_checkin(f"m{number}-{index}"), Stub(f"{number:08}{index:08}", 0))

    threads = [threading.Thread(target=send, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(accepted) == [False] * 7 + [True]
    marks = [mark for (mark,) in fetch_rows(checkins_engine, "SELECT question_set FROM check_ins")]
    sent = [f"m{number}-{index}" for number in range(8) for index in range(10)]
    assert sorted(marks) == sorted(["core-1", *sent])


def test_neither_check_in_nor_stub_is_stored_without_the_other(checkins_engine: Engine) -> None:
    stub = Stub("c" * 16, 0)
    with checkins_engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE check_ins RENAME TO aside")
    with pytest.raises(NotStoredError):
        CheckInRepository(checkins_engine).record(make_checkin(), stub)
    with checkins_engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE aside RENAME TO check_ins")
    assert not CheckInRepository(checkins_engine).was_sent(stub)
    assert CheckInRepository(checkins_engine).record(make_checkin(), stub)


def test_stubs_are_deleted_when_their_drafts_have_expired(checkins_engine: Engine) -> None:
    checkins = CheckInRepository(checkins_engine)
    hour = 500_000
    assert list_active_turns(hour) == (6, 7, 0, 1)
    for turn in (6, 7, 0):
        checkins.record(make_checkin(), Stub("d" * 16, turn))
    checkins.delete_expired_stubs(hour)
    assert sorted(fetch_rows(checkins_engine, "SELECT turn FROM stubs")) == [(0,), (6,), (7,)]
    checkins.delete_expired_stubs(hour + 2)
    assert sorted(fetch_rows(checkins_engine, "SELECT turn FROM stubs")) == [(0,)]
    # A send also deletes expired stubs.
    checkins.record(make_checkin(), Stub("e" * 16, 5))
    assert fetch_rows(checkins_engine, "SELECT turn FROM stubs") == [(5,)]


def test_a_stub_outlives_its_draft_even_if_clocks_differ(checkins_engine: Engine) -> None:
    """A draft is valid in the hour it was begun and in the next; clocks can be an hour off."""
    checkins = CheckInRepository(checkins_engine)
    for start in range(8):
        stub = Stub("f" * 16, start % 8)
        checkins.record(make_checkin(), stub)
        for hours in (0, 1, 2):
            checkins.delete_expired_stubs(start + hours)
            assert checkins.was_sent(stub)


# Purging


def test_a_purge_deletes_old_check_ins_and_stores_its_limit(checkins_engine: Engine) -> None:
    checkins = CheckInRepository(checkins_engine)
    assert checkins.read_purged_before() is None
    for week in ("2025-W52", "2026-W01", "2026-W02"):
        checkins.record(make_checkin(week, week))
    checkins.purge("2026-W01")
    assert fetch_rows(checkins_engine, "SELECT week FROM check_ins ORDER BY week") == [
        ("2026-W01",),
        ("2026-W02",),
    ]
    assert checkins.read_purged_before() == "2026-W01"
    # A longer retention restores nothing, so the limit stays.
    checkins.purge("2025-W10")
    assert checkins.read_purged_before() == "2026-W01"
    checkins.purge("2026-W02")
    assert checkins.read_purged_before() == "2026-W02"
    assert fetch_rows(checkins_engine, "SELECT count(*) FROM purge") == [(1,)]
    assert fetch_rows(checkins_engine, "SELECT week FROM check_ins") == [("2026-W02",)]


def test_a_purge_that_jumps_changes_nothing_until_it_is_confirmed(
    checkins_engine: Engine,
) -> None:
    checkins = CheckInRepository(checkins_engine)
    checkins.purge("2025-W40")
    # The last came while the clock was wrong.
    for week in ("2025-W45", "2026-W10", "2031-W01"):
        checkins.record(make_checkin(week, week))
    for before_week in ("2026-W02", "2029-W01"):
        with pytest.raises(PurgeRefusedError, match="purge --accept-jump"):
            checkins.purge(before_week)
    assert fetch_rows(checkins_engine, "SELECT count(*) FROM check_ins") == [(3,)]
    assert checkins.read_purged_before() == "2025-W40"
    checkins.purge("2026-W01")
    assert checkins.read_purged_before() == "2026-W01"
    checkins.purge("2029-W01", accept_jump=True)
    assert fetch_rows(checkins_engine, "SELECT week FROM check_ins") == [("2031-W01",)]
    assert checkins.read_purged_before() == "2029-W01"


def test_a_first_purge_far_beyond_the_newest_check_in_is_refused(checkins_engine: Engine) -> None:
    checkins = CheckInRepository(checkins_engine)
    checkins.record(make_checkin("only", "2026-W10"))
    with pytest.raises(PurgeRefusedError):
        checkins.purge("2026-W24")
    assert checkins.read_purged_before() is None
    checkins.purge("2026-W10")
    assert fetch_rows(checkins_engine, "SELECT week FROM check_ins") == [("2026-W10",)]


async def test_the_running_program_logs_one_line_for_a_purge_that_jumps(
    checkins_engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    checkins = CheckInRepository(checkins_engine)
    checkins.purge("2001-W01")
    checkins.record(make_checkin("old", "2001-W02"))
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(_purge_regularly(checkins, 106), timeout=5)
    (record,) = caplog.records
    assert "--accept-jump" in record.getMessage()
    assert "\n" not in record.getMessage()
    assert fetch_rows(checkins_engine, "SELECT week FROM check_ins") == [("2001-W02",)]


def test_purged_check_ins_leave_no_bytes(checkins_engine: Engine, checkins_url: str) -> None:
    checkins = CheckInRepository(checkins_engine)
    for number in range(300):
        old = number % 3 > 0
        # Many lengths, so that freed space is split up and used again.
        mark = ("sentinel" if old else "stays") + "x" * (number % 37)
        checkins.record(make_checkin(mark, "2025-W01" if old else "2026-W47"))
    checkins.purge("2026-W01")
    assert fetch_rows(checkins_engine, "SELECT count(*) FROM check_ins") == [(100,)]
    if checkins_engine.dialect.name == "postgresql":
        folder = _make_files_current(checkins_engine, checkins_url)
    else:
        folder = Path(str(make_url(checkins_url).database)).parent
    files = [file.read_bytes() for file in folder.iterdir() if file.is_file()]
    assert sum(content.count(b"stays") for content in files) >= 100
    assert not any(b"sentinel" in content for content in files)


def _make_files_current(checkins_engine: Engine, url: str) -> Path:
    """Make PostgreSQL write its pages, and return the folder of this database's files."""
    ((number,),) = fetch_rows(
        checkins_engine, "SELECT oid FROM pg_database WHERE datname = current_database()"
    )
    with checkins_engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.exec_driver_sql("CHECKPOINT")
    return Path(str(make_url(url).query["host"])) / "data" / "base" / str(number)


def test_a_purge_that_fails_raises_an_error(checkins_url: str, postgres: Postgres) -> None:
    if checkins_url.startswith("sqlite"):
        empty_url = "sqlite://"
    else:
        empty_url = postgres.url(postgres.make_database())
    checkins_engine = open_engine(empty_url)
    with pytest.raises(StoreError, match="could not be removed"):
        CheckInRepository(checkins_engine).purge("2026-W01")
    with pytest.raises(StoreError, match="could not be read"):
        CheckInRepository(checkins_engine).read_purged_before()
    checkins_engine.dispose()
