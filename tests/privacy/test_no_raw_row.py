"""Every route and every command, walked: none gives out a row or a raw count of check-ins."""

import contextlib
import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
from sqlalchemy import insert
from typer.main import get_command
from typer.testing import CliRunner

from bot.cli import app as cli
from bot.health import Health
from bot.settings import ROOT
from bot.web.app import create_app
from bot.web.desk.app import create_desk
from bot.web.publishing import create_publishing_app
from checkins.models import CheckInRow
from checkins.periods import parse_period
from checkins.release.ledger import Ledger
from checkins.release.release import make_release
from checkins.store import open_engine
from directory.database import open_database
from directory.desk.accounts import Accounts
from directory.desk.services import DeskServices
from directory.publishing.repository import ServiceRepository
from directory.search.service import SearchService
from tests.support.desk_server import PASSWORD, Person
from tests.support.service import Service

_DAY = date.today() - timedelta(days=120)
#: A quarter that is over, and not so long ago that the program purges it.
QUARTER = parse_period(f"{_DAY.year}-Q{(_DAY.month + 2) // 3}")
PERIOD, AREA = QUARTER.name, "Sandhills"
#: The number of each answer. No rounding gives these numbers, and no other count equals them.
COUNTS = {"1": 1043, "2": 1128, "3": 3}
RAW = re.compile(r"(?<![\d.])(1,?043|1,?128|2,?171|2,?174)(?![\d.])")
#: Versions of listings and tokens of forms, which may contain any four digits by chance.
DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
#: The ways in which the answers of a row could be printed.
ROWS = ('"lonely":"4"', "'lonely': '4'", '"lonely": "4"')


@dataclass(frozen=True)
class RawCheckIns:
    """A running program with known check-ins, and the texts that must not be found anywhere."""

    service: Service
    forbidden: tuple[str, ...]

    def is_clean(self, text: str) -> bool:
        without_digests = DIGEST.sub("", text)
        is_raw = RAW.search(without_digests) or any(row in text for row in self.forbidden)
        return not is_raw


@pytest.fixture(scope="module")
def raw_check_ins(service: Service) -> RawCheckIns:
    engine = open_engine(f"sqlite:///{service.folder / 'checkins.db'}")
    row = {"week": QUARTER.first_week, "area": AREA, "age_band": "75+", "question_set": "core-1"}
    rows = [
        {**row, "answers": f'{{"belonging":"{code}","lonely":"4"}}', "random_key": token_hex(16)}
        for code, times in COUNTS.items()
        for _ in range(times)
    ]
    with engine.begin() as connection:
        connection.execute(insert(CheckInRow), rows)
    make_release(engine, QUARTER, [AREA])
    with engine.connect() as connection:
        query = "SELECT random_key FROM check_ins"
        keys = connection.exec_driver_sql(query).scalars().all()
    engine.dispose()
    return RawCheckIns(service, (*keys, *ROWS))


@pytest.fixture
def admin(raw_check_ins: RawCheckIns) -> Iterator[Person]:
    """An account that may do everything."""
    engine = open_database(f"sqlite:///{raw_check_ins.service.folder / 'directory.db'}")
    accounts = Accounts(engine, b"any secret will do")
    if "Ada" not in {account.name for account in accounts.list_all()}:
        accounts.add("Ada", "admin", PASSWORD)
    engine.dispose()
    person = Person(raw_check_ins.service.url)
    assert person.sign_in("Ada", PASSWORD).status_code == 303
    yield person
    person.close()


def find_routes(service: Service) -> set[tuple[str, str]]:
    """Every method and path of the apps that `connector run` serves to others."""
    engine = open_database(f"sqlite:///{service.folder / 'directory.db'}")
    checkins = open_engine(f"sqlite:///{service.folder / 'checkins.db'}")
    search_service = SearchService(engine, None)
    app = create_app(
        None,
        origins=[],
        secret=b"of the tests",
        health=Health(str, {}),
        published=create_publishing_app(ServiceRepository(engine), search_service),
        desk=create_desk(
            DeskServices(engine, None, b"any secret"), search_service, Ledger(checkins), b"a secret"
        ),
    )
    routes = set(walk(app.routes, ""))
    engine.dispose()
    checkins.dispose()
    return routes


def walk(routes: list[Any], prefix: str) -> Iterator[tuple[str, str]]:
    for route in routes:
        path = prefix + getattr(route, "path", "")
        for method in getattr(route, "methods", None) or ():
            yield method, path
        yield from walk(getattr(route, "routes", None) or [], path)
        # Each part of the server is an app of its own, and knows its whole paths.
        yield from walk(getattr(getattr(route, "endpoint", None), "routes", []), "")
        if included := getattr(route, "original_router", None):
            yield from walk(included.routes, prefix + route.include_context.prefix)


def fill_in(path: str) -> Iterator[str]:
    """The path with every combination of values for its parameters."""
    parts = path.split("{")
    values = ("1", PERIOD, "checkins.csv", "report.html", "checkins", "check_ins", AREA)
    for chosen in product(values, repeat=len(parts) - 1):
        rest = (part.partition("}")[2] for part in parts[1:])
        yield parts[0] + "".join(value + after for value, after in zip(chosen, rest, strict=True))


def test_no_route_gives_out_a_row_or_a_raw_count(raw_check_ins: RawCheckIns, admin: Person) -> None:
    routes = find_routes(raw_check_ins.service)
    paths = {path for _, path in routes}
    assert {"/api/chat", "/api/search", "/desk/releases/{period}/{name}"} <= paths
    assert "/openreferral/v3/services" in paths
    request_count, success_count = 0, 0
    # Signing out comes last, because every later request would be refused.
    for method, path in sorted(
        routes, key=lambda route: (route[0] != "GET", "sign" in route[1], route)
    ):
        for filled in fill_in(path):
            response = admin.client.request(method, filled, params={"q": AREA, "words": AREA})
            request_count += 1
            success_count += response.status_code == 200
            assert raw_check_ins.is_clean(response.text), (method, filled)
    assert request_count > 100
    assert success_count > 20
    report = admin.get(f"/desk/releases/{PERIOD}/report.html")
    assert report.status_code in (200, 302, 303)


def test_a_raw_count_would_be_found(raw_check_ins: RawCheckIns) -> None:
    """A raw count or row would be found: the release holds rounded counts only."""
    engine = open_engine(f"sqlite:///{raw_check_ins.service.folder / 'checkins.db'}")
    table = Ledger(engine).read_file(PERIOD, "checkins.csv").decode()
    engine.dispose()
    assert ",1045," in table
    assert raw_check_ins.is_clean(table)
    assert not raw_check_ins.is_clean(table.replace(",1045,", ",1043,"))
    assert not raw_check_ins.is_clean(json.dumps({"lonely": "4"}))


def list_commands() -> dict[str, list[str]]:
    """Every command, with the names of its arguments."""

    def find(command: object, name: str) -> Iterator[tuple[str, list[str]]]:
        for word, below in getattr(command, "commands", {}).items():
            if getattr(below, "commands", None):
                yield from find(below, f"{name} {word}".strip())
            else:
                yield f"{name} {word}".strip(), [parameter.name for parameter in below.params]

    return dict(find(get_command(cli), ""))


#: The arguments and the typed input of each command. `run` is tested through its routes.
CALLS: dict[str, tuple[list[str], str]] = {
    "directory import": (["{csv}"], ""),
    "directory search": (["check-ins", "--json"], ""),
    "directory evaluate": (["{jsonl}"], ""),
    "directory answer": (["{jsonl}"], ""),
    "directory evaluate-answers": (["{jsonl}"], ""),
    "directory notes": (["--json"], ""),
    "directory feedback": (["--json"], ""),
    "directory unmet": (["--json"], ""),
    "directory register": (["feed", "https://feed.invalid/services"], ""),
    "directory unregister": (["feed"], ""),
    "directory feeds": ([], ""),
    "directory sync": ([], ""),
    "places import": (["{csv}"], ""),
    "checkins release": (["--period", PERIOD, "--out", "{out}"], ""),
    "checkins attack": (["{out}"], ""),
    "checkins demo": (["--out", "{demo}", "--no-open"], ""),
    "checkins purge": ([], ""),
    "desk add-account": (["Nadia", "--role", "admin"], f"{PASSWORD}\n"),
    "desk list-accounts": ([], ""),
    "desk reset-password": (["Nadia"], f"{PASSWORD}\n"),
    "desk remove-account": (["Nadia"], ""),
    "nlu parse": (["{texts}"], ""),
    "safety scan": (["{texts}"], ""),
}


def test_no_command_gives_out_a_row_or_a_raw_count(
    raw_check_ins: RawCheckIns, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert set(CALLS) == set(list_commands()) - {"run"}
    var = tmp_path / "var"
    var.mkdir()
    for shared in ("encoder", "models"):
        (var / shared).symlink_to(ROOT / "var" / shared)
    for name in ("checkins.db", "directory.db"):
        # Copying the files would miss what is still in the write-ahead log.
        with (
            contextlib.closing(sqlite3.connect(raw_check_ins.service.folder / name)) as source,
            contextlib.closing(sqlite3.connect(var / name)) as copy,
        ):
            source.backup(copy)
    monkeypatch.setenv("CONNECTOR_VAR", str(var))
    monkeypatch.setenv("CHECKIN_AREAS", json.dumps([AREA]))
    (tmp_path / "texts.jsonl").write_text('{"text": "a choir"}\n', encoding="utf-8")
    (tmp_path / "judged.jsonl").write_text("{}\n", encoding="utf-8")
    header = (ROOT / "examples" / "larkhaven.csv").read_text(encoding="utf-8").splitlines()[0]
    (tmp_path / "none.csv").write_text(header + "\n", encoding="utf-8")
    places = {
        "csv": tmp_path / "none.csv",
        "jsonl": tmp_path / "judged.jsonl",
        "texts": tmp_path / "texts.jsonl",
        "out": tmp_path / "out",
        "demo": tmp_path / "demo",
    }
    succeeded = set()
    for name, (arguments, typed) in CALLS.items():
        words = [*name.split(), *(argument.format(**places) for argument in arguments)]
        done = CliRunner().invoke(cli, words, input=typed)
        assert raw_check_ins.is_clean(done.output), name
        assert raw_check_ins.is_clean(str(done.exception)), name
        if done.exit_code == 0:
            succeeded.add(name)
    assert {
        "checkins release",
        "checkins attack",
        "checkins purge",
        "directory search",
    } <= succeeded
    for file in (
        path for path in tmp_path.rglob("*") if path.is_file() and var not in path.parents
    ):
        assert raw_check_ins.is_clean(file.read_bytes().decode("utf-8", "replace")), file
