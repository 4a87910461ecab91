"""The actions as Rasa calls them, over HTTP and with a directory, but without Rasa."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import yaml

from bot.settings import ROOT
from bot.web.actions import create_actions_app
from directory.answers.answering import AnswerService
from directory.encoder import Encoder
from directory.importing.importer import import_listings
from directory.importing.upgrade import open_directory
from directory.notes import Notebook
from directory.search.service import SearchService
from directory.team import Team
from nlu.actions import ACTIONS, Services
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
def kept() -> dict[str, Any]:
    """The slots that are kept after the last action, by sender."""
    return {}


@pytest.fixture
def run(search_service: SearchService, kept: dict[str, Any]) -> Run:
    """Runs an action for a message; gives Rasa's `events` and `responses`."""
    notebook = Notebook(search_service._engine)
    answers = AnswerService(search_service._encoder.encode_tokens)
    services = Services(search_service, answers, notebook, Team())
    app = create_actions_app(services, TOKEN, kept.__setitem__)
    transport = httpx.ASGITransport(app)
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


def test_listings_and_the_place_are_kept_and_no_words(run: Run, kept: dict[str, Any]) -> None:
    interest = "a choir, since my husband died"
    slots = {"area": "I live with Sam in Harbourside", "avoid": "men", "kept": [3], "wishes": []}
    result = run("action_find_listings", interest, interest=interest, strength="baking", **slots)
    results = read_slots(result)["results"]
    assert kept == {
        "anyone": {"results": results, "seen": results, "kept": [3], "area": "Harbourside"}
    }
    run("action_show_details", "the first one", looking_at=results[0])
    assert kept == {"anyone": {"looking_at": results[0], "seen": [results[0]]}}


def test_details_are_sent_as_an_id(run: Run) -> None:
    [listing, *_] = read_listings(run("action_find_listings", "a choir", interest="a choir"))
    result = run("action_show_details", "tell me more", looking_at=listing["id"])
    assert read_listings(result) == [
        {"type": "listing", "id": listing["id"], "reasons": [], "view": "details"}
    ]
    assert read_slots(result) == {"looking_at": listing["id"], "seen": [listing["id"]]}


def read_responses(result: dict[str, Any]) -> list[str]:
    return [str(message["response"]) for message in result["responses"] if message.get("response")]


def test_a_wish_is_answered_with_places_and_one_question(run: Run) -> None:
    result = run("action_begin_search", "is there a choir")
    assert len(read_listings(result)) == 3
    assert read_responses(result)[-1] == "utter_ask_where"
    assert read_slots(result)["open_question"] == "area"


def test_a_question_is_asked_once(run: Run) -> None:
    slots = {"asked": ["area", "strength"], "interest": "a choir"}
    assert read_responses(run("action_find_listings", "more", **slots))[-1] == "utter_ask_ease"
    slots["asked"] = ["area", "strength", "ease"]
    assert read_responses(run("action_find_listings", "more", **slots))[-1] == "utter_after_results"


def test_what_is_known_is_not_asked(run: Run) -> None:
    slots = {"area": "Harbourside", "strength": "baking", "wishes": ["free"]}
    result = run("action_find_listings", "more", **slots)
    assert read_responses(result)[-1] == "utter_after_results"


def test_an_answer_is_read_whatever_the_intent(run: Run) -> None:
    slots = {"open_question": "strength", "interest": "a choir", "asked": ["area", "strength"]}
    result = run("action_begin_search", "driving", **slots)
    assert read_slots(result)["strength"] == "driving"
    assert read_responses(result)[0] == "utter_volunteering"


@pytest.mark.parametrize("text", ["nothing really", "no thanks", "skip"])
def test_a_question_may_be_left(run: Run, text: str) -> None:
    slots = {"open_question": "strength", "interest": "a choir"}
    result = run("action_answer_aside", text, "deny", **slots)
    assert read_responses(result) == ["utter_question_left"]
    assert read_slots(result) == {"open_question": None}


def test_a_question_is_open_for_one_message(run: Run) -> None:
    """A yes to an older question, such as "Shall I delete this chat?", does nothing."""
    result = run("action_find_listings", "show me others", "show_more", open_question="forget")
    assert read_slots(result)["open_question"] != "forget"


def test_only_a_yes_to_the_question_deletes(run: Run) -> None:
    asked = run("action_forget", "everything", "forget_me")
    assert read_responses(asked) == ["utter_ask_forget"]
    answered = run("action_answer_aside", "yes", "affirm", **read_slots(asked))
    assert [message["custom"] for message in answered["responses"]] == [{"type": "forget"}]
    later = run("action_answer_aside", "yes", "affirm")
    assert read_responses(later) == ["utter_affirm"]
