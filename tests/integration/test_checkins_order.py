"""Nothing in the database tells which check-in came before which, on SQLite and PostgreSQL."""

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

MANY = 200


def some_checkin(mark: str, week: str = "2026-W47") -> CheckIn:
    return CheckIn(week, "Harbour", None, (("lonely", "1"),), mark)


def read(checkins_engine: Engine, query: str) -> list[Any]:
    with checkins_engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def lie(checkins_engine: Engine) -> list[str]:
    """The marks of the check-ins in the order of their bytes in the files."""
    if checkins_engine.dialect.name == "postgresql":
        return [
            mark
            for (mark,) in read(checkins_engine, "SELECT question_set FROM check_ins ORDER BY ctid")
        ]
    assert checkins_engine.url.database
    content = Path(checkins_engine.url.database).read_bytes()
    return [found.decode() for found in re.findall(rb"mark-\d{3}", content)]


def test_rows_do_not_lie_in_the_order_they_came(checkins_engine: Engine) -> None:
    checkins = CheckInRepository(checkins_engine)
    arrived = [f"mark-{number:03}" for number in range(MANY)]
    for number, mark in enumerate(arrived):
        checkins.record(some_checkin(mark), Stub(f"{number:016x}", 0))
    orders = {
        "read": [mark for (mark,) in read(checkins_engine, "SELECT question_set FROM check_ins")],
        "lying": lie(checkins_engine),
    }
    if checkins_engine.dialect.name == "postgresql":
        # Transactions are numbered in order, and so are the statements of each.
        told = "SELECT question_set FROM check_ins ORDER BY xmin::text::bigint, cmin::text::int"
        orders["numbered"] = [mark for (mark,) in read(checkins_engine, told)]
    for name, order in orders.items():
        # Each once: no older copy of a row is left in SQLite's file.
        assert sorted(order) == arrived, name
        places = {mark: place for place, mark in enumerate(order)}
        found = spearmanr(range(MANY), [places[mark] for mark in arrived]).statistic
        # By chance this is within 0.07 two times in three, and over 0.4 once in 10**7.
        assert abs(found) < 0.4, name


def test_the_order_is_hidden_inside_one_page_too(checkins_engine: Engine) -> None:
    """Few enough for one page, in which SQLite puts each newer row before the older ones."""
    checkins = CheckInRepository(checkins_engine)
    arrived = [f"mark-{number:03}" for number in range(25)]
    for mark in arrived:
        checkins.record(some_checkin(mark))
    order = lie(checkins_engine)
    assert sorted(order) == arrived
    falls = int(np.sum(np.diff([arrived.index(mark) for mark in order]) < 0))
    # The order of arrival has 0 falls, or backwards 24. A shuffled one has 12 on
    # average with a deviation of 1.5, so this fails by chance once in 10**8.
    assert 3 <= falls <= 21


def test_the_newest_row_may_be_any_of_those_written_with_it(checkins_engine: Engine) -> None:
    """Where it lies among the rows that its transaction wrote is anybody's guess."""
    if checkins_engine.dialect.name != "postgresql":
        pytest.skip("only PostgreSQL keeps which transaction wrote a row")
    checkins = CheckInRepository(checkins_engine)
    places = []
    for number in range(80):
        mark = f"mark-{number:03}"
        checkins.record(some_checkin(mark), Stub(f"{number:016x}", 0))
        written = read(
            checkins_engine,
            "SELECT question_set, cmin::text, random_key FROM check_ins WHERE xmin::text::bigint "
            "= (SELECT max(xmin::text::bigint) FROM check_ins) ORDER BY ctid",
        )
        assert len(written) == min(number + 1, BATCH_ROWS)
        assert len({statement for _, statement, _ in written}) == 1
        marks = [mark for mark, _, _ in written]
        if len(written) == BATCH_ROWS:
            places.append(marks.index(mark))
    # 49 places of 0 to 31, even: their mean is 15.5 with a deviation of 1.3.
    assert 9 < np.mean(places) < 22
    assert len(set(places)) > BATCH_ROWS // 2
    stubs = read(checkins_engine, "SELECT DISTINCT xmin::text FROM stubs WHERE turn = 0")
    assert len(stubs) < 80


def test_a_new_row_has_company_at_both_ends_of_the_keys(
    checkins_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkins = CheckInRepository(checkins_engine)
    keys = [f"{number:032x}" for number in range(100, 200)]
    for key in [*keys, f"{0:032x}", f"{300:032x}"]:
        monkeypatch.setattr("checkins.store.secrets.token_hex", lambda _, key=key: key)
        checkins.record(some_checkin(f"mark-{int(key, 16):03}"))
    assert len(read(checkins_engine, "SELECT random_key FROM check_ins")) == 102
    if checkins_engine.dialect.name == "postgresql":
        newest = (
            "SELECT count(*) FROM check_ins GROUP BY xmin::text ORDER BY max(xmin::text::bigint)"
        )
        assert read(checkins_engine, newest)[-1] == (BATCH_ROWS,)


def test_weeks_are_not_mixed(checkins_engine: Engine) -> None:
    """A new row among those of other weeks would stand out by its week."""
    checkins = CheckInRepository(checkins_engine)
    for number in range(80):
        checkins.record(some_checkin(f"mark-{number:03}", f"2026-W{46 + number % 2}"))
    if checkins_engine.dialect.name == "postgresql":
        groups = "SELECT count(DISTINCT week) FROM check_ins GROUP BY xmin::text"
        assert {count for (count,) in read(checkins_engine, groups)} == {1}
    found = read(
        checkins_engine, "SELECT week, count(*) FROM check_ins GROUP BY week ORDER BY week"
    )
    assert found == [("2026-W46", 40), ("2026-W47", 40)]


def test_there_is_no_hidden_number_of_a_row(checkins_engine: Engine) -> None:
    if checkins_engine.dialect.name != "sqlite":
        pytest.skip("only SQLite has a rowid")
    for table in ("check_ins", "stubs"):
        with (
            checkins_engine.connect() as connection,
            pytest.raises(sqlite3.OperationalError, match="no such column: rowid"),
        ):
            connection.connection.cursor().execute(f"SELECT rowid FROM {table}")  # noqa: S608


def test_nothing_is_left_in_the_log_of_sqlite(checkins_engine: Engine) -> None:
    if checkins_engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL keeps a log of its own: see docs/explanation/check-ins.md")
    CheckInRepository(checkins_engine).record(some_checkin("mark-001"), Stub("f" * 16, 0))
    assert checkins_engine.url.database
    holding = [
        file.name
        for file in Path(checkins_engine.url.database).parent.iterdir()
        if b"mark-001" in file.read_bytes()
    ]
    assert holding == ["checkins.db"]
