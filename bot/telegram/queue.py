"""Order and memory for a chat channel: one queue a chat, and short memories of what was done.

Owns what waits and the tasks that serve it. Must never look into what it holds, or log it.
"""

import asyncio
import contextlib
import logging
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

logger = logging.getLogger(__name__)

Item = TypeVar("Item")
Key = TypeVar("Key", bound=Hashable)

WAITING_PER_CHAT = 30
REMEMBERED = 2000


class ChatQueues(Generic[Item]):
    """Serves each chat's items one after another, and different chats at the same time.

    `serve` is awaited for each item; it must handle its own exceptions.
    """

    def __init__(self, serve: Callable[[Item], Awaitable[None]]) -> None:
        self._serve = serve
        self._waiting: dict[int, deque[Item]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def put(self, chat_id: int, item: Item) -> None:
        """Queue an item; with 30 waiting in its chat already, it is dropped and counted."""
        waiting = self._waiting.get(chat_id)
        if waiting is None:
            self._waiting[chat_id] = deque([item])
            self.spawn(self._serve_chat(chat_id))
        elif len(waiting) < WAITING_PER_CHAT:
            waiting.append(item)
        else:
            logger.warning("dropped a message: %d are waiting in one chat", WAITING_PER_CHAT)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something beside the queues that `drain` waits for as well."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def drain(self, seconds: float) -> None:
        """Wait for all that was put or spawned; cancel what is left after so many seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._tasks:
                    await asyncio.wait(self._tasks)
        left = list(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _serve_chat(self, chat_id: int) -> None:
        waiting = self._waiting[chat_id]
        try:
            while waiting:
                await self._serve(waiting[0])
                waiting.popleft()
        finally:
            del self._waiting[chat_id]


class Memory(Generic[Key]):
    """A set that forgets its oldest member once it holds more than 2,000."""

    def __init__(self) -> None:
        self._keys: OrderedDict[Key, None] = OrderedDict()

    def add(self, key: Key) -> bool:
        """Remember the key; False if it was known."""
        known = key in self._keys
        self._keys[key] = None
        if len(self._keys) > REMEMBERED:
            self._keys.popitem(last=False)
        return not known

    def forget(self, key: Key) -> None:
        """Forget the key, if it is known."""
        self._keys.pop(key, None)
