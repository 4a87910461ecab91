"""The conversations that Rasa may remember, so that only those are erased.

Holds the pseudonyms that Rasa knows people by, in memory only. That is enough, because Rasa keeps
conversations in memory too: this process starts and ends it, and is the only one that sends it
messages. Must never hold more than pseudonyms.
"""

import time
from collections import Counter
from collections.abc import Callable

# Rasa forgets an hour after the last message, and may be late.
_RETENTION = 2 * 3600.0


class ActiveConversations:
    """The conversations of the last two hours. `clock` gives seconds and never goes back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # When each conversation was last used, the least recent first.
        self._last_used: dict[str, float] = {}
        self._open_answers: Counter[str] = Counter()
        self._left: set[str] = set()

    def begin_answer(self, pseudonym: str) -> None:
        """Note that a message is being answered; `end_answer` must follow."""
        self._open_answers[pseudonym] += 1

    def mark_left(self, pseudonym: str) -> None:
        """Note that a person has left, perhaps before their last message is answered."""
        if pseudonym in self._open_answers:
            self._left.add(pseudonym)

    def end_answer(self, pseudonym: str) -> bool:
        """Note that a message is answered. True if the person left before their last answer."""
        self._open_answers[pseudonym] -= 1
        if self._open_answers[pseudonym]:
            return False
        del self._open_answers[pseudonym]
        has_left = pseudonym in self._left
        self._left.discard(pseudonym)
        return has_left

    def add_conversation(self, pseudonym: str) -> None:
        """Note that a message is about to be sent to Rasa."""
        now = self._clock()
        self._last_used.pop(pseudonym, None)
        self._last_used[pseudonym] = now
        while self._last_used[oldest := next(iter(self._last_used))] < now - _RETENTION:
            del self._last_used[oldest]

    def remove_conversation(self, pseudonym: str) -> bool:
        """Remove a conversation. True if it was there; the caller then erases it."""
        return self._last_used.pop(pseudonym, None) is not None

    def __len__(self) -> int:
        return len(self._last_used)
