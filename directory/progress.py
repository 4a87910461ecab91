"""How those who wait are told how far something has come."""

from collections.abc import Callable

Progress = Callable[[str, int, int | None], None]
"""Told the name of the step, how much of it is done, and of how much (None: not known)."""


def no_progress(_step: str, _done: int, _total: int | None) -> None:
    """For callers with nobody watching."""
