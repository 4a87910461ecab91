"""The whole program as an operator runs it: start, stop, failures and restarts."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import httpx
import psutil
import pytest

from bot.responses import Responses
from bot.settings import ROOT
from checkins.checkin import CheckIn, format_week
from checkins.store import CheckInRepository, open_engine
from tests.support.bot_api import BotApi
from tests.support.service import CONNECTOR, Service, Talk, cards, words


@pytest.fixture(scope="module")
def used_folder(service: Service) -> Path:
    """A data folder that an earlier start prepared."""
    return service.folder


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_start_answers_early_and_stops_every_process(
    used_folder: Path, signal_number: int
) -> None:
    service = Service(used_folder)
    service.start()
    talk = Talk(service.url)
    replies = talk.say("somewhere to do a bit of gardening with other people")
    assert len(cards(replies)) == 3, words(replies)
    # While Rasa loads after a start, its absence is not mentioned.
    away = Responses().templates["utter_rasa_away"]["text"]
    assert away not in words(replies)
    talk.close()
    processes = [psutil.Process(service.process.pid)]
    processes += processes[0].children(recursive=True)
    assert len(processes) > 1, "Rasa was not started"
    assert service.stop(signal_number) == 0, service.printed
    _, alive = psutil.wait_procs(processes, timeout=10)
    assert not alive


def test_rasa_ends_when_the_program_is_killed(used_folder: Path) -> None:
    service = Service(used_folder)
    service.start()
    assert service.url
    rasa = service.rasa
    service.stop(signal.SIGKILL)
    rasa.wait(10)


def run(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [CONNECTOR, "run"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


def test_expired_check_ins_are_purged_while_the_program_runs(used_folder: Path) -> None:
    engine = open_engine(f"sqlite:///{used_folder / 'checkins.db'}")
    checkins = CheckInRepository(engine)
    for week in ("2020-W01", format_week(date.today())):
        checkins.record(CheckIn(week, "Old Town", None, (("belonging", "1"),), "core-1"))
    service = Service(used_folder)
    service.start()
    try:
        assert service.url
        limit = time.monotonic() + 30
        with engine.connect() as connection:
            weeks = "SELECT week FROM check_ins"
            while "2020-W01" in connection.exec_driver_sql(weeks).scalars().all():
                assert time.monotonic() < limit
                connection.rollback()
                time.sleep(0.1)
            assert format_week(date.today()) in connection.exec_driver_sql(weeks).scalars().all()
        assert (checkins.read_purged_before() or "") > "2020-W01"
    finally:
        service.stop()
        engine.dispose()


@pytest.mark.parametrize("setting", ["WEB_PORT", "ACTIONS_PORT", "RASA_PORT"])
def test_a_port_in_use_is_reported_in_one_line(used_folder: Path, setting: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        process = run({**Service(used_folder).environment, setting: port})
    assert process.returncode == 1
    (line,) = process.stderr.splitlines()
    assert port in line
    assert f"{setting}=" in line


def test_a_wrong_token_is_reported_in_one_line(used_folder: Path, telegram_server: BotApi) -> None:
    settings = {"TELEGRAM_BOT_TOKEN": "1:wrong", "TELEGRAM_BASE_URL": telegram_server.url}
    process = run({**Service(used_folder).environment, **settings})
    assert process.returncode == 1
    (line,) = process.stderr.splitlines()
    assert "TELEGRAM_BOT_TOKEN" in line
    assert "1:wrong" not in process.stderr


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("WEB_PORT", "eighty"),
        ("CHECKIN_QUESTIONS", "none-such"),
        ("NATION", "atlantis"),
        ("CHECKIN_AREAS", "[]"),
        ("CHECKIN_AREAS", "Old Town"),
        ("CHECKIN_AREAS", '["Old Town", "=1+1"]'),
        ("CONNECTOR_SECRET", "short"),
    ],
)
def test_a_wrong_setting_is_reported_in_one_line(
    used_folder: Path, setting: str, value: str
) -> None:
    process = run({**Service(used_folder).environment, setting: value})
    assert process.returncode == 1
    (line,) = process.stderr.splitlines()
    assert setting in line


def test_a_missing_python_is_reported_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_bytes((ROOT / "Makefile").read_bytes())
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).touch()
    command = ["make", "PYTHON=python-of-nowhere", ".venv/.installed"]
    # Without the variables of a make that may be running these tests.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    process = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert process.returncode != 0
    (line,) = process.stdout.splitlines()
    assert line.startswith("Python 3.11 is needed")


def test_a_silent_rasa_is_replaced_by_a_plain_search_and_restarted(service: Service) -> None:
    """After five seconds at most, listings are shown with one sentence. Then Rasa is restarted."""
    rasa = service.rasa
    talk = Talk(service.url)
    rasa.suspend()
    started = time.monotonic()
    replies = talk.say("somewhere to do a bit of gardening with other people")
    assert time.monotonic() - started < 9  # 5 s for Rasa, the rest for a busy machine
    assert words(replies).startswith(Responses().templates["utter_rasa_away"]["text"])
    assert len(cards(replies)) == 3
    rasa.wait(30)
    service.wait_for_rasa()
    assert Responses().templates["utter_ask_where"]["text"].strip() in words(
        talk.say("is there a choir near here")
    )
    talk.close()


def test_a_rasa_that_exits_is_restarted(service: Service) -> None:
    rasa = service.rasa
    rasa.kill()
    service.await_next_rasa(rasa)
    service.wait_for_rasa()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"conversation": None, "message": {"text": "a" * 1001}}, 413),
        ({"conversation": None, "message": {"text": "a" * 20_000}}, 413),
        ({"conversation": "x" * 31, "message": {"text": "hello"}}, 422),
        ({"conversation": None, "message": {}}, 422),
        ({"conversation": None, "message": {"text": "a", "tap": "b"}}, 422),
        ({"message": "hello"}, 422),
        ([], 422),
    ],
)
def test_wrong_requests_get_a_plain_sentence(app_url: str, body: object, status: int) -> None:
    response = httpx.post(f"{app_url}/api/chat", json=body)
    assert response.status_code == status
    assert re.fullmatch(r"[A-Z].+\.(\s.+)?", response.json()["error"])


def test_an_endless_body_is_cut_off(app_url: str) -> None:
    def send_endlessly() -> Iterator[bytes]:
        for _ in range(10_000):
            yield b" " * 1_000

    # Refused or disconnected: in both cases it is not read to its end.
    with contextlib.suppress(httpx.TransportError):
        response = httpx.post(f"{app_url}/api/chat", content=send_endlessly())
        assert response.status_code == 413


def test_the_desk_is_served_with_the_chat(app_url: str) -> None:
    response = httpx.get(f"{app_url}/desk")
    assert (response.status_code, response.headers["location"]) == (303, "/desk/sign-in?to=/desk")
    page = httpx.get(f"{app_url}/desk/sign-in")
    assert page.status_code == 200
    assert "script" not in page.headers["content-security-policy"]
    # Other sites may read the chat's pages, but not the desk's.
    assert "access-control-allow-origin" not in page.headers
    assert httpx.get(f"{app_url}/deskjet").status_code == 404


def test_a_lone_surrogate_does_no_harm(app_url: str) -> None:
    headers = {"Content-Type": "application/json"}
    body = b'{"message": {"text": "\\ud800 knitting"}}'
    assert httpx.post(f"{app_url}/api/chat", content=body, headers=headers).status_code == 200


def test_a_silent_rasa_is_killed_when_it_cannot_forget(service: Service, talk: Talk) -> None:
    talk.say("is there a choir near here")
    rasa = service.rasa
    rasa.suspend()
    assert Responses().templates["utter_forgotten"]["text"].strip() in words(talk.tap("forget_me"))
    rasa.wait(1)
    service.wait_for_rasa()


def test_rasa_gets_no_secret(service: Service) -> None:
    environment = service.rasa.environ()
    assert not {name for name in environment if name.startswith(("TELEGRAM", "CONNECTOR_SECRET"))}
    assert not any("DATABASE" in name for name in environment)


def test_links_lead_to_our_own_address_whatever_host_a_client_names(service: Service) -> None:
    headers = {"Host": "attacker.example"}
    listing = httpx.get(f"{service.url}/listings/1.json", headers=headers).json()
    assert listing["page"] == f"{service.url}/listings/1"
    assert "set WEB_BASE_URL" in service.printed


def test_other_sites_may_read_errors_too(app_url: str) -> None:
    headers = {"Origin": "https://example.org"}
    response = httpx.post(f"{app_url}/api/chat", json=[], headers=headers)
    assert response.headers["access-control-allow-origin"] == "*"


def test_forgetting_erases_the_conversation_in_rasa(service: Service, talk: Talk) -> None:
    talk.say("is there a choir near here")
    response = httpx.delete(f"{service.url}/api/chat/{talk.conversation}")
    assert response.status_code == 204
    assert Responses().templates["utter_nothing_to_refine"]["text"] in words(
        talk.say("the first one")
    )


def test_every_server_listens_on_loopback_only(service: Service) -> None:
    connections = psutil.Process(service.process.pid).net_connections()
    listening = {
        connection.laddr.ip for connection in connections if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}
    connections = service.rasa.net_connections()
    listening = {connection.laddr.ip for connection in connections if connection.status == "LISTEN"}
    assert listening == {"127.0.0.1"}
    assert os.environ.get("WEB_HOST") is None
