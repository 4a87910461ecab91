"""The database never reveals the order of check-ins, on SQLite and PostgreSQL."""

import re
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr
from sqlalchemy import Engine

from checkins.checkin import CheckIn
from checkins.draft import Stub
from checkins.shuffled_insert import BATCH_ROWS
from checkins.store import CheckInRepository

ROWS = 200


def make_checkin(mark: str, week: str = "2026-W47") -> CheckIn:
    return CheckIn(week, "Harbour", None, (("lonely", "1"),), mark)


def fetch_rows(checkins_engine: Engine, query: str) -> list[Any]:
    with checkins_engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def list_marks(checkins_engine: Engine) -> list[str]:
    """The marks of the check-ins, in the order of their bytes in the files."""
    if checkins_engine.dialect.name == "postgresql":
        return [
            mark
            for (mark,) in fetch_rows(
                checkins_engine, "SELECT question_set FROM check_ins ORDER BY ctid"
            )
        ]
    assert checkins_engine.url.database
    content = Path(checkins_engine.url.database).read_bytes()
    return [mark.decode() for mark in re.findall(rb"mark-\d{3}", content)]


def test_rows_are_not_stored_in_order_of_arrival(checkins_engine: Engine) -> None:
    checkins = CheckInRepository(checkins_engine)
    arrived = [f"mark-{number:03}" for number in range(ROWS)]
    for number, mark in enumerate(arrived):
        checkins.record(make_checkin(mark), Stub(f"{number:016x}", 0))
    orders = {
        "read": [
            mark for (mark,) in fetch_rows(checkins_engine, "SELECT question_set FROM check_ins")
        ],
        "stored": list_marks(checkins_engine),
    }
    if checkins_engine.dialect.name == "postgresql":
        # Transactions are numbered in order, and so are their statements.
        query = "SELECT question_set FROM check_ins ORDER BY xmin::text::bigint, cmin::text::int"
        orders["numbered"] = [mark for (mark,) in fetch_rows(checkins_engine, query)]
    for name, order in orders.items():
        # Each mark is there once: SQLite's file has no older copy of a row.
        assert sorted(order) == arrived, name
        positions = {mark: position for position, mark in enumerate(order)}
        correlation = spearmanr(range(ROWS), [positions[mark] for mark in arrived]).statistic
        # By chance this is within 0.07 two times in three, and over 0.4 once in 10**7.
        assert abs(correlation) < 0.4, name


def test_the_order_is_also_hidden_within_one_page(checkins_engine: Engine) -> None:
    """The rows fit on one page, in which SQLite puts newer rows before older ones."""
    checkins = CheckInRepository(checkins_engine)
    arrived = [f"mark-{number:03}" for number in range(25)]
    for mark in arrived:
        checkins.record(make_checkin(mark))
    order = list_marks(checkins_engine)
    assert sorted(order) == arrived
    falls = int(np.sum(np.diff([arrived.index(mark) for mark in order]) < 0))
    # The order of arrival has 0 falls, and the reverse order 24. A shuffled one has 12 on
    # average with a deviation of 1.5, so this fails by chance once in 10**8.
    assert 3 <= falls <= 21


def test_the_newest_row_can_be_any_row_of_its_transaction(checkins_engine: Engine) -> None:
    """Its position among the rows that its transaction wrote is random."""
    if checkins_engine.dialect.name != "postgresql":
        pytest.skip("only PostgreSQL stores which transaction wrote a row")
    checkins = CheckInRepository(checkins_engine)
    positions = []
    for number in range(80):
        mark = f"mark-{number:03}"
        checkins.record(make_checkin(mark), Stub(f"{number:016x}", 0))
        written = fetch_rows(
            checkins_engine,
            "SELECT question_set, cmin::text, random_key FROM check_ins WHERE xmin::text::bigint "
            "= (SELECT max(xmin::text::bigint) FROM check_ins) ORDER BY ctid",
        )
        assert len(written) == min(number + 1, BATCH_ROWS)
        assert len({statement for _, statement, _ in written}) == 1
        marks = [mark for mark, _, _ in written]
        if len(written) == BATCH_ROWS:
            positions.append(marks.index(mark))
    # 49 positions, uniform from 0 to 31: their mean is 15.5 with a deviation of 1.3.
    assert 9 < np.mean(positions) < 22
    assert len(set(positions)) > BATCH_ROWS // 2
    stubs = fetch_rows(checkins_engine, "SELECT DISTINCT xmin::text FROM stubs WHERE turn = 0")
    assert len(stubs) < 80


def test_a_row_with_the_lowest_or_highest_key_is_written_with_others(
    checkins_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkins = CheckInRepository(checkins_engine)
    keys = [f"{number:032x}" for number in range(100, 200)]
    for key in [*keys, f"{0:032x}", f"{300:032x}"]:
        monkeypatch.setattr("checkins.store.secrets.token_hex", lambda _, key=key: key)
        checkins.record(make_checkin(f"mark-{int(key, 16):03}"))
    assert len(fetch_rows(checkins_engine, "SELECT random_key FROM check_ins")) == 102
    if checkins_engine.dialect.name == "postgresql":
        newest = (
            "SELECT count(*) FROM check_ins GROUP BY xmin::text ORDER BY max(xmin::text::bigint)"
        )
        assert fetch_rows(checkins_engine, newest)[-1] == (BATCH_ROWS,)


def test_weeks_are_not_mixed(checkins_engine: Engine) -> None:
    """A new row among rows of other weeks would stand out by its week."""
    checkins = CheckInRepository(checkins_engine)
    for number in range(80):
        checkins.record(make_checkin(f"mark-{number:03}", f"2026-W{46 + number % 2}"))
    if checkins_engine.dialect.name == "postgresql":
        groups = "SELECT count(DISTINCT week) FROM check_ins GROUP BY xmin::text"
        assert {count for (count,) in fetch_rows(checkins_engine, groups)} == {1}
    counts = fetch_rows(
        checkins_engine, "SELECT week, count(*) FROM check_ins GROUP BY week ORDER BY week"
    )
    assert counts == [("2026-W46", 40), ("2026-W47", 40)]


def test_rows_have_no_hidden_number(checkins_engine: Engine) -> None:
    if checkins_engine.dialect.name != "sqlite":
        pytest.skip("only SQLite has a rowid")
    for table in ("check_ins", "stubs"):
        with (
            checkins_engine.connect() as connection,
            pytest.raises(sqlite3.OperationalError, match="no such column: rowid"),
        ):
            connection.connection.cursor().execute(f"SELECT rowid FROM {table}")  # noqa: S608


def test_the_write_ahead_log_of_sqlite_is_emptied(checkins_engine: Engine) -> None:
    if checkins_engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL keeps a log of its own: see docs/explanation/check-ins.md")
    CheckInRepository(checkins_engine).record(make_checkin("mark-001"), Stub("f" * 16, 0))
    assert checkins_engine.url.database
    files = [
        file.name
        for file in Path(checkins_engine.url.database).parent.iterdir()
        if b"mark-001" in file.read_bytes()
    ]
    assert files == ["checkins.db"]
