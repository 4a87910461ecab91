"""The helplines in `helplines.toml`, and which of them fit a person.

Owns their loading and checking: a wrong file stops the start, not a conversation. Must never
fetch anything.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files
from typing import Annotated, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from bot.messages import HelpLine
from bot.safety.patterns import Kind
from bot.settings import Nation

Topic = Literal[
    "bullying", "exploitation", "forced_marriage", "modern_slavery", "elder_abuse",
    "rough_sleeping", "poisoning", "postnatal", "veterans", "lgbt", "deaf",
]  # fmt: skip
"""What a danger is about, or who is in it, beyond its kind."""
Purpose = Kind | Topic | Literal["unsure", "support"]
Ages = tuple[int, int]
"""The youngest and oldest that a person may be, in years."""

NATIONS: tuple[Nation, ...] = get_args(Nation)
PURPOSES: tuple[Purpose, ...] = (*get_args(Kind), *get_args(Topic), "unsure", "support")
MOST_LINES = 4
"""More numbers than these are harder to choose from than none."""
_EMERGENCY, _LISTENING = "999", "116 123"
# Six months, at their longest.
_CHECK_INTERVAL = timedelta(days=184)


@dataclass(frozen=True)
class Person:
    """Who may be in danger, as far as it is known.

    `ages` are those of the person who writes, `subject_ages` those of somebody they worry about.
    `is_about_other` is None while it is not known whom the danger is about.
    """

    ages: Ages | None = None
    is_about_other: bool | None = None
    subject_ages: Ages | None = None


UNKNOWN_PERSON = Person()


class Helpline(BaseModel):
    """A number, whom and what it is for, where it stands in public, and when it was checked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    contact: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    link: Annotated[
        str, StringConstraints(pattern=r"^(tel:\d+|sms:\d+(\?body=\w+)?|https://[\w.]+/)$")
    ]
    nations: tuple[Nation, ...] = Field(min_length=1)
    purposes: tuple[Purpose, ...] = Field(alias="for")
    for_known_age: tuple[Purpose, ...] = ()
    ages: Ages | None = None
    about: Literal["self", "other"] | None = None
    unless: tuple[Purpose, ...] = ()
    source: Annotated[str, StringConstraints(pattern=r"^[\w-]+(\.[\w-]+)+(/[\w./-]+)?$")]
    checked_on: date

    @model_validator(mode="after")
    def _check_contact_matches_link(self) -> Self:
        dialled = "".join(c for c in self.link.partition("?")[0] if c.isdigit())
        if "".join(c for c in self.contact if c.isdigit()) != dialled:
            raise ValueError("the contact shows a different number from the link")
        return self

    @model_validator(mode="after")
    def _check_purposes(self) -> Self:
        if not self.purposes and not self.for_known_age:
            raise ValueError("the number is for nothing")
        if self.for_known_age and not self.ages:
            raise ValueError("for_known_age needs ages")
        return self

    def fits(self, purposes: Sequence[Purpose], person: Person) -> bool:
        """Whether the number may be shown for any of the purposes."""
        if set(self.unless).intersection(purposes):
            return False
        # An adult who worries about a child is no child: its own age counts for Childline.
        ages = person.ages if self.about == "self" else person.subject_ages or person.ages
        if self.ages and ages:
            if not self.ages[0] <= ages[0] <= ages[1] <= self.ages[1]:
                return False
            return bool({*self.purposes, *self.for_known_age}.intersection(purposes))
        is_for_other_people = person.is_about_other is not None and (
            self.about == ("self" if person.is_about_other else "other")
        )
        return not is_for_other_people and bool(set(self.purposes).intersection(purposes))


class Helplines(BaseModel):
    """All helplines, in the order in which they are shown."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    line: tuple[Helpline, ...]

    @model_validator(mode="after")
    def _check_every_purpose(self) -> Self:
        for nation in NATIONS:
            for purpose in PURPOSES:
                contacts = {line.contact for line in self.find_lines(nation, purpose, "unsure")}
                expected = {"18000"} if purpose == "deaf" else {_EMERGENCY, _LISTENING}
                if not expected <= contacts:
                    raise ValueError(
                        f"{nation}, {purpose}: {' and '.join(sorted(expected))} must be shown"
                    )
        return self

    def find_lines(
        self, nation: str, *purposes: Purpose, person: Person = UNKNOWN_PERSON
    ) -> tuple[HelpLine, ...]:
        """At most MOST_LINES helplines of a nation. Raises KeyError if it is unknown.

        `purposes` begin with the one whose numbers come first. 999 leads, but for `support` it
        comes last.
        """
        if nation not in NATIONS:
            raise KeyError(nation)
        fitting = [
            line for line in self.line if nation in line.nations and line.fits(purposes, person)
        ]
        # Sorting is stable: within a rank the order of the file counts.
        fitting.sort(key=lambda line: _rank_line(line, purposes))
        always = [line for line in fitting if line.contact in (_EMERGENCY, _LISTENING)]
        others = [line for line in fitting if line not in always][: MOST_LINES - len(always)]
        lines = [line for line in fitting if line in always or line in others]
        if "support" in purposes:
            lines.sort(key=lambda line: line.contact == _EMERGENCY)
        return tuple(HelpLine(line.name, line.contact, line.link) for line in lines)

    def list_stale(self, today: date) -> list[Helpline]:
        """The helplines that were last checked more than six months ago."""
        return [line for line in self.line if today - line.checked_on > _CHECK_INTERVAL]


def _rank_line(line: Helpline, purposes: Sequence[Purpose]) -> int:
    """The lower, the earlier: 999, what is for this age, then by purpose."""
    if line.contact == _EMERGENCY:
        return -2
    if set(line.for_known_age).intersection(purposes):
        return -1
    return next(rank for rank, purpose in enumerate(purposes) if purpose in line.purposes)


def read_helplines(text: str) -> Helplines:
    """The helplines in the text of a TOML file. Raises ValueError that says what is wrong."""
    return Helplines.model_validate(tomllib.loads(text))


HELPLINES = read_helplines(files("bot.safety").joinpath("helplines.toml").read_text("utf-8"))
