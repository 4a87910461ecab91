"""Updates that were received and are not answered yet, and how often each was tried.

Owns what Telegram may be told: an update is acknowledged once it is answered. Knows updates by
their numbers alone: must never store or log what is in one, or which chat it came from.
"""

import asyncio
import contextlib
import json
import logging
import os
from collections import OrderedDict
from collections.abc import Hashable
from pathlib import Path
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

Key = TypeVar("Key", bound=Hashable)

MAX_RECENT_KEYS = 2000
MAX_PENDING = 2000
MAX_ATTEMPTS = 3


class RecentKeys(Generic[Key]):
    """A set of the last 2,000 keys; the oldest is dropped first."""

    def __init__(self) -> None:
        self._keys: OrderedDict[Key, None] = OrderedDict()

    def __contains__(self, key: Key) -> bool:
        return key in self._keys

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


class PendingUpdates:
    """The updates under way, by update id, in the order in which they were received.

    A failed update stays in its place until Telegram sends it again.
    """

    def __init__(self) -> None:
        self._pending: dict[int, asyncio.Future[bool]] = {}
        self._failed: set[int] = set()
        self._answered: RecentKeys[int] = RecentKeys()
        self._newest: int | None = None

    @property
    def offset(self) -> int | None:
        """The first update that Telegram has to keep; None before any was received."""
        if self._pending:
            return next(iter(self._pending))
        return None if self._newest is None else self._newest + 1

    def add(self, update_id: int) -> bool:
        """Add an update. False if it is being answered, or was: then it must not be answered."""
        earlier = self._pending.get(update_id)
        if update_id in self._answered or (earlier and not earlier.done()):
            return False
        if earlier is None:
            self._newest = update_id
        self._pending[update_id] = asyncio.get_running_loop().create_future()
        if len(self._pending) > MAX_PENDING:
            self.release_oldest()
        return True

    def fail(self, update_id: int) -> None:
        """Have Telegram send the update again after its handlers have ended."""
        self._failed.add(update_id)

    def has_failed(self, update_id: int) -> bool:
        """Whether the update, which has not ended, is to be sent again."""
        return update_id in self._failed

    def finish(self, update_id: int) -> bool:
        """End an update. Returns whether it is answered, so that Telegram may forget it."""
        is_answered = update_id not in self._failed
        self._failed.discard(update_id)
        future = self._pending.get(update_id)
        if future and not future.done():
            future.set_result(is_answered)
        if is_answered:
            self._pending.pop(update_id, None)
            self._answered.add(update_id)
        return is_answered

    def release_oldest(self) -> None:
        """Let Telegram forget the oldest update, although it is not answered yet.

        It is still answered, unless the program is killed first.
        """
        update_id = next(iter(self._pending))
        del self._pending[update_id]
        self._answered.add(update_id)

    async def wait_for(self, update_id: int, seconds: float) -> bool:
        """Wait until the update has ended, for `seconds` at most; whether it is answered."""
        future = self._pending.get(update_id)
        if future is None:
            return update_id in self._answered
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(asyncio.shield(future), seconds)
        return False

    async def wait_for_all(self, seconds: float) -> bool:
        """Wait until no update is being answered, for `seconds` at most; whether that is so."""
        running = [future for future in self._pending.values() if not future.done()]
        if not running:
            return True
        _, unfinished = await asyncio.wait(running, timeout=seconds)
        return not unfinished


class Attempts:
    """How often the answer to an update was begun, in a file that outlives a crash.

    An update whose answer crashes the program would otherwise be sent again and crash it again,
    for ever. The file holds only the update ids of answers that were begun and have not ended.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._counts: dict[int, int] = {}
        if path is not None:
            with contextlib.suppress(OSError, ValueError, AttributeError):
                content = json.loads(path.read_text())
                self._counts = {int(update_id): int(count) for update_id, count in content.items()}

    def begin(self, update_id: int) -> bool:
        """Count an attempt. False, without counting, if there were three already."""
        if self._counts.get(update_id, 0) >= MAX_ATTEMPTS:
            return False
        self._counts[update_id] = self._counts.get(update_id, 0) + 1
        self._write()
        return True

    def has_begun(self, update_id: int) -> bool:
        """Whether an earlier answer was begun and has not ended."""
        return update_id in self._counts

    def can_retry(self, update_id: int) -> bool:
        """Whether an answer that was begun may be begun again."""
        return 0 < self._counts.get(update_id, 0) < MAX_ATTEMPTS

    def forget(self, update_id: int) -> None:
        """Forget an update that has ended."""
        if self._counts.pop(update_id, None) is not None:
            self._write()

    def _write(self) -> None:
        if self._path is None:
            return
        new = self._path.with_suffix(".new")
        try:
            new.write_text(json.dumps(self._counts))
            os.replace(new, self._path)
        except OSError as error:
            # Answers matter more than counting them.
            log.warning("attempts to answer were not counted (%s)", type(error).__name__)
