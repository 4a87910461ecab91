"""Who keeps the directory: the navigators that a resident can turn to."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Team:
    """How to reach them, as they want it said. Empty text means "not known"."""

    name: str = ""
    phone: str = ""
    email: str = ""
    hours: str = ""
