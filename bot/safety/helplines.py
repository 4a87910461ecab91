"""The numbers to turn to at once, as `helplines.toml` has them.

Owns their loading and checking. Must never fetch anything: a number that cannot be read
at the start stops the start, not a conversation.
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
# Six months, as the long ones go.
_KEEPS = timedelta(days=184)


class Line(BaseModel):
    """One number, where and for what it holds, and when somebody last checked it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    contact: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    link: Annotated[str, StringConstraints(pattern=r"^(tel:\d+|sms:\d+(\?body=\w+)?)$")]
    nations: tuple[Nation, ...] = Field(min_length=1)
    purposes: tuple[Purpose, ...] = Field(alias="for", min_length=1)
    checked_on: date

    @model_validator(mode="after")
    def _shows_what_it_dials(self) -> Self:
        dialled = "".join(c for c in self.link.partition("?")[0] if c.isdigit())
        if "".join(c for c in self.contact if c.isdigit()) != dialled:
            raise ValueError("the contact shows another number than the link dials")
        return self


class Helplines(BaseModel):
    """All lines, in the order they are shown."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    line: tuple[Line, ...]

    @model_validator(mode="after")
    def _nobody_is_left_out(self) -> Self:
        for nation in NATIONS:
            for purpose in _PURPOSES:
                shown = {line.contact for line in self.lines(nation, purpose)}
                if not {"999", "116 123"} <= shown:
                    raise ValueError(f"{nation}, {purpose}: 999 and 116 123 must be shown")
        return self

    def lines(self, nation: str, purpose: Purpose) -> tuple[HelpLine, ...]:
        """The lines fit for a nation and a purpose. Raises KeyError for an unknown nation."""
        if nation not in NATIONS:
            raise KeyError(nation)
        fit = [line for line in self.line if nation in line.nations and purpose in line.purposes]
        if purpose == "support":
            fit.sort(key=lambda line: line.contact == "999")
        return tuple(HelpLine(line.name, line.contact, line.link) for line in fit)

    def list_stale(self, today: date) -> list[Line]:
        """Lines that nobody has checked for more than six months."""
        return [line for line in self.line if today - line.checked_on > _KEEPS]


def read_helplines(text: str) -> Helplines:
    """The lines in the text of a TOML file. Raises ValueError saying what is wrong."""
    return Helplines.model_validate(tomllib.loads(text))


HELPLINES = read_helplines(files("bot.safety").joinpath("helplines.toml").read_text("utf-8"))
