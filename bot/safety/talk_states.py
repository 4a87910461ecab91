"""What is known of the danger in each conversation, for the hour that a conversation lasts.

Held in memory by pseudonym and forgotten with the conversation. Must never hold a word of it.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from bot.safety.guard import Label
from bot.safety.helplines import UNKNOWN_PERSON, Person, Topic
from bot.safety.patterns import Kind

_SESSION = 3600.0
"""Seconds after its last message until a conversation is forgotten, as by Rasa."""


@dataclass(frozen=True)
class TalkState:
    """The last danger of a conversation.

    `label` is the most serious so far. `kind`, `topics` and `person` are those of the danger;
    `turns_since` counts the typed messages after it.
    """

    label: Label = "none"
    kind: Kind | None = None
    topics: tuple[Topic, ...] = ()
    person: Person = UNKNOWN_PERSON
    turns_since: int = 0


class TalkStates:
    """The states of the conversations of the last hour. Safe to use from any thread.

    `clock` gives seconds and never goes back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        # By pseudonym, the least recently used first.
        self._states: OrderedDict[str, tuple[float, TalkState]] = OrderedDict()

    def read_state(self, pseudonym: str) -> TalkState:
        """The state of a conversation; an empty one if nothing is known."""
        with self._lock:
            self._remove_expired()
            return self._states[pseudonym][1] if pseudonym in self._states else TalkState()

    def keep_state(self, pseudonym: str, state: TalkState) -> None:
        """Keep the state of a conversation, unless it says nothing."""
        with self._lock:
            self._states.pop(pseudonym, None)
            if state != TalkState():
                self._states[pseudonym] = (self._clock(), state)

    def forget(self, pseudonym: str) -> None:
        """Forget a conversation."""
        with self._lock:
            self._states.pop(pseudonym, None)

    def _remove_expired(self) -> None:
        while self._states:
            pseudonym, (last_used, _) = next(iter(self._states.items()))
            if self._clock() - last_used < _SESSION:
                return
            del self._states[pseudonym]
