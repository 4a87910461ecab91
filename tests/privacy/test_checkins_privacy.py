"""What a check-in must never hold, leave behind or give away."""

import hashlib
import inspect
import logging
import pkgutil
import re
import time
from collections.abc import Iterator
from datetime import date, datetime
from importlib import import_module
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy import inspect as look

import checkins as room
from bot.checkin_flow import CheckInFlow
from bot.messages import Choices
from checkins.checkin import CheckIn
from checkins.migration import migrate
from checkins.models import Base, ReleaseFileRow
from checkins.questions import load_questions
from checkins.store import CheckInRepository, open_engine
from directory.models import Base as DirectoryBase

COLUMNS = {
    "random_key": "VARCHAR(32)",
    "week": "VARCHAR(8)",
    "area": "VARCHAR(80)",
    "age_band": "VARCHAR(8)",
    "answers": "TEXT",
    "question_set": "VARCHAR(48)",
}

STUB_COLUMNS = {"turn": "INTEGER", "stub": "VARCHAR(16)"}

BURST_COLUMNS = {"week": "VARCHAR(8)", "area": "VARCHAR(80)", "checkins": "INTEGER"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "checkins.db"


@pytest.fixture
def file_engine(path: Path) -> Iterator[Engine]:
    file_engine = open_engine(f"sqlite:///{path}")
    migrate(file_engine)
    yield file_engine
    file_engine.dispose()


def test_the_database_holds_these_columns_and_no_others(file_engine: Engine) -> None:
    found = look(file_engine)
    assert set(found.get_table_names()) == {
        *("check_ins", "stubs", "bursts", "purge", "release", "release_file", "alembic_version")
    }
    assert {c["name"]: str(c["type"]) for c in found.get_columns("bursts")} == BURST_COLUMNS
    assert {c["name"]: str(c["type"]) for c in found.get_columns("stubs")} == STUB_COLUMNS
    assert {c["name"]: str(c["type"]) for c in found.get_columns("check_ins")} == COLUMNS
    assert found.get_indexes("check_ins") == []
    assert found.get_foreign_keys("check_ins") == []


def test_no_column_or_key_is_shared_with_the_directory() -> None:
    theirs = {column.name for t in DirectoryBase.metadata.tables.values() for column in t.columns}
    # A week and an area are coarse by design, and tie nobody to anything.
    assert set(COLUMNS) & theirs <= {"week", "area"}
    assert not {column.name for column in ReleaseFileRow.__table__.columns} & set(COLUMNS)
    assert not set(Base.metadata.tables) & set(DirectoryBase.metadata.tables)
    assert all(not t.foreign_keys for t in Base.metadata.tables.values())


HOUR = 494_321
ANSWERS = ("Yes, I am 16 or over", "Sentinel Harbour", "65 to 74", "Very strongly", "Never")


def walk(file_engine: Engine, last: str) -> tuple[CheckInFlow, Choices, list[str]]:
    """The flow, its last page, and every tap pressed, after ANSWERS and one button more."""
    flow = CheckInFlow(
        load_questions().get_set("core"),
        ["Sentinel Harbour"],
        CheckInRepository(file_engine),
        lambda: date(2026, 11, 22),
        b"sixteen bytes or more",
        lambda: HOUR,
    )
    replies, taps = flow.start(), []
    for label in (*ANSWERS, last):
        (page,) = replies
        assert isinstance(page, Choices)
        taps += [option.tap for option in page.options if option.label == label]
        replies = flow.answer(taps[-1])
    (page,) = replies
    assert isinstance(page, Choices)
    return flow, page, taps


def test_a_sent_check_in_leaves_no_trace_of_its_taps(
    file_engine: Engine, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    begun = int(time.time())
    with caplog.at_level(logging.DEBUG):
        flow, _, taps = walk(file_engine, "Send")
    seconds = range(begun, int(time.time()) + 1)
    times = {
        form
        for second in seconds
        for form in (
            str(second).encode(),
            second.to_bytes(4, "big"),
            second.to_bytes(8, "big"),
            datetime.fromtimestamp(second).strftime("%Y-%m-%d").encode(),
            datetime.fromtimestamp(second).strftime("%H:%M:%S").encode(),
        )
    }
    nonce, hour, seal = taps[-1][4:12], taps[-1][12:16], taps[-1][-16:]
    for file in path.parent.iterdir():
        content = file.read_bytes()
        for trace in (nonce, hour, seal, str(HOUR)):
            assert trace.encode() not in content
        assert not [form for form in times if form in content]
    assert b"Sentinel Harbour" in path.read_bytes()
    with file_engine.connect() as connection:
        key = connection.exec_driver_sql("SELECT random_key FROM check_ins").scalar_one()
    for word in ("Sentinel", "65", "Very", "Never", nonce, key):
        assert word not in caplog.text
    # The flow remembers nothing, and the stub says nothing to who has no key.
    assert not [value for value in vars(flow).values() if nonce in repr(value)]
    with file_engine.connect() as connection:
        (stub,) = connection.exec_driver_sql("SELECT turn, stub FROM stubs").all()
    assert stub.turn == HOUR % 8
    for known in (nonce, taps[-1], seal):
        assert not hashlib.sha256(known.encode()).hexdigest().startswith(stub.stub)
    assert stub.stub not in key


def test_nothing_is_written_before_send(file_engine: Engine, path: Path) -> None:
    walk(file_engine, "Stop")
    for file in path.parent.iterdir():
        assert b"Sentinel" not in file.read_bytes()


def test_a_failure_to_keep_quotes_no_answer(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file_engine = open_engine(f"sqlite:///{tmp_path}/never-migrated.db")
    with caplog.at_level(logging.DEBUG):
        _, page, _ = walk(file_engine, "Send")
    file_engine.dispose()
    assert "not kept" in page.text
    assert "NotStoredError" in caplog.text
    for word in ("Sentinel", "65-74", "belonging", "W47"):
        assert word not in caplog.text


def test_deleted_check_ins_are_overwritten(file_engine: Engine, path: Path) -> None:
    checkins = CheckInRepository(file_engine)
    checkins.record(CheckIn("2026-W47", "Sentinel Harbour", None, (("lonely", "1"),), "core-1"))
    with file_engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM check_ins")
    checkins.record(CheckIn("2026-W47", "Old Town", None, (("lonely", "1"),), "core-1"))
    for file in path.parent.iterdir():
        assert b"Sentinel" not in file.read_bytes()


def test_the_store_offers_no_way_to_read_a_row() -> None:
    assert [name for name in vars(CheckInRepository) if not name.startswith("_")] == [
        "record",
        "was_sent",
        "purge",
        "read_purged_before",
        "delete_expired_stubs",
        "record_bursts",
        "check_state",
    ]


def test_only_the_release_reads_and_only_disclosure_makes_cells() -> None:
    source = {
        module.name.removeprefix("checkins."): inspect.getsource(import_module(module.name))
        for module in pkgutil.walk_packages(room.__path__, "checkins.")
    }

    def holding(pattern: str) -> set[str]:
        return {name for name, text in source.items() if re.search(pattern, text)}

    # The demonstration asks for the names of question sets, to see that it is alone.
    assert holding(r"\bselect\(\s*CheckInRow") == {"release.count", "demo"}
    assert holding(r"\bcount_checkins\(") == {"release.count", "release.release"}
    assert holding(r"\bCell\(") == {"disclosure"}
    rooms = Path(room.__file__).parent.parent
    elsewhere = [
        path for name in ("bot", "nlu", "directory") for path in (rooms / name).rglob("*.py")
    ]
    assert len(elsewhere) > 100
    for path in elsewhere:
        assert not re.search(r"count_checkins|CheckInRow", path.read_text(encoding="utf-8")), path
