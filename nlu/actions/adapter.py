"""Runs plain functions as Rasa actions.

The one module that reads Rasa's tracker: it parses the turn once, and the functions see only
that. Must never log a slot or a message.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from directory.answers.answering import AnswerService
from directory.notes import Notebook
from directory.recommend import RecommendationRequest, record_unmet_need
from directory.search.service import SearchService
from directory.team import Team
from nlu.understanding.turn import Turn


@dataclass(frozen=True)
class Services:
    """What actions may use. `background` runs work that no reply waits for."""

    search: SearchService
    answers: AnswerService
    notebook: Notebook
    team: Team
    background: Executor = field(default_factory=lambda: ThreadPoolExecutor(1, "unmet-needs"))

    def record_unmet_need(
        self, request: RecommendationRequest, *, needs_topic: bool = False
    ) -> None:
        """Count the need without waiting: an import may hold the database for a while."""
        self.background.submit(
            record_unmet_need, self.search, self.notebook, request, needs_topic=needs_topic
        )


ActionFunction = Callable[[Turn, Services, CollectingDispatcher], list[EventType]]


class FunctionAction(Action):
    """A Rasa action that runs a function in a worker thread."""

    def __init__(self, name: str, function: ActionFunction, services: Services) -> None:
        self._name = name
        self._function = function
        self._services = services

    def name(self) -> str:
        return self._name

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        turn = read_turn(tracker)
        return await asyncio.to_thread(self._function, turn, self._services, dispatcher)


def read_turn(tracker: Tracker) -> Turn:
    """The turn that Rasa's tracker holds."""
    message: dict[str, Any] = tracker.latest_message or {}
    return Turn.parse(
        text=message.get("text") or "",
        intent=tracker.get_intent_of_latest_message() or "",
        confidence=float(message.get("intent", {}).get("confidence") or 0),
        entities=message.get("entities") or (),
        slots=tracker.slots,
    )
