"""`README.txt`: the contents of a release folder and how to read them.

Must never contain a number about people: only rules, wording and names.
"""

import textwrap
from collections.abc import Iterator, Sequence

from checkins.figures import Figures
from checkins.outputs.method_text import (
    BURSTS,
    FICTIONAL,
    OVERLAP,
    RANGES,
    WHO,
    describe_policy,
    describe_rates,
    list_marks,
)
from checkins.outputs.period_labels import describe_days, describe_period
from checkins.outputs.release_tables import Table
from checkins.outputs.table_schemas import SUMS


def write_readme(figures: Figures, tables: Sequence[Table]) -> str:
    """The whole file, ending with a newline."""
    return "\n\n".join(map(_wrap, _paragraphs(figures, tables))) + "\n"


def _paragraphs(figures: Figures, tables: Sequence[Table]) -> Iterator[str]:
    yield f"Check-ins on belonging and loneliness, {describe_period(figures.period)}"
    if figures.fictional:
        yield FICTIONAL.upper()
    first, last = describe_days(figures.period)
    yield (
        f"Answers that people gave in a chat from {first} to {last}: whole weeks, "
        f"{figures.period.first_week} to {figures.period.last_week} (ISO 8601)."
    )
    yield WHO
    if figures.has_bursts:
        yield BURSTS
    yield f"Areas shown: {_join_names(figures.areas_shown)}."
    yield f"Areas left out: {_join_names(figures.areas_left_out)}."
    yield f"Age bands left out: {_join_names(figures.age_bands_left_out)}."
    yield f"Question sets and versions: {_join_names(figures.question_sets)}."
    yield "FILES"
    yield _make_list(
        "report.html: the whole release as a page, to read in any browser and to print.",
        *(
            f"{table.schema.name}.csv, {table.schema.name}.parquet: {table.schema.about}"
            for table in tables
        ),
        "datapackage.json: every column, mark and question, with types and rules, as a Data "
        "Package (version 2).",
    )
    yield "HOW TO READ THE TABLES"
    yield "An empty count is never a zero. The mark in the next column says what it means:"
    yield _make_list(*(f"{mark}: {meaning}." for mark, meaning in list_marks(figures.policy)))
    yield "The column sum_of shows which lines are sums. Leave those out of your own sums:"
    yield _make_list(*(f"{name}: {meaning}." for name, meaning in SUMS.items()))
    yield "A person who gave their age is counted once by area and once by age: never add the two."
    yield f"THE RULES ({figures.policy.value})"
    yield _make_list(*describe_policy(figures.policy))
    yield OVERLAP
    yield describe_rates(figures.policy)
    yield RANGES
    yield "THE QUESTIONS, WORD FOR WORD"
    for measure in figures.measures:
        yield f"{measure.code}: {measure.text}\n  " + " / ".join(
            text for _, text in measure.answers
        )


def _make_list(*points: str) -> str:
    return "\n".join(f"- {point}" for point in points)


def _join_names(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"


def _wrap(paragraph: str) -> str:
    return "\n".join(
        textwrap.fill(
            line,
            88,
            subsequent_indent="  " if line.startswith(("- ", "  ")) else "",
            break_long_words=False,
        )
        for line in paragraph.split("\n")
    )
