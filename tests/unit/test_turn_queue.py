"""Who is served next in front of Rasa, and who has to give way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from bot.rasa.turn_queue import QueueFullError, TurnQueue


class Visits:
    """Turns in a queue. Each stays in flight until it is let go."""

    def __init__(self, queue: TurnQueue) -> None:
        self._queue = queue
        self._may_end: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.in_flight: list[str] = []
        self.admitted: list[str] = []

    async def add(self, client: str, conversation: str, name: str) -> None:
        """Begin a turn and wait until it is either in flight or waiting."""
        self._may_end[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._visit(client, conversation, name))
        await settle()

    async def end(self, name: str) -> None:
        """End a turn in flight and wait until the next ones have begun."""
        self._may_end[name].set()
        await self.tasks[name]
        await settle()

    async def end_all(self) -> None:
        while self.in_flight:
            await self.end(self.in_flight[0])

    async def _visit(self, client: str, conversation: str, name: str) -> None:
        async with self._queue.admit(client, conversation):
            self.admitted.append(name)
            self.in_flight.append(name)
            await self._may_end[name].wait()
            self.in_flight.remove(name)


async def settle() -> None:
    """Let every task run until it waits for something."""
    for _ in range(10):
        await asyncio.sleep(0)


@asynccontextmanager
async def open_queue(max_in_flight: int, max_waiting: int = 100) -> AsyncIterator[Visits]:
    queue = TurnQueue(max_in_flight=max_in_flight, max_waiting=max_waiting)
    visits = Visits(queue)
    yield visits
    await visits.end_all()
    await asyncio.gather(*visits.tasks.values(), return_exceptions=True)
    assert len(queue) == 0
    # Nothing that happened may have cost a place.
    async with asyncio.timeout(1):
        for name in "ab"[:max_in_flight]:
            await visits.add("later", name, name)
        assert len(visits.in_flight) == min(max_in_flight, 2)
        await visits.end_all()


async def test_no_more_turns_than_allowed_are_in_flight() -> None:
    async with open_queue(2) as visits:
        for number in range(5):
            await visits.add("home", f"talk {number}", f"turn {number}")
        assert visits.in_flight == ["turn 0", "turn 1"]
        await visits.end("turn 1")
        assert visits.in_flight == ["turn 0", "turn 2"]


async def test_another_client_is_served_before_the_rest_of_a_burst() -> None:
    async with open_queue(1) as visits:
        for number in range(50):
            await visits.add("library", f"talk {number}", f"library {number}")
        await visits.add("home", "talk", "home 0")
        await visits.add("home", "another talk", "home 1")
        await visits.end_all()
    order = ["library 0", "library 1", "home 0", "library 2", "home 1", "library 3"]
    assert visits.admitted[: len(order)] == order


async def test_the_turns_of_one_conversation_keep_their_order() -> None:
    async with open_queue(3) as visits:
        await visits.add("home", "talk", "first")
        await visits.add("home", "talk", "second")
        await visits.add("home", "other talk", "other")
        assert visits.in_flight == ["first", "other"]  # the second waits for the first
        await visits.end("first")
        assert visits.in_flight == ["other", "second"]


async def test_a_conversation_keeps_its_order_when_its_address_changes() -> None:
    async with open_queue(1) as visits:
        await visits.add("home", "other talk", "in flight")
        await visits.add("home", "other talk", "before")
        await visits.add("home", "talk", "first")
        # The person walks out of the house, and their phone changes the network.
        await visits.add("mobile", "talk", "second")
        await visits.end_all()
        assert visits.admitted == ["in flight", "before", "first", "second"]


async def test_when_the_queue_is_full_the_longest_line_gives_way() -> None:
    async with open_queue(1, max_waiting=3) as visits:
        for number in range(5):
            await visits.add("library", f"talk {number}", f"library {number}")
        with pytest.raises(QueueFullError):
            await visits.tasks["library 4"]  # one in flight, three waiting
        await visits.add("home", "talk", "home")
        with pytest.raises(QueueFullError):
            await visits.tasks["library 3"]
        assert not visits.tasks["home"].done()


async def test_among_equals_the_newest_gives_way() -> None:
    async with open_queue(1, max_waiting=2) as visits:
        for client in ("first", "second", "third", "fourth"):
            await visits.add(client, client, client)
        with pytest.raises(QueueFullError):
            await visits.tasks["fourth"]
        assert not visits.tasks["second"].done()
        assert not visits.tasks["third"].done()


async def test_a_turn_that_is_given_up_leaves_its_place() -> None:
    async with open_queue(1) as visits:
        for name in ("first", "second", "third"):
            await visits.add(name, name, name)
        for name in ("second", "first"):  # one waits, the other is in flight
            visits.tasks[name].cancel()
            with suppress(asyncio.CancelledError):
                await visits.tasks[name]
        visits.in_flight.remove("first")
        await settle()
        assert visits.in_flight == ["third"]


async def test_a_turn_given_up_at_the_moment_of_admission_leaves_its_place() -> None:
    queue = TurnQueue(max_in_flight=1, max_waiting=100)
    async with queue.admit("first", "first"):
        second = asyncio.create_task(queue.admit("second", "second").__aenter__())
        third = asyncio.create_task(queue.admit("third", "third").__aenter__())
        await settle()
    # Leaving the block admitted the second, which has not run since.
    second.cancel()
    async with asyncio.timeout(1):
        await third
    assert second.cancelled()


async def test_a_turn_given_up_just_before_its_admission_is_passed_over() -> None:
    queue = TurnQueue(max_in_flight=1, max_waiting=100)
    async with queue.admit("first", "first"):
        second = asyncio.create_task(queue.admit("second", "second").__aenter__())
        third = asyncio.create_task(queue.admit("third", "third").__aenter__())
        await settle()
        # The second has not run since when the block is left.
        second.cancel()
    async with asyncio.timeout(1):
        await third
    assert second.cancelled()
