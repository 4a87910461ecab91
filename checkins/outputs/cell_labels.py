"""Cells and rates as text for the report.

Owns the labels of values that are not shown, so that suppressed, withheld, not asked and zero
are always distinct, printed or read aloud.
"""

from collections.abc import Mapping

from checkins.disclosure import Cell, Mark
from checkins.outputs.rates import Rate

_LABELS = {
    Mark.SUPPRESSED: "1 to 7",
    Mark.WITHHELD: "withheld",
    Mark.NOT_ASKED: "not asked",
}


def format_count(count: int | None, mark: str) -> str:
    """As "15", "15+" (a partial sum), "0", "1 to 7", "withheld" or "not asked"."""
    if count is None:
        return _LABELS[Mark(mark)]
    return f"{count:,}+" if mark == Mark.PARTIAL else f"{count:,}"


def format_cell(cell: Cell) -> str:
    """The cell, in the format of `format_count`."""
    return format_count(cell.count, cell.mark)


def format_share(line: Mapping[str, str | int | float | None]) -> str:
    """The percentage in a line of a table, in the format of `format_percent`."""
    if line["percent"] is None:
        count = line["count"]
        return format_count(count if isinstance(count, int) else None, str(line["mark"]))
    is_partial = line["base_mark"] == Mark.PARTIAL and line["mark"] != Mark.ZERO
    about = "about " if is_partial else ""
    return f"{about}{line['percent']}%"


def format_percent(rate: Rate) -> str:
    """As "57%", "about 57%", or the label of the count if there is no percentage."""
    if rate.percent is None:
        if rate.count.mark is Mark.WITHHELD and rate.low is not None:
            return "not shown"
        return format_cell(rate.count) + (" people" if rate.count.mark is Mark.SUPPRESSED else "")
    if rate.percent == 0 and rate.count.count:
        return "under 1%"
    return f"about {rate.percent}%" if rate.is_partial else f"{rate.percent}%"


def format_range(rate: Rate) -> str:
    """As "50% to 63%", or empty if there is no range."""
    return "" if rate.low is None else f"{rate.low}% to {rate.high}%"
