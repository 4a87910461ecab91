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
from fastapi import FastAPI
from sqlalchemy import insert
from typer.main import get_command
from typer.testing import CliRunner

from bot.cli import app as cli
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
#: So many of each answer: no rounding gives these numbers, and nothing else here is as many.
COUNTS = {"1": 1043, "2": 1128, "3": 3}
RAW = re.compile(r"(?<![\d.])(1,?043|1,?128|2,?171|2,?174)(?![\d.])")
#: Versions of listings and tokens of forms, which hold any four digits by chance.
DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
#: The forms that a row's answers could have.
ROWS = ('"lonely":"4"', "'lonely': '4'", '"lonely": "4"')


@dataclass(frozen=True)
class Kept:
    """A running program whose check-ins are known, and what must be found nowhere."""

    service: Service
    forbidden: tuple[str, ...]

    def is_clean(self, text: str) -> bool:
        told = DIGEST.sub("", text)
        return not RAW.search(told) and not any(one in text for one in self.forbidden)


@pytest.fixture(scope="module")
def kept(service: Service) -> Kept:
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
    return Kept(service, (*keys, *ROWS))


@pytest.fixture
def admin(kept: Kept) -> Iterator[Person]:
    """Somebody who may do everything that anybody may."""
    engine = open_database(f"sqlite:///{kept.service.folder / 'directory.db'}")
    accounts = Accounts(engine, b"any secret will do")
    if "Ada" not in {account.name for account in accounts.list_all()}:
        accounts.add("Ada", "admin", PASSWORD)
    engine.dispose()
    person = Person(kept.service.url)
    assert person.sign_in("Ada", PASSWORD).status_code == 303
    yield person
    person.close()


def find_routes(service: Service) -> set[tuple[str, str]]:
    """Every method and path of the apps that `connector run` serves to others."""
    engine = open_database(f"sqlite:///{service.folder / 'directory.db'}")
    checkins = open_engine(f"sqlite:///{service.folder / 'checkins.db'}")
    search_service = SearchService(engine, None)
    apps: list[FastAPI] = [
        create_app(None, origins=[], secret=b"of the tests", rasa_is_up=bool),
        create_publishing_app(ServiceRepository(engine), search_service),
        create_desk(
            DeskServices(engine, None, b"any secret"), search_service, Ledger(checkins), b"a secret"
        ),
    ]
    found = {route for app in apps for route in walk(app.routes, "")}
    engine.dispose()
    checkins.dispose()
    return found


def walk(routes: list[Any], prefix: str) -> Iterator[tuple[str, str]]:
    for route in routes:
        path = prefix + getattr(route, "path", "")
        for method in getattr(route, "methods", None) or ():
            yield method, path
        yield from walk(getattr(route, "routes", None) or [], path)
        if included := getattr(route, "original_router", None):
            yield from walk(included.routes, prefix + route.include_context.prefix)


def fill_in(path: str) -> Iterator[str]:
    """The path with each of its names filled by everything that could be meant."""
    parts = path.split("{")
    values = ("1", PERIOD, "checkins.csv", "report.html", "checkins", "check_ins", AREA)
    for chosen in product(values, repeat=len(parts) - 1):
        rest = (part.partition("}")[2] for part in parts[1:])
        yield parts[0] + "".join(value + after for value, after in zip(chosen, rest, strict=True))


def test_no_route_gives_out_a_row_or_a_raw_count(kept: Kept, admin: Person) -> None:
    routes = find_routes(kept.service)
    paths = {path for _, path in routes}
    assert {"/api/chat", "/api/search", "/desk/releases/{period}/{name}"} <= paths
    assert "/openreferral/v3/services" in paths
    asked, answered = 0, 0
    # What signs out comes last, as nobody would be let in after it.
    for method, path in sorted(routes, key=lambda one: (one[0] != "GET", "sign" in one[1], one)):
        for filled in fill_in(path):
            answer = admin.client.request(method, filled, params={"q": AREA, "words": AREA})
            asked += 1
            answered += answer.status_code == 200
            assert kept.is_clean(answer.text), (method, filled)
    assert asked > 100
    assert answered > 20
    report = admin.get(f"/desk/releases/{PERIOD}/report.html")
    assert report.status_code in (200, 302, 303)


def test_the_walk_would_find_one(kept: Kept) -> None:
    """Were it there, it would be seen: the release holds the rounded counts and no others."""
    engine = open_engine(f"sqlite:///{kept.service.folder / 'checkins.db'}")
    table = Ledger(engine).read_file(PERIOD, "checkins.csv").decode()
    engine.dispose()
    assert ",1045," in table
    assert kept.is_clean(table)
    assert not kept.is_clean(table.replace(",1045,", ",1043,"))
    assert not kept.is_clean(json.dumps({"lonely": "4"}))


def commands() -> dict[str, list[str]]:
    """Every command there is, by its name, with its arguments' names."""

    def find(command: object, name: str) -> Iterator[tuple[str, list[str]]]:
        for word, below in getattr(command, "commands", {}).items():
            if getattr(below, "commands", None):
                yield from find(below, f"{name} {word}".strip())
            else:
                yield f"{name} {word}".strip(), [one.name for one in below.params]

    return dict(find(get_command(cli), ""))


#: How each command is called here, and what is typed. `run` serves: its routes are walked above.
CALLS: dict[str, tuple[list[str], str]] = {
    "directory import": (["{csv}"], ""),
    "directory search": (["check-ins", "--json"], ""),
    "directory evaluate": (["{jsonl}"], ""),
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
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert set(CALLS) == set(commands()) - {"run"}
    var = tmp_path / "var"
    var.mkdir()
    for shared in ("encoder", "models"):
        (var / shared).symlink_to(ROOT / "var" / shared)
    for name in ("checkins.db", "directory.db"):
        # Not the files, as what was written last lies beside them.
        with (
            contextlib.closing(sqlite3.connect(kept.service.folder / name)) as there,
            contextlib.closing(sqlite3.connect(var / name)) as here,
        ):
            there.backup(here)
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
        words = [*name.split(), *(one.format(**places) for one in arguments)]
        done = CliRunner().invoke(cli, words, input=typed)
        assert kept.is_clean(done.output), name
        assert kept.is_clean(str(done.exception)), name
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
        assert kept.is_clean(file.read_bytes().decode("utf-8", "replace")), file
