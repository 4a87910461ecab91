"""Order: one chat's updates one after another, different chats at the same time.

Owns the running tasks and the end of each update. Must never read what is in an update.
"""

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any
from weakref import WeakValueDictionary

from telegram import Update
from telegram.ext import BaseUpdateProcessor

from bot.telegram.handlers import UpdateHandler
from bot.telegram.outbox import Outbox
from bot.telegram.pending import Attempts, PendingUpdates

# As many as Telegram hands out at once: more from one chat would keep everybody else waiting.
MAX_WAITING_PER_CHAT = 100
# The library takes a place before it knows the chat, so a low limit would let one chat's waiting
# updates hold up the others. The conversation limits what is slow.
_NO_LIMIT = 1_000_000


class ChatProcessor(BaseUpdateProcessor):
    """Runs the handlers of each update in its chat's turn, then ends the update."""

    def __init__(
        self,
        handler: UpdateHandler,
        outbox: Outbox,
        pending: PendingUpdates,
        attempts: Attempts,
    ) -> None:
        super().__init__(max_concurrent_updates=_NO_LIMIT)
        self._handler = handler
        self._outbox = outbox
        self._pending = pending
        self._attempts = attempts
        # A chat's turn is kept for as long as an update of it is under way.
        self._turns: WeakValueDictionary[int, _Turn] = WeakValueDictionary()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Await `coroutine`, the update's handlers, in the chat's turn."""
        task = asyncio.current_task()
        if not isinstance(update, Update) or task is None:
            raise TypeError("an update, in a task of its own, is expected")
        self._tasks.add(task)
        try:
            async with asyncio.TaskGroup() as group:
                if update.callback_query:
                    # At once, not in turn: a button should not spin while others are answered.
                    group.create_task(self._outbox.stop_spinner(update.callback_query))
                await self._take_turn(update, coroutine)
        except asyncio.CancelledError:
            self._pending.fail(update.update_id)
            self._attempts.forget(update.update_id)
            raise
        finally:
            if isinstance(coroutine, Coroutine):
                coroutine.close()  # if it was never awaited
            self._tasks.discard(task)
            if self._pending.finish(update.update_id):
                self._attempts.forget(update.update_id)

    async def _take_turn(self, update: Update, coroutine: Awaitable[Any]) -> None:
        chat_id = update.effective_chat.id if update.effective_chat else 0
        turn = self._turns.setdefault(chat_id, _Turn())
        if turn.waiting == MAX_WAITING_PER_CHAT:
            if not turn.is_flooded:
                turn.is_flooded = True
                await self._handler.refuse_flood(chat_id)
            return
        turn.waiting += 1
        async with turn.lock:
            turn.waiting -= 1
            if turn.has_failed:
                # Telegram sends this one again too, after the one that failed.
                self._pending.fail(update.update_id)
                return
            await coroutine
            turn.has_failed = self._pending.has_failed(update.update_id)

    def cancel(self) -> None:
        """Cancel what is under way. Telegram sends those updates again."""
        for task in self._tasks:
            task.cancel()

    async def initialize(self) -> None:
        """Nothing to prepare."""

    async def shutdown(self) -> None:
        """Nothing to free: every task has ended."""


class _Turn:
    """The turn of one chat. asyncio's lock serves its updates in the order of their arrival."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.waiting = 0
        self.is_flooded = False
        self.has_failed = False
