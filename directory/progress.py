"""Reporting how far a long task has come."""

from collections.abc import Callable

Progress = Callable[[str, int, int | None], None]
"""Called with the name of the step, how much of it is done, and its total (None if unknown)."""


def no_progress(_step: str, _done: int, _total: int | None) -> None:
    """For callers that report nothing."""
