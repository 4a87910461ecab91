"""Which conversations Rasa may remember, so that it is asked to forget those and no others.

Holds the keyed hashes that Rasa knows people by, in memory alone, as Rasa's own memory is: it is
started by this process, ends with it and hears of nobody but from here. Must never hold more.
"""

import time
from collections import Counter
from collections.abc import Callable

# Rasa forgets an hour after its last word, and that may come late.
_REMEMBERED = 2 * 3600.0


class ActiveConversations:
    """The conversations of the last two hours. `clock` tells seconds that never go back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # In the order of last use: when it was.
        self._used: dict[str, float] = {}
        self._under_way: Counter[str] = Counter()
        self._left: set[str] = set()

    def begin(self, pseudonym: str) -> None:
        """Note that something somebody said is being answered; `end` follows."""
        self._under_way[pseudonym] += 1

    def leave(self, pseudonym: str) -> None:
        """Note that somebody has left, perhaps before all that they said is answered."""
        if pseudonym in self._under_way:
            self._left.add(pseudonym)

    def end(self, pseudonym: str) -> bool:
        """Whether somebody left before the last of what they said was answered."""
        self._under_way[pseudonym] -= 1
        if self._under_way[pseudonym]:
            return False
        del self._under_way[pseudonym]
        left = pseudonym in self._left
        self._left.discard(pseudonym)
        return left

    def add(self, pseudonym: str) -> None:
        """Note that Rasa is about to hear of somebody."""
        now = self._clock()
        self._used.pop(pseudonym, None)
        self._used[pseudonym] = now
        while self._used[first := next(iter(self._used))] < now - _REMEMBERED:
            del self._used[first]

    def take(self, pseudonym: str) -> bool:
        """Whether Rasa may remember somebody; whoever asks sees to it that it is forgotten."""
        return self._used.pop(pseudonym, None) is not None

    def __len__(self) -> int:
        return len(self._used)
