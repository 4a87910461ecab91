"""The open question of each chat's check-in, for answers that are typed.

Owns how long it is held: in memory only, until the check-in ends, and at most as long as its
buttons work. Holds the chat's number and the signed tap, with the answers so far. Must never write
either anywhere.
"""

import asyncio
from dataclasses import dataclass

from bot.checkin_flow import LIFETIME_HOURS

SECONDS_HELD = (LIFETIME_HOURS + 1) * 3600.0


@dataclass(frozen=True)
class OpenCheckIn:
    """The tap that shows the open question again, and the message that has its buttons."""

    tap: str
    message_id: int


class OpenCheckIns:
    """The open check-ins, by chat. For use in one event loop."""

    def __init__(self, seconds_held: float = SECONDS_HELD) -> None:
        self._seconds_held = seconds_held
        self._open: dict[int, tuple[OpenCheckIn, asyncio.TimerHandle]] = {}

    def __len__(self) -> int:
        return len(self._open)

    def find(self, chat_id: int) -> OpenCheckIn | None:
        """The chat's open check-in."""
        found = self._open.get(chat_id)
        return found[0] if found else None

    def keep(self, chat_id: int, checkin: OpenCheckIn) -> None:
        """Hold the open check-in in place of an earlier one."""
        self.forget(chat_id)
        loop = asyncio.get_running_loop()
        timer = loop.call_later(self._seconds_held, self._open.pop, chat_id, None)
        self._open[chat_id] = (checkin, timer)

    def forget(self, chat_id: int) -> None:
        """Drop the chat's check-in, if there is one."""
        if found := self._open.pop(chat_id, None):
            found[1].cancel()
