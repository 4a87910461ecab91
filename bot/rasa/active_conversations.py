"""The conversations that Rasa may remember: which to erase, and what is left of those it lost.

Holds the pseudonyms that Rasa knows people by, in memory only, and for the time of a session the
listings that a person saw last and their place. That is enough, because Rasa keeps conversations
in memory too: this process starts and ends it, and is the only one that sends it messages. Must
never hold what a person wrote.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

_SESSION = 3600.0
"""Seconds after its last message until Rasa forgets a conversation; see `nlu/endpoints.yml`."""
# Rasa may be late.
_RETENTION = 2 * _SESSION


@dataclass
class _Conversation:
    """`generation` is that of the Rasa which holds the conversation.

    `is_ahead` is True while the slots hold what Rasa was not told, because it was away.
    `last_number` is that of the message which Rasa read last, if the channel gave it one.
    """

    generation: int
    last_used: float
    has_content: bool = False
    is_lost: bool = False
    is_ahead: bool = False
    last_number: int | None = None
    slots: Mapping[str, Any] = field(default_factory=dict)


class ActiveConversations:
    """The conversations of the last two hours. `clock` gives seconds and never goes back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # By pseudonym, the least recently used first.
        self._conversations: dict[str, _Conversation] = {}

    def add_conversation(self, pseudonym: str, generation: int, *, has_content: bool) -> None:
        """Note that a message is about to be sent to the Rasa of this `generation`.

        `has_content` is False for a message whose loss would not matter, such as a greeting.
        """
        conversation = self._renew(pseudonym, generation)
        if conversation.generation != generation:
            conversation.is_lost |= conversation.has_content
            conversation.generation = generation
        conversation.has_content |= has_content

    def add_slots(self, pseudonym: str, generation: int, slots: Mapping[str, Any]) -> None:
        """Keep slots that changed while the Rasa of this `generation` was away."""
        conversation = self._renew(pseudonym, generation)
        conversation.slots = {**conversation.slots, **slots}
        conversation.is_ahead = True

    def read_slots(self, pseudonym: str) -> Mapping[str, Any]:
        """The slots kept of a conversation, if it has not expired."""
        conversation = self._conversations.get(pseudonym)
        if conversation is None or self._clock() - conversation.last_used >= _SESSION:
            return {}
        return conversation.slots

    def keep_slots(self, pseudonym: str, slots: Mapping[str, Any]) -> None:
        """Keep these slots of a conversation, in place of those kept before."""
        if conversation := self._conversations.get(pseudonym):
            conversation.slots = slots

    def find_slots_to_restore(self, pseudonym: str) -> Mapping[str, Any]:
        """The slots of a conversation that Rasa has lost or fell behind; empty if it has not."""
        conversation = self._conversations.get(pseudonym)
        if conversation and (conversation.is_lost or conversation.is_ahead):
            return conversation.slots
        return {}

    def note_number(self, pseudonym: str, number: int | None) -> None:
        """Note the number of the message that Rasa has just read; None for one without."""
        if conversation := self._conversations.get(pseudonym):
            conversation.last_number = number

    def is_last(self, pseudonym: str, generation: int, number: int | None) -> bool:
        """Whether the Rasa of this `generation` read that message, and none after it."""
        conversation = self._conversations.get(pseudonym)
        if conversation is None or number is None or conversation.generation != generation:
            return False
        return conversation.last_number == number

    def take_loss(self, pseudonym: str) -> bool:
        """Whether a restart of Rasa lost the conversation, once its slots are restored.

        True once for each loss.
        """
        conversation = self._conversations.get(pseudonym)
        if conversation is None:
            return False
        conversation.is_ahead = False
        if not conversation.is_lost:
            return False
        conversation.is_lost = False
        return True

    def remove_conversation(self, pseudonym: str) -> bool:
        """Remove a conversation. True if it was there; the caller then erases it."""
        return self._conversations.pop(pseudonym, None) is not None

    def remove_expired(self) -> None:
        """Remove the slots of expired sessions, and conversations that Rasa has forgotten."""
        now = self._clock()
        for pseudonym, conversation in list(self._conversations.items()):
            age = now - conversation.last_used
            if age < _SESSION:
                break
            conversation.slots = {}
            if age >= _RETENTION:
                del self._conversations[pseudonym]

    def _renew(self, pseudonym: str, generation: int) -> _Conversation:
        """The conversation, as the one used last; a new one if it has expired."""
        now = self._clock()
        conversation = self._conversations.pop(pseudonym, None)
        if conversation is None or now - conversation.last_used >= _SESSION:
            conversation = _Conversation(generation, now)
        conversation.last_used = now
        self._conversations[pseudonym] = conversation
        return conversation

    def __len__(self) -> int:
        return len(self._conversations)
