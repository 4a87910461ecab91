"""The tables of a release as typed rows, from which CSV, Parquet and the report are made.

Owns the lines of each table, and which lines are sums. `disclosure.total` makes a sum from cells
of the same table, so it reveals no more than they do.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from checkins.disclosure import Cell, total
from checkins.figures import UNMET_NEED, Block, Dimension, Figures, Measure
from checkins.outputs.headlines import ALL_GROUPS, HeadlineRow, load_headlines
from checkins.outputs.rates import Rate, compute_rate
from checkins.outputs.table_schemas import (
    CHECKINS,
    HEADLINES,
    LISTINGS,
    NATIONAL,
    UNMET_NEEDS,
    USEFULNESS,
    TableSchema,
)

ALL_ANSWERS = "All answers shown"
ALL_TOPICS = "All topics shown"
#: The answer code in a line that adds up all answers.
ALL = "all"

Value = str | int | float | None
Row = tuple[Value, ...]


@dataclass(frozen=True)
class Table:
    """A schema and its rows, each with a value for every column; None is an empty cell."""

    schema: TableSchema
    rows: tuple[Row, ...]

    def records(self) -> list[dict[str, Value]]:
        """Each row as a dictionary by column name."""
        return [dict(zip(self.schema.names, row, strict=True)) for row in self.rows]


def write_tables(figures: Figures, headlines: Sequence[HeadlineRow]) -> tuple[Table, ...]:
    """Every table of a release, in the order of the code book."""
    usefulness = () if figures.usefulness is None else (figures.usefulness,)
    needs = figures.get_measure(UNMET_NEED) if figures.needs else None
    return (
        Table(CHECKINS, tuple(_make_answer_rows(figures, figures.blocks, totals=True))),
        Table(HEADLINES, tuple(map(_make_headline_row, headlines))),
        Table(UNMET_NEEDS, tuple(_make_need_rows(figures, needs) if needs else ())),
        Table(USEFULNESS, tuple(_make_answer_rows(figures, usefulness, totals=False))),
        Table(
            LISTINGS,
            tuple((count.area, count.strand, count.listings) for count in figures.listing_counts),
        ),
        Table(NATIONAL, tuple(_make_national_rows())),
    )


def _make_answer_rows(figures: Figures, blocks: Sequence[Block], *, totals: bool) -> Iterator[Row]:
    """The lines of each block, and the totals after the last block of each measure."""
    last = {(block.measure, block.dimension): block for block in blocks}
    for block in blocks:
        measure = figures.get_measure(block.measure)
        start = (figures.period.name, block.dimension)
        yield from _make_lines(start, block.group, measure, [block.cells])
        if totals and block is last[block.measure, block.dimension]:
            same_measure = [
                sibling.cells
                for sibling in blocks
                if (sibling.measure, sibling.dimension) == (block.measure, block.dimension)
            ]
            yield from _make_lines(
                start, ALL_GROUPS[block.dimension], measure, same_measure, groups=True
            )


def _make_lines(
    start: tuple[str, Dimension],
    group: str,
    measure: Measure,
    blocks: Sequence[Sequence[Cell]],
    *,
    groups: bool = False,
) -> Iterator[Row]:
    question = (measure.code, measure.text)
    for index, answer in enumerate(measure.answers):
        rate = compute_rate(blocks, {index})
        count = total(cells[index] for cells in blocks) if groups else blocks[0][index]
        sums = "groups" if groups else "none"
        yield (*start, group, sums, *question, *answer, *_format_cell(count), *_format_rate(rate))
    all_answers = total(cell for cells in blocks for cell in cells)
    sums = "both" if groups else "answers"
    count_columns = _format_cell(all_answers)
    yield (
        *start,
        group,
        sums,
        *question,
        ALL,
        ALL_ANSWERS,
        *count_columns,
        *count_columns,
        None,
        None,
        None,
    )


def _make_headline_row(row: HeadlineRow) -> Row:
    return (
        row.period.name,
        row.dimension,
        row.group,
        "groups" if row.is_total else "none",
        row.headline.code,
        row.headline.words,
        *_format_cell(row.rate.count),
        *_format_rate(row.rate),
    )


def _make_need_rows(figures: Figures, measure: Measure) -> Iterator[Row]:
    name = figures.period.name
    for block in figures.needs:
        for topic, cell in zip(measure.answers, block.cells, strict=True):
            yield (name, block.group, "none", *topic, *_format_cell(cell))
        yield (name, block.group, "answers", ALL, ALL_TOPICS, *_format_cell(total(block.cells)))
    for index, topic in enumerate(measure.answers):
        everywhere = total(block.cells[index] for block in figures.needs)
        yield (name, ALL_GROUPS["area"], "groups", *topic, *_format_cell(everywhere))
    everything = total(cell for block in figures.needs for cell in block.cells)
    yield (name, ALL_GROUPS["area"], "both", ALL, ALL_TOPICS, *_format_cell(everything))


def _make_national_rows() -> Iterator[Row]:
    book = load_headlines()
    for headline in book.headlines:
        for figure in headline.national:
            yield (
                headline.code,
                headline.words,
                figure.year,
                figure.figure,
                figure.percent,
                figure.source,
            )
    for context in book.context:
        yield (None, context.words, context.year, context.figure, None, context.source)


def _format_cell(cell: Cell) -> tuple[int | None, str]:
    return cell.count, cell.mark.value


def _format_rate(rate: Rate) -> Row:
    return (*_format_cell(rate.base), rate.percent, rate.low, rate.high)
