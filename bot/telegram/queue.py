"""Order in a chat channel: a queue for each chat, and a short memory of recent keys.

Owns the waiting items and the tasks that serve them. Must never read or log an item's content.
"""

import asyncio
import contextlib
import logging
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

log = logging.getLogger(__name__)

Item = TypeVar("Item")
Key = TypeVar("Key", bound=Hashable)

MAX_WAITING_PER_CHAT = 30
MAX_RECENT_KEYS = 2000


class ChatQueues(Generic[Item]):
    """Serves each chat's items one after another, and different chats concurrently.

    `serve` is awaited for each item; it must handle its own exceptions.
    """

    def __init__(self, serve: Callable[[Item], Awaitable[None]]) -> None:
        self._serve = serve
        self._waiting: dict[int, deque[Item]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def put(self, chat_id: int, item: Item) -> None:
        """Queue an item. If its chat already has 30 waiting, the item is dropped and logged."""
        waiting = self._waiting.get(chat_id)
        if waiting is None:
            self._waiting[chat_id] = deque([item])
            self.spawn(self._serve_chat(chat_id))
        elif len(waiting) < MAX_WAITING_PER_CHAT:
            waiting.append(item)
        else:
            log.warning("dropped a message: %d are waiting in one chat", MAX_WAITING_PER_CHAT)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine outside the queues; `drain` waits for it too."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def drain(self, seconds: float) -> None:
        """Wait until everything is done; cancel what is left after `seconds`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._tasks:
                    await asyncio.wait(self._tasks)
        unfinished = list(self._tasks)
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)

    async def _serve_chat(self, chat_id: int) -> None:
        waiting = self._waiting[chat_id]
        try:
            while waiting:
                await self._serve(waiting[0])
                waiting.popleft()
        finally:
            del self._waiting[chat_id]


class RecentKeys(Generic[Key]):
    """A set of the last 2,000 keys; the oldest is dropped first."""

    def __init__(self) -> None:
        self._keys: OrderedDict[Key, None] = OrderedDict()

    def add(self, key: Key) -> bool:
        """Add a key; False if it was there already."""
        is_new = key not in self._keys
        self._keys[key] = None
        if len(self._keys) > MAX_RECENT_KEYS:
            self._keys.popitem(last=False)
        return is_new

    def discard(self, key: Key) -> None:
        """Remove a key, if it is there."""
        self._keys.pop(key, None)
