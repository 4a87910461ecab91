"""The columns of every table, with their types, rules and meaning: the code book.

Owns names that stay the same from release to release. A column is never renamed, and an old one
never gets a new meaning: analysts' programs read them.
"""

from dataclasses import dataclass
from typing import Literal

from checkins.disclosure import Mark

Kind = Literal["string", "integer", "number"]

#: What each mark means, wherever one stands. An empty count is never a zero.
MARKS: dict[Mark, str] = {
    Mark.ROUNDED: "the count, rounded to the nearest 5",
    Mark.MIDPOINT: "the count, as the middle of a step of six (3 stands for 1 to 6, 9 for 7 "
    "to 12); in a sum, middles added up",
    Mark.ZERO: "nobody gave this answer",
    Mark.SUPPRESSED: "from 1 to 7; the count is empty",
    Mark.WITHHELD: "the whole question is left out in this group, and may hold zeros; "
    "in a sum, nothing in it can be shown",
    Mark.NOT_ASKED: "nobody in this group was asked",
    Mark.PARTIAL: "a sum with something missing that is not shown",
}

#: Which lines are sums of others in the same table: leave them out when you add up yourself.
SUMS: dict[str, str] = {
    "none": "a line of its own",
    "answers": "the sum of all answers in the group",
    "groups": "the sum of all groups shown",
    "both": "the sum of all answers in all groups shown",
}


@dataclass(frozen=True)
class Column:
    """One column. `values` are all that may stand in it, with their meaning; empty for any."""

    name: str
    kind: Kind
    about: str
    required: bool = True
    values: tuple[tuple[str, str], ...] = ()
    least: int | None = None
    most: int | None = None


@dataclass(frozen=True)
class TableSchema:
    """What a table is about. `key` names the columns that no two lines share."""

    name: str
    title: str
    about: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(column.name for column in self.columns)


_MARKS = tuple((mark.value, meaning) for mark, meaning in MARKS.items())
_PERIOD = Column("period", "string", "The period, such as 2026-Q4: whole weeks, see the package.")
_DIMENSION = Column(
    "dimension",
    "string",
    "What the groups are. Add up within one dimension only.",
    values=(("area", "a place on the operator's list"), ("age_band", "ages, where people said")),
)
_GROUP = Column("group", "string", "The area or age band, or that all of them are added up.")
_SUM_OF = Column(
    "sum_of",
    "string",
    "Whether the line is a sum of other lines, and of which.",
    values=tuple(SUMS.items()),
)
_COUNT = Column("count", "integer", "The count as the mark says; empty is no zero.", False, least=0)
_MARK = Column("mark", "string", "What the count means.", values=_MARKS)
_RATE = (
    Column(
        "base",
        "integer",
        "All answers shown in the group, which the percentage is of.",
        False,
        least=0,
    ),
    Column("base_mark", "string", "What the base means.", values=_MARKS),
    Column(
        "percent",
        "integer",
        "Count in percent of base. Where base_mark is partial, each suppressed answer is taken "
        "as 4, the middle of 1 to 7.",
        False,
        least=0,
        most=100,
    ),
    Column(
        "low",
        "integer",
        "The low end of the 95% Wilson interval, rounded down; where something is suppressed, "
        "the lowest that it allows.",
        False,
        least=0,
        most=100,
    ),
    Column(
        "high",
        "integer",
        "The high end of the 95% Wilson interval, rounded up; where something is suppressed, "
        "the highest that it allows.",
        False,
        least=0,
        most=100,
    ),
)
_COUNTED = (
    _PERIOD,
    _DIMENSION,
    _GROUP,
    _SUM_OF,
    Column("question", "string", "The question's code, which keeps its meaning."),
    Column("question_text", "string", "The question, word for word."),
    Column("answer", "string", "The answer's code, or all."),
    Column("answer_text", "string", "The answer, word for word."),
    _COUNT,
    _MARK,
    *_RATE,
)
_COUNTED_KEY = ("period", "dimension", "group", "sum_of", "question", "answer")

CHECKINS = TableSchema(
    "checkins",
    "Answers to the check-ins",
    "How many people gave each answer, by area and by age band.",
    _COUNTED,
    _COUNTED_KEY,
)
USEFULNESS = TableSchema(
    "usefulness",
    "Whether the chat was useful",
    "How many people, after a chat, gave each answer to whether it was useful.",
    _COUNTED,
    _COUNTED_KEY,
)
HEADLINES = TableSchema(
    "headlines",
    "Headline rates, now and earlier",
    "The rates that the report leads with, for this period and earlier ones of the same length. "
    "Each is worked out from checkins.csv of its own release.",
    (
        _PERIOD,
        _DIMENSION,
        _GROUP,
        _SUM_OF,
        Column("headline", "string", "The headline's code."),
        Column("headline_text", "string", "Of those who answered, how many ..."),
        _COUNT,
        _MARK,
        *_RATE,
    ),
    ("period", "dimension", "group", "sum_of", "headline"),
)
UNMET_NEEDS = TableSchema(
    "unmet_needs",
    "Searches that found nothing good",
    "How many searches found nothing good, by topic and area. One person may search many times.",
    (
        _PERIOD,
        Column("area", "string", "The area, or that all of them are added up."),
        _SUM_OF,
        Column("topic", "string", "The topic's code, or all."),
        Column("topic_text", "string", "The topic in words."),
        _COUNT,
        _MARK,
    ),
    ("period", "area", "sum_of", "topic"),
)
LISTINGS = TableSchema(
    "listings",
    "Listings by strand and area: the asset map",
    "How many groups, services and volunteering roles the directory lists, exact, since every "
    "listing is public; on the day that the release was made. A listing can count in several "
    "strands and areas; a line that is not there is none.",
    (
        Column("area", "string", "The area."),
        Column("strand", "string", "The family of community-centred approaches."),
        Column("listings", "integer", "How many; 0 is none.", least=0),
    ),
    ("area", "strand"),
)
NATIONAL = TableSchema(
    "national",
    "Figures for England, and others that are quoted",
    "Figures of others as they published them, with year and source. Do not multiply them into a "
    "claim about one place.",
    (
        Column("headline", "string", "The headline that it can be set beside, if any.", False),
        Column("about", "string", "What it is a figure of."),
        Column("year", "string", "The year that it is about, or of its publication."),
        Column("figure", "string", "As published."),
        Column("percent", "number", "The same as a number, where it is one.", False, least=0),
        Column("source", "string", "Who published it."),
    ),
    ("about", "year"),
)
