"""The helplines in `helplines.toml`.

Owns their loading and checking: a wrong file stops the start, not a conversation. Must never
fetch anything.
"""

import tomllib
from datetime import date, timedelta
from importlib.resources import files
from typing import Annotated, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from bot.messages import HelpLine
from bot.safety.patterns import Kind
from bot.settings import Nation

Purpose = Kind | Literal["unsure", "support"]
NATIONS: tuple[Nation, ...] = get_args(Nation)
_PURPOSES: tuple[Purpose, ...] = (*get_args(Kind), "unsure", "support")
# Six months, at their longest.
_CHECK_INTERVAL = timedelta(days=184)


class Helpline(BaseModel):
    """A phone number, its nations and purposes, and the day when it was last checked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    contact: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    link: Annotated[str, StringConstraints(pattern=r"^(tel:\d+|sms:\d+(\?body=\w+)?)$")]
    nations: tuple[Nation, ...] = Field(min_length=1)
    purposes: tuple[Purpose, ...] = Field(alias="for", min_length=1)
    checked_on: date

    @model_validator(mode="after")
    def _check_contact_matches_link(self) -> Self:
        dialled = "".join(c for c in self.link.partition("?")[0] if c.isdigit())
        if "".join(c for c in self.contact if c.isdigit()) != dialled:
            raise ValueError("the contact shows a different number from the link")
        return self


class Helplines(BaseModel):
    """All helplines, in the order in which they are shown."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    line: tuple[Helpline, ...]

    @model_validator(mode="after")
    def _check_every_purpose(self) -> Self:
        for nation in NATIONS:
            for purpose in _PURPOSES:
                contacts = {line.contact for line in self.find_lines(nation, purpose)}
                if not {"999", "116 123"} <= contacts:
                    raise ValueError(f"{nation}, {purpose}: 999 and 116 123 must be shown")
        return self

    def find_lines(self, nation: str, purpose: Purpose) -> tuple[HelpLine, ...]:
        """The helplines for a nation and a purpose. Raises KeyError for an unknown nation.

        For `support`, 999 comes last.
        """
        if nation not in NATIONS:
            raise KeyError(nation)
        lines = [line for line in self.line if nation in line.nations and purpose in line.purposes]
        if purpose == "support":
            lines.sort(key=lambda line: line.contact == "999")
        return tuple(HelpLine(line.name, line.contact, line.link) for line in lines)

    def list_stale(self, today: date) -> list[Helpline]:
        """The helplines that were last checked more than six months ago."""
        return [line for line in self.line if today - line.checked_on > _CHECK_INTERVAL]


def read_helplines(text: str) -> Helplines:
    """The helplines in the text of a TOML file. Raises ValueError that says what is wrong."""
    return Helplines.model_validate(tomllib.loads(text))


HELPLINES = read_helplines(files("bot.safety").joinpath("helplines.toml").read_text("utf-8"))
