"""The whole program under load, and with a Rasa that pauses, hangs or dies."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import psutil
import pytest

from bot.responses import Responses
from tests.support.service import Service, Talk, cards, words

_TEMPLATES = Responses().templates
AWAY = _TEMPLATES["utter_rasa_away"]["text"]
AWAY_TAP = _TEMPLATES["utter_rasa_away_tap"]["text"]
TALK_LOST = _TEMPLATES["utter_talk_lost"]["text"].strip()
SEARCH_LOST = _TEMPLATES["utter_search_lost"]["text"].strip()
BURST = 60
CHOIR = "is there a choir near here"


class Crowd:
    """Many people who write their first message. `answers` are (address, text), in order."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self.answers: list[tuple[str, str]] = []
        self.has_answer = asyncio.Event()

    async def say(self, address: str, text: str) -> None:
        body = {"conversation": None, "message": {"text": text}}
        headers = {"X-Forwarded-For": address}
        response = await self._client.post("/api/chat", json=body, headers=headers)
        self.answers.append((address, words(response.raise_for_status().json()["replies"])))
        self.has_answer.set()


async def test_a_burst_of_one_client_degrades_no_answer_and_delays_no_other(
    service: Service,
) -> None:
    rasa = service.rasa
    limits = httpx.Limits(max_connections=None)
    async with (
        httpx.AsyncClient(base_url=service.url, timeout=120, limits=limits) as client,
        asyncio.TaskGroup() as tasks,
    ):
        crowd = Crowd(client)
        for _ in range(BURST):
            tasks.create_task(crowd.say("203.0.113.1", CHOIR))
        await crowd.has_answer.wait()
        tasks.create_task(crowd.say("203.0.113.2", "knitting"))
        tasks.create_task(crowd.say("203.0.113.3", "I want to end my life"))
    assert len(crowd.answers) == BURST + 2
    assert [text for _, text in crowd.answers if AWAY in text] == []
    assert service.rasa == rasa, "Rasa was restarted"
    places = {address: place for place, (address, _) in enumerate(crowd.answers)}
    assert places["203.0.113.3"] < BURST / 2, "a crisis waited for Rasa"
    assert places["203.0.113.2"] < BURST / 2, "another client waited for the burst"


@contextmanager
def suspended(process: psutil.Process) -> Iterator[None]:
    """Stop the process for as long as the block, as a machine without a free processor does."""
    process.suspend()
    try:
        yield
    finally:
        process.resume()


def test_a_rasa_that_was_only_starved_is_not_restarted(service: Service, talk: Talk) -> None:
    rasa = service.rasa
    talk.say(CHOIR)
    with suspended(rasa):
        assert AWAY in words(talk.say("knitting"))
    reply = words(talk.say("knitting"))  # waits until Rasa has been asked whether it is well
    assert AWAY not in reply
    assert TALK_LOST not in reply
    assert service.rasa == rasa
    assert rasa.is_running()


@pytest.fixture
def talks(service: Service) -> Iterator[list[Talk]]:
    talks = [Talk(service.url) for _ in range(3)]
    yield talks
    for talk in talks:
        talk.close()


def test_each_talk_is_told_once_that_a_restart_lost_it(service: Service, talks: list[Talk]) -> None:
    without_results, with_results, greeted = talks
    without_results.say("thank you")
    with_results.say(CHOIR)
    shown = cards(with_results.tap("show_more"))
    greeted.tap("greet")
    lost = service.rasa
    lost.kill()
    service.await_next_rasa(lost)
    assert AWAY_TAP in words(without_results.tap("show_more"))
    service.wait_for_rasa()
    assert words(without_results.say("knitting")).startswith(TALK_LOST)
    assert TALK_LOST not in words(without_results.say("something free"))
    # Listings are kept, so that they can be referred to.
    replies = with_results.say("tell me more about the second one")
    assert words(replies).startswith(SEARCH_LOST)
    assert [card["name"] for card in cards(replies)] == [shown[1]["name"]]
    assert SEARCH_LOST not in words(with_results.say("tell me more about the first one"))
    assert TALK_LOST not in words(greeted.say("knitting"))


def test_a_hung_rasa_is_restarted_after_several_failed_checks(
    service: Service, talks: list[Talk]
) -> None:
    first, second, _ = talks
    hung = service.rasa
    hung.suspend()
    started = time.monotonic()
    assert AWAY in words(first.say(CHOIR))
    # Nobody is sent to a Rasa that does not answer; they wait until it is checked.
    assert AWAY in words(second.say(CHOIR))
    hung.wait(60)
    assert time.monotonic() - started > 8
    service.await_next_rasa(hung)
    service.wait_for_rasa()
    assert AWAY not in words(first.say(CHOIR))
