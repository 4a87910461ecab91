"""A tracker store that forgets: conversations live in memory, and not for long.

Holds privacy property 2. Must never write a conversation anywhere.
"""

import asyncio
import time

from rasa.core.tracker_store import InMemoryTrackerStore
from rasa.shared.core.trackers import DialogueStateTracker


class ForgettingTrackerStore(InMemoryTrackerStore):
    """Keeps a conversation until `minutes` after its last message.

    Saving a conversation without events (as replacing its events with none does)
    erases it at once.
    """

    def __init__(self, domain, event_broker=None, minutes: float = 60.0, **kwargs) -> None:
        super().__init__(domain, event_broker, **kwargs)
        self._seconds = minutes * 60
        # In order of last use: the stalest first.
        self._used: dict[str, float] = {}

    async def save(self, tracker: DialogueStateTracker) -> None:
        sender = tracker.sender_id
        self._used.pop(sender, None)
        if tracker.events:
            await super().save(tracker)
            self._used[sender] = time.monotonic()
            # Even if nobody ever writes again.
            asyncio.get_running_loop().call_later(self._seconds + 1, self._forget_stale)
        else:
            self.store.pop(sender, None)
        self._forget_stale()

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        self._forget_stale()
        return await super().retrieve(sender_id)

    def _forget_stale(self) -> None:
        limit = time.monotonic() - self._seconds
        while self._used:
            sender, used = next(iter(self._used.items()))
            if used >= limit:
                return
            del self._used[sender]
            self.store.pop(sender, None)
