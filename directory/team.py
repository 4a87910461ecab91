"""The navigators who maintain the directory, and how a resident can reach them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Team:
    """The team's contact details, worded by the team. Empty text means "not known"."""

    name: str = ""
    phone: str = ""
    email: str = ""
    hours: str = ""

    @property
    def contact(self) -> str:
        """Phone, email and hours, one a line; empty if there is neither phone nor email."""
        if not (self.phone or self.email):
            return ""
        return "\n".join(filter(None, (self.phone, self.email, self.hours)))
