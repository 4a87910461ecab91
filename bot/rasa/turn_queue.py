"""Admission control in front of Rasa: which turn is sent next, and how many at once.

Owns the turns that wait and those in flight. Clients and conversations are opaque keys; this
module must never see what a person wrote or who they are.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


class QueueFullError(Exception):
    """Too many turns are waiting, so this one was not sent."""


@dataclass(eq=False)
class _Turn:
    client: str
    conversation: str
    admission: asyncio.Future[None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class TurnQueue:
    """Admits at most `max_in_flight` turns at once; at most `max_waiting` others wait.

    Clients take turns, so that nobody waits behind all messages of somebody else. The turns of
    one conversation are admitted in order, each after the one before it has ended.
    """

    def __init__(self, *, max_in_flight: int, max_waiting: int) -> None:
        self._max_in_flight = max_in_flight
        self._max_waiting = max_waiting
        # The turns that wait, by client; the client that is served next comes first.
        self._waiting: dict[str, deque[_Turn]] = {}
        # The turn in flight of each conversation.
        self._in_flight: dict[str, _Turn] = {}

    @asynccontextmanager
    async def admit(self, client: str, conversation: str) -> AsyncIterator[None]:
        """Wait until it is this turn's time; inside the block the turn is in flight.

        Raises QueueFullError if the turn has to give way.
        """
        turn = _Turn(self._find_client(conversation) or client, conversation)
        self._waiting.setdefault(turn.client, deque()).append(turn)
        try:
            self._admit_turns()
            self._limit_waiting(turn)
            await turn.admission
            yield
        finally:
            self._remove(turn)
            self._admit_turns()

    def __len__(self) -> int:
        """The number of turns that wait."""
        return sum(map(len, self._waiting.values()))

    def _find_client(self, conversation: str) -> str | None:
        """The client whose turns of this conversation wait.

        A person who moves to another network stays with it, which keeps the order.
        """
        turns = (turn for turns in self._waiting.values() for turn in turns)
        return next((turn.client for turn in turns if turn.conversation == conversation), None)

    def _admit_turns(self) -> None:
        while len(self._in_flight) < self._max_in_flight and (turn := self._find_next()):
            turns = self._waiting.pop(turn.client)
            turns.remove(turn)
            if turns:
                # The other clients come first from now on.
                self._waiting[turn.client] = turns
            self._in_flight[turn.conversation] = turn
            turn.admission.set_result(None)

    def _find_next(self) -> _Turn | None:
        # A turn that was just given up is still there until its task runs.
        turns = (turn for turns in self._waiting.values() for turn in turns)
        return next(
            (
                turn
                for turn in turns
                if turn.conversation not in self._in_flight and not turn.admission.done()
            ),
            None,
        )

    def _limit_waiting(self, newest: _Turn) -> None:
        """If too many wait, refuse the last turn of the client that has the most."""
        if len(self) <= self._max_waiting:
            return
        longest = max(self._waiting.values(), key=len)
        is_newest_longest = len(self._waiting[newest.client]) == len(longest)
        refused = newest if is_newest_longest else longest[-1]
        self._remove(refused)
        if not refused.admission.done():
            refused.admission.set_exception(QueueFullError())

    def _remove(self, turn: _Turn) -> None:
        if self._in_flight.get(turn.conversation) is turn:
            del self._in_flight[turn.conversation]
        turns = self._waiting.get(turn.client, deque())
        if turn in turns:
            turns.remove(turn)
            if not turns:
                del self._waiting[turn.client]
