"""Tells an ill Rasa from one that is only busy or starved of processor time.

Owns the rule when a silent Rasa counts as ill. Must never start or stop anything.
"""

from dataclasses import dataclass

_MAX_IDLE_FAILURES = 3
_MAX_SILENCE = 60.0  # in seconds


@dataclass
class Silence:
    """How Rasa's health checks have failed since it last answered anything.

    Times are in seconds, on any clock that never goes back.
    """

    began_at: float | None = None
    idle_failures: int = 0

    def end(self) -> None:
        """Note that Rasa answered."""
        self.began_at = None
        self.idle_failures = 0

    def note_failed_check(self, checked_at: float, *, was_idle: bool) -> None:
        """Note a check that began at `checked_at`. `was_idle`: Rasa had nothing else to do."""
        if self.began_at is None:
            self.began_at = checked_at
        self.idle_failures += was_idle

    def is_illness(self, now: float) -> bool:
        """Whether to restart Rasa: it failed several checks while idle, or was silent for long."""
        is_long = self.began_at is not None and now - self.began_at >= _MAX_SILENCE
        return is_long or self.idle_failures >= _MAX_IDLE_FAILURES
