"""The answers that are being prepared, and whether their person has left meanwhile.

Holds pseudonyms, in memory only, for as long as an answer takes.
"""

from collections import Counter


class OpenAnswers:
    """Counts each person's open answers."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._left: set[str] = set()

    def begin(self, pseudonym: str) -> None:
        """Note that a message is being answered; `end` must follow."""
        self._counts[pseudonym] += 1

    def mark_left(self, pseudonym: str) -> None:
        """Note that a person has left, perhaps before their last message is answered."""
        if pseudonym in self._counts:
            self._left.add(pseudonym)

    def end(self, pseudonym: str) -> bool:
        """Note that a message is answered. True if the person left before their last answer."""
        self._counts[pseudonym] -= 1
        if self._counts[pseudonym]:
            return False
        del self._counts[pseudonym]
        has_left = pseudonym in self._left
        self._left.discard(pseudonym)
        return has_left
