"""The one way to Rasa: sends it turns in order, erases conversations, and notices what it lost.

Owns how much Rasa is given at once, and which conversations it may remember. Must never send
more than a pseudonym and a message.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from bot.rasa.active_conversations import ActiveConversations
from bot.rasa.client import Handover, RasaReply, RasaSilentError, RasaUnavailableError
from bot.rasa.process import RasaProcess
from bot.rasa.turn_queue import TurnQueue

log = logging.getLogger(__name__)

# Rasa computes on one core, and actions on another. On a busy machine with two cores, bursts of
# first messages gave 7 to 10 turns a second one at a time, 10 to 22 four at a time, and 5 to 12
# eight at a time.
_MAX_IN_FLIGHT = 4
# About 20 seconds of work on a busy machine with two cores.
_MAX_WAITING = 200
# Erasing must leave Rasa time for active conversations.
_MAX_ERASED_AT_ONCE = 4
_ERASE_ATTEMPTS = 3
_EXPIRY_INTERVAL = 60.0  # in seconds
# A person who was only greeted has nothing to lose.
_GREETING = "/greet"


class RasaGateway:
    """Sends turns to `process` and erases conversations there."""

    def __init__(self, process: RasaProcess) -> None:
        self._process = process
        self._active = ActiveConversations()
        self._turns = TurnQueue(max_in_flight=_MAX_IN_FLIGHT, max_waiting=_MAX_WAITING)
        self._erasing = asyncio.Semaphore(_MAX_ERASED_AT_ONCE)
        self._expiry: asyncio.TimerHandle | None = None

    @property
    def is_starting(self) -> bool:
        """Whether Rasa has only been loading since the program started."""
        return self._process.is_starting

    async def send(
        self, client: str, pseudonym: str, payload: str, number: int | None = None
    ) -> list[RasaReply]:
        """Rasa's replies to `payload`, once it is this turn's time.

        `client` is a pseudonym too; clients take turns. `number` is the message's, for `rewind`.
        If Rasa was restarted since the last turn of the conversation, the replies begin with
        `TALK_LOST` or `SEARCH_LOST` of `Handover`.
        Raises QueueFullError, RasaUnavailableError.
        """
        self._check_up()
        async with self._turns.admit(client, pseudonym):
            await self._process.wait_until_settled()
            self._check_up()
            self._active.add_conversation(
                pseudonym, self._process.generation, has_content=payload != _GREETING
            )
            self._schedule_expiry()
            slots = self._active.find_slots_to_restore(pseudonym)
            self._active.note_number(pseudonym, None)
            replies = await self._exchange(pseudonym, payload, slots)
            self._active.note_number(pseudonym, number)
        if not self._active.take_loss(pseudonym):
            return replies
        has_listings = slots.get("results") or slots.get("kept")
        return [Handover.SEARCH_LOST if has_listings else Handover.TALK_LOST, *replies]

    async def rewind(self, pseudonym: str, number: int | None) -> bool:
        """Undo the message with this number, if it is what Rasa read last in this conversation.

        Returns whether it is undone.
        """
        process = self._process
        if not process.is_up or not self._active.is_last(pseudonym, process.generation, number):
            return False
        try:
            await process.client.rewind(pseudonym)
        except RasaUnavailableError as error:
            self._note_failure(error)
            return False
        self._active.note_number(pseudonym, None)
        return True

    def keep_slots(self, pseudonym: str, slots: Mapping[str, Any]) -> None:
        """Keep these slots, to restore them if Rasa loses the conversation.

        They must not hold what the person wrote.
        """
        self._active.keep_slots(pseudonym, slots)

    def read_slots(self, pseudonym: str) -> Mapping[str, Any]:
        """The slots that are kept of a conversation."""
        return self._active.read_slots(pseudonym)

    def add_slots(self, pseudonym: str, slots: Mapping[str, Any]) -> None:
        """Keep slots that changed while Rasa was away, to fill them when it is back.

        They must not hold what the person wrote.
        """
        self._active.add_slots(pseudonym, self._process.generation, slots)
        self._schedule_expiry()

    async def forget(self, pseudonym: str) -> None:
        """Erase a conversation.

        Does nothing if Rasa does not know it, so that calling this often cannot keep Rasa busy.
        Rasa stores conversations in memory only: if it cannot erase one, it is killed.
        """
        if not self._active.remove_conversation(pseudonym):
            return
        for _ in range(_ERASE_ATTEMPTS):
            await self._process.wait_until_settled()
            if not self._process.is_up:
                return  # its memory went with it
            try:
                async with self._erasing:
                    await self._process.client.forget(pseudonym)
                return
            except RasaUnavailableError as error:
                self._note_failure(error)
        log.warning("Rasa could not erase a conversation: ending it, with its memory")
        await self._process.forget_all()

    async def _exchange(
        self, pseudonym: str, payload: str, slots: Mapping[str, Any]
    ) -> list[RasaReply]:
        try:
            if slots:
                await self._process.client.restore_slots(pseudonym, slots)
            replies = await self._process.client.send(pseudonym, payload)
        except RasaUnavailableError as error:
            log.warning("Rasa did not answer: %s", error)
            self._note_failure(error)
            raise
        self._process.report_answer()
        return replies

    def _note_failure(self, error: RasaUnavailableError) -> None:
        if isinstance(error, RasaSilentError):
            self._process.report_silence()

    def _check_up(self) -> None:
        if not self._process.is_up:
            raise RasaUnavailableError("it is not up")

    def _schedule_expiry(self) -> None:
        """Remove what has expired every minute, for as long as there are conversations."""
        if self._expiry is None:
            loop = asyncio.get_running_loop()
            self._expiry = loop.call_later(_EXPIRY_INTERVAL, self._remove_expired)

    def _remove_expired(self) -> None:
        self._expiry = None
        self._active.remove_expired()
        if len(self._active):
            self._schedule_expiry()
