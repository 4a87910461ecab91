"""A tracker store that forgets: conversations stay in memory, and not for long.

Holds privacy property 2. Must never write a conversation anywhere.
"""

import asyncio
import time

from rasa.core.tracker_store import InMemoryTrackerStore
from rasa.shared.core.trackers import DialogueStateTracker


class ForgettingTrackerStore(InMemoryTrackerStore):
    """Keeps a conversation until `minutes` after its last message.

    Saving a conversation without events erases it at once. Rasa's HTTP API does that when it
    replaces the events with an empty list.
    """

    def __init__(self, domain, event_broker=None, minutes: float = 60.0, **kwargs) -> None:
        super().__init__(domain, event_broker, **kwargs)
        self._seconds = minutes * 60
        # When each conversation was last used, the least recent first.
        self._last_used: dict[str, float] = {}

    async def save(self, tracker: DialogueStateTracker) -> None:
        sender = tracker.sender_id
        self._last_used.pop(sender, None)
        if tracker.events:
            await super().save(tracker)
            self._last_used[sender] = time.monotonic()
            # Forget it even if no other message ever arrives.
            asyncio.get_running_loop().call_later(self._seconds + 1, self._forget_expired)
        else:
            self.store.pop(sender, None)
        self._forget_expired()

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        self._forget_expired()
        return await super().retrieve(sender_id)

    def _forget_expired(self) -> None:
        limit = time.monotonic() - self._seconds
        while self._last_used:
            sender, last_used = next(iter(self._last_used.items()))
            if last_used >= limit:
                return
            del self._last_used[sender]
            self.store.pop(sender, None)
