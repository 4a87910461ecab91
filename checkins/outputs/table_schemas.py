"""The schemas of the tables: every column with its type, constraints and description.

Owns the names of tables and columns. A column is never renamed and never changes its meaning,
because analysts' programs read it.
"""

from dataclasses import dataclass
from typing import Literal

from checkins.disclosure import Mark

Kind = Literal["string", "integer", "number"]

#: The meaning of each mark. An empty count is never a zero.
MARKS: dict[Mark, str] = {
    Mark.ROUNDED: "the count, rounded to the nearest 5",
    Mark.MIDPOINT: "the middle of a step of six counts (3 stands for 1 to 6, 9 for 7 to 12); "
    "in a sum, the sum of such middles",
    Mark.ZERO: "nobody gave this answer",
    Mark.SUPPRESSED: "a count from 1 to 7, which is left empty",
    Mark.WITHHELD: "the whole question is left out for this group, and some of its counts may be "
    "zero; in a sum, none of its parts can be shown",
    Mark.NOT_ASKED: "nobody in this group was asked this question",
    Mark.PARTIAL: "a sum that leaves out counts that are not shown",
}

#: Which lines are sums of other lines in the same table.
SUMS: dict[str, str] = {
    "none": "not a sum",
    "answers": "the sum of all answers in the group",
    "groups": "the sum of all groups shown",
    "both": "the sum of all answers in all groups shown",
}


@dataclass(frozen=True)
class Column:
    """One column. `values` are its permitted values with their labels; empty permits any value."""

    name: str
    kind: Kind
    about: str
    required: bool = True
    values: tuple[tuple[str, str], ...] = ()
    least: int | None = None
    most: int | None = None


@dataclass(frozen=True)
class TableSchema:
    """The schema of one table. `key` names the columns that identify a line."""

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
_PERIOD = Column(
    "period", "string", "The period, such as 2026-Q4, in whole weeks: see datapackage.json."
)
_DIMENSION = Column(
    "dimension",
    "string",
    "How people are grouped. Add up within one dimension only.",
    values=(
        ("area", "an area on the operator's list"),
        ("age_band", "an age band, for people who gave their age"),
    ),
)
_GROUP = Column("group", "string", "The area or age band, or the sum of all of them.")
_SUM_OF = Column(
    "sum_of",
    "string",
    "Whether the line is a sum of other lines, and of which.",
    values=tuple(SUMS.items()),
)
_COUNT = Column(
    "count", "integer", "The count, to be read with its mark. Empty is never zero.", False, least=0
)
_MARK = Column("mark", "string", "What the count means.", values=_MARKS)
_RATE = (
    Column(
        "base",
        "integer",
        "The sum of all answers shown in the group: the base of the percentage.",
        False,
        least=0,
    ),
    Column("base_mark", "string", "What the base means.", values=_MARKS),
    Column(
        "percent",
        "integer",
        "Count as a percentage of base. If base_mark is partial, each suppressed answer counts "
        "as 4, the middle of 1 to 7.",
        False,
        least=0,
        most=100,
    ),
    Column(
        "low",
        "integer",
        "The low end of the 95% Wilson interval, rounded down. If an answer is suppressed, "
        "the lowest end that is possible.",
        False,
        least=0,
        most=100,
    ),
    Column(
        "high",
        "integer",
        "The high end of the 95% Wilson interval, rounded up. If an answer is suppressed, "
        "the highest end that is possible.",
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
    Column("question", "string", "The question's code. Its meaning never changes."),
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
    "The headline rates of the report, for this period and earlier ones of the same length. "
    "Each is calculated from checkins.csv of its own release.",
    (
        _PERIOD,
        _DIMENSION,
        _GROUP,
        _SUM_OF,
        Column("headline", "string", "The headline's code."),
        Column(
            "headline_text", "string", "The share as text: 'Of those who answered, how many ...'."
        ),
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
        Column("area", "string", "The area, or the sum of all areas."),
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
    "How many groups, services and volunteering roles the directory listed on the day of the "
    "release. The counts are exact, because every listing is public. A listing can count in "
    "several strands and areas. A line that is missing means no listings.",
    (
        Column("area", "string", "The area."),
        Column("strand", "string", "The family of community-centred approaches."),
        Column("listings", "integer", "The number of listings.", least=0),
    ),
    ("area", "strand"),
)
NATIONAL = TableSchema(
    "national",
    "National and other published figures",
    "Figures as others published them, with year and source. Do not multiply them into a claim "
    "about one place.",
    (
        Column("headline", "string", "The headline to compare it with, if any.", False),
        Column("about", "string", "What the figure measures."),
        Column("year", "string", "The year of the figure, or of its publication."),
        Column("figure", "string", "As published."),
        Column(
            "percent", "number", "The figure as a number, if it is a percentage.", False, least=0
        ),
        Column("source", "string", "The publisher."),
    ),
    ("about", "year"),
)
