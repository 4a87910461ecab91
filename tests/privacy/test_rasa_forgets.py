"""Property 2: Rasa sees a keyed hash of the sender, and forgets when the session expires."""

import hashlib
import hmac
import json
import subprocess

import httpx
import yaml

from bot.responses import Responses
from bot.settings import ROOT
from tests.support.service import Service, Talk

_RASA_PYTHON = ROOT / ".venv-rasa" / "bin" / "python"
# Runs in Rasa's environment; prints the stored conversations after each step.
_SCRIPT = """
import asyncio, json
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from nlu.components.tracker_store import ForgettingTrackerStore

async def main():
    store = ForgettingTrackerStore(Domain.empty(), minutes=0.01)
    def make_tracker(sender, *events):
        return DialogueStateTracker.from_events(sender, list(events))
    steps = []
    await store.save(make_tracker("erased", UserUttered("hello")))
    await store.save(make_tracker("kept", UserUttered("hello")))
    steps.append(sorted(store.store))
    await store.save(make_tracker("erased"))
    steps.append(sorted(store.store))
    await asyncio.sleep(2)
    steps.append(sorted(store.store))
    print(json.dumps(steps))

asyncio.run(main())
"""


def test_a_conversation_is_dropped_when_it_is_erased_or_expires() -> None:
    command = [_RASA_PYTHON, "-W", "ignore", "-c", _SCRIPT]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert process.returncode == 0, process.stderr
    assert json.loads(process.stdout.splitlines()[-1]) == [["erased", "kept"], ["kept"], []]


def read_messages(rasa: httpx.Client, sender: str) -> list[str]:
    """The messages of `sender` that Rasa stores."""
    events = rasa.get(f"/conversations/{sender}/tracker").json()["events"]
    return [event["text"] for event in events if event["event"] == "user"]


def test_rasa_knows_a_person_by_a_keyed_hash_only(
    service: Service, rasa: httpx.Client, talk: Talk
) -> None:
    talk.say("is there a choir near here")
    sender = f"web:{talk.conversation}"
    secret = (service.folder / "secret.key").read_bytes()
    assert read_messages(rasa, sender) == []
    assert read_messages(rasa, hashlib.sha256(sender.encode()).hexdigest()) == []
    pseudonym = hmac.new(secret, sender.encode(), hashlib.sha256).hexdigest()
    assert read_messages(rasa, pseudonym) == ["is there a choir near here"]
    talk.say("delete my data")
    assert read_messages(rasa, pseudonym) == []


def test_the_promised_hour_is_the_configured_hour() -> None:
    domain = yaml.safe_load((ROOT / "nlu" / "domain" / "session.yml").read_text(encoding="utf-8"))
    assert domain["session_config"]["session_expiration_time"] == 60
    endpoints = yaml.safe_load((ROOT / "nlu" / "endpoints.yml").read_text(encoding="utf-8"))
    assert endpoints["tracker_store"]["minutes"] == 60
    assert "one hour after you last wrote" in Responses().templates["utter_ask_privacy"]["text"]
