"""The actions as Rasa calls them, over HTTP and with a directory, but without Rasa."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import yaml

from bot.settings import ROOT
from bot.web.actions import create_actions_app
from directory.encoder import Encoder
from directory.importing.importer import import_listings
from directory.importing.upgrade import open_directory
from directory.notes import Notebook
from directory.search.service import SearchService
from directory.team import Team
from nlu.actions import ACTIONS
from tests.support.example_listings import read_town

TOKEN = "of these tests alone"
Run = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def search_service(
    tmp_path_factory: pytest.TempPathFactory, encoder: Encoder
) -> Iterator[SearchService]:
    engine = open_directory(f"sqlite:///{tmp_path_factory.mktemp('actions') / 'directory.db'}")
    import_listings(engine, encoder, "town", read_town())
    yield SearchService(engine, encoder)
    engine.dispose()


@pytest.fixture
def run(search_service: SearchService) -> Run:
    """Runs an action for a message; gives Rasa's `events` and `responses`."""
    notebook = Notebook(search_service._engine)
    transport = httpx.ASGITransport(create_actions_app(search_service, notebook, Team(), TOKEN))
    headers = {"Authorization": f"Bearer {TOKEN}"}

    async def post(call: dict[str, Any]) -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.post("/webhook", json=call, headers=headers)

    def run(action: str, text: str, intent: str = "find_group", **slots: Any) -> dict[str, Any]:
        parsed = {"name": intent, "confidence": 0.9}
        message = {"text": text, "intent": parsed, "intent_ranking": [parsed], "entities": []}
        tracker = {"sender_id": "anyone", "slots": slots, "latest_message": message, "events": []}
        response = asyncio.run(post({"next_action": action, "tracker": tracker}))
        assert response.status_code == 200, response.text
        result: dict[str, Any] = response.json()
        return result

    return run


def read_slots(result: dict[str, Any]) -> dict[str, Any]:
    return {event["name"]: event["value"] for event in result["events"] if event["event"] == "slot"}


def read_listings(result: dict[str, Any]) -> list[dict[str, Any]]:
    custom = [response["custom"] for response in result["responses"]]
    return [message for message in custom if message.get("type") == "listing"]


def test_every_action_of_the_domain_is_a_function() -> None:
    domain = [
        yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in (ROOT / "nlu" / "domain").glob("*.yml")
    ]
    names = [name for content in domain for name in content.get("actions", ())]
    assert sorted(names) == sorted(ACTIONS)


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_every_action_runs_on_an_empty_conversation(run: Run, action: str) -> None:
    run(action, "is there a choir", intent="greet")


def test_results_are_sent_as_ids_with_reasons(run: Run) -> None:
    result = run("action_find_listings", "a choir", interest="a choir", strength="baking")
    listings = read_listings(result)
    assert [listing["id"] for listing in listings] == read_slots(result)["results"]
    for listing in listings:
        assert set(listing) == {"type", "id", "reasons", "view"}
        assert listing["view"] == "card"
        assert listing["reasons"]


def test_details_are_sent_as_an_id(run: Run) -> None:
    [listing, *_] = read_listings(run("action_find_listings", "a choir", interest="a choir"))
    result = run("action_show_details", "tell me more", looking_at=listing["id"])
    assert read_listings(result) == [
        {"type": "listing", "id": listing["id"], "reasons": [], "view": "details"}
    ]
    assert read_slots(result) == {"looking_at": listing["id"]}


def test_an_answer_beside_the_question_fills_other_slots(run: Run) -> None:
    slots = {"requested_slot": "strength", "interest": "a choir", "area": "Harbourside"}
    result = run("validate_find_form", "nothing really", "deny", **slots)
    assert read_slots(result)["strength"] == "\x00skipped"
