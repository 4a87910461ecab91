"""The tables of a release, as rows of typed columns: what CSV, Parquet and the report are made of.

Owns the lines of each table and which of them are sums. A sum is made by `disclosure.total` from
cells that stand in the same table, so it says no more than they do.
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
#: In the place of an answer's code where a line adds up all answers.
ALL = "all"

Value = str | int | float | None
Row = tuple[Value, ...]


@dataclass(frozen=True)
class Table:
    """A sheet and its rows, each with a value for every column; None is an empty cell."""

    sheet: TableSchema
    rows: tuple[Row, ...]

    def records(self) -> list[dict[str, Value]]:
        """Each row by the names of its columns."""
        return [dict(zip(self.sheet.names, row, strict=True)) for row in self.rows]


def write_tables(figures: Figures, headlines: Sequence[HeadlineRow]) -> tuple[Table, ...]:
    """Every table of a release, in the order in which they are listed."""
    usefulness = () if figures.usefulness is None else (figures.usefulness,)
    needs = figures.measure(UNMET_NEED) if figures.needs else None
    return (
        Table(CHECKINS, tuple(_counted(figures, figures.blocks, totals=True))),
        Table(HEADLINES, tuple(map(_headline, headlines))),
        Table(UNMET_NEEDS, tuple(_needs(figures, needs) if needs else ())),
        Table(USEFULNESS, tuple(_counted(figures, usefulness, totals=False))),
        Table(
            LISTINGS,
            tuple((one.area, one.strand, one.listings) for one in figures.supply),
        ),
        Table(NATIONAL, tuple(_national())),
    )


def _counted(figures: Figures, blocks: Sequence[Block], *, totals: bool) -> Iterator[Row]:
    """The lines of each block, and after the last block of a measure those of all its groups."""
    last = {(block.measure, block.dimension): block for block in blocks}
    for block in blocks:
        measure = figures.measure(block.measure)
        start = (figures.period.name, block.dimension)
        yield from _lines(start, block.group, measure, [block.cells])
        if totals and block is last[block.measure, block.dimension]:
            alike = [
                one.cells
                for one in blocks
                if (one.measure, one.dimension) == (block.measure, block.dimension)
            ]
            yield from _lines(start, ALL_GROUPS[block.dimension], measure, alike, groups=True)


def _lines(
    start: tuple[str, Dimension],
    group: str,
    measure: Measure,
    blocks: Sequence[Sequence[Cell]],
    *,
    groups: bool = False,
) -> Iterator[Row]:
    question = (measure.code, measure.text)
    for place, answer in enumerate(measure.answers):
        rate = compute_rate(blocks, {place})
        count = total(cells[place] for cells in blocks) if groups else blocks[0][place]
        sums = "groups" if groups else "none"
        yield (*start, group, sums, *question, *answer, *_cell(count), *_rate(rate))
    everybody = total(cell for cells in blocks for cell in cells)
    sums = "both" if groups else "answers"
    written = _cell(everybody)
    yield (*start, group, sums, *question, ALL, ALL_ANSWERS, *written, *written, None, None, None)


def _headline(row: HeadlineRow) -> Row:
    return (
        row.period.name,
        row.dimension,
        row.group,
        "groups" if row.is_total else "none",
        row.headline.code,
        row.headline.words,
        *_cell(row.rate.count),
        *_rate(row.rate),
    )


def _needs(figures: Figures, measure: Measure) -> Iterator[Row]:
    name = figures.period.name
    for block in figures.needs:
        for topic, cell in zip(measure.answers, block.cells, strict=True):
            yield (name, block.group, "none", *topic, *_cell(cell))
        yield (name, block.group, "answers", ALL, ALL_TOPICS, *_cell(total(block.cells)))
    for place, topic in enumerate(measure.answers):
        everywhere = total(block.cells[place] for block in figures.needs)
        yield (name, ALL_GROUPS["area"], "groups", *topic, *_cell(everywhere))
    everything = total(cell for block in figures.needs for cell in block.cells)
    yield (name, ALL_GROUPS["area"], "both", ALL, ALL_TOPICS, *_cell(everything))


def _national() -> Iterator[Row]:
    book = load_headlines()
    for headline in book.headlines:
        for one in headline.national:
            yield (headline.code, headline.words, one.year, one.figure, one.percent, one.source)
    for other in book.context:
        yield (None, other.words, other.year, other.figure, None, other.source)


def _cell(cell: Cell) -> tuple[int | None, str]:
    return cell.count, cell.mark.value


def _rate(rate: Rate) -> Row:
    return (*_cell(rate.base), rate.percent, rate.low, rate.high)
