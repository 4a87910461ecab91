"""Rasa and the actions answer the program alone, though everything on the machine reaches them."""

import re
from collections.abc import Iterator

import httpx
import pytest

from bot.settings import ROOT
from tests.support.service import Service, written

_RASA_SERVER = next((ROOT / ".venv-rasa").glob("lib/python3*/site-packages/rasa/server.py"))
_ROUTE = re.compile(r'@app\.(get|post|put|delete)\(\s*"([^"]+)"')
WEBHOOK = "/webhooks/rest/webhook"


def list_routes() -> list[tuple[str, str]]:
    """The method and path of every route of Rasa's HTTP API and of its REST channel."""
    api = _ROUTE.findall(_RASA_SERVER.read_text(encoding="utf-8"))
    paths = [(method.upper(), re.sub("<[^>]+>", "anybody", path)) for method, path in api]
    return [*paths, ("GET", "/webhooks/rest/"), ("POST", WEBHOOK)]


@pytest.fixture
def stranger(rasa: httpx.Client) -> Iterator[httpx.Client]:
    """A client of the running Rasa server that has no token."""
    with httpx.Client(base_url=rasa.base_url, timeout=30, trust_env=False) as client:
        yield client


def test_no_route_of_rasa_answers_a_stranger(stranger: httpx.Client) -> None:
    routes = list_routes()
    assert {
        ("PUT", "/model"),
        ("POST", "/model/train"),
        ("GET", "/domain"),
        ("PUT", "/conversations/anybody/tracker/events"),
    } <= set(routes)
    for method, path in routes:
        for headers in ({}, {"Authorization": "Bearer guessed"}):
            response = stranger.request(method, path, json={}, headers=headers)
            assert (response.status_code, response.content) == (403, b""), path


def test_a_page_in_a_browser_cannot_write_to_rasa(stranger: httpx.Client) -> None:
    # A browser sends this for any page, without asking first.
    message = '{"sender": "anybody", "message": "hello"}'
    headers = {"Content-Type": "text/plain", "Origin": "https://attacker.example"}
    response = stranger.post(WEBHOOK, content=message, headers=headers)
    assert response.status_code == 403
    preflight = {"Origin": "https://attacker.example", "Access-Control-Request-Method": "PUT"}
    response = stranger.options("/model", headers=preflight)
    assert "access-control-allow-origin" not in response.headers


def test_rasa_reads_no_huge_body(rasa: httpx.Client) -> None:
    assert rasa.post(WEBHOOK, content=b"a" * 300_000).status_code == 413


def test_the_host_is_checked_beside_the_token(rasa: httpx.Client) -> None:
    assert rasa.get("/status").status_code == 200
    # A name of the attacker's that was made to resolve to this machine.
    assert rasa.get("/status", headers={"Host": "attacker.example"}).status_code == 403


def test_the_actions_answer_rasa_alone(service: Service) -> None:
    environment = service.rasa.environ()
    url = f"http://127.0.0.1:{environment['ACTIONS_PORT']}/webhook"
    call = {"next_action": "action_listen"}
    assert httpx.post(url, json=call).status_code == 403
    rightful = {"Authorization": f"Bearer {environment['ACTIONS_TOKEN']}"}
    assert httpx.post(url, json=call, headers=rightful).status_code == 404  # no such action


def test_the_tokens_are_shown_nowhere(service: Service, stranger: httpx.Client) -> None:
    environment = service.rasa.environ()
    tokens = {environment["RASA_TOKEN"], environment["ACTIONS_TOKEN"]}
    assert len(tokens) == 2
    assert all(len(token) >= 43 for token in tokens)
    stranger.post(WEBHOOK, json={})
    shown = {"the process list": " ".join(service.rasa.cmdline()).encode(), **written(service)}
    for token in tokens:
        assert not [place for place, content in shown.items() if token.encode() in content]
