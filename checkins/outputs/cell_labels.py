"""How the report says a cell and a rate.

Owns the words for what is not shown, so that suppressed, withheld, not asked and zero never look
alike, on paper or read aloud.
"""

from collections.abc import Mapping

from checkins.disclosure import Cell, Mark
from checkins.outputs.rates import Rate

_UNSHOWN = {
    Mark.SUPPRESSED: "1 to 7",
    Mark.WITHHELD: "withheld",
    Mark.NOT_ASKED: "not asked",
}


def format_count(count: int | None, mark: str) -> str:
    """As "15", "15+" (with something missing), "0", "1 to 7", "withheld" or "not asked"."""
    if count is None:
        return _UNSHOWN[Mark(mark)]
    return f"{count:,}+" if mark == Mark.PARTIAL else f"{count:,}"


def format_cell(cell: Cell) -> str:
    """As `tell_count`."""
    return format_count(cell.count, cell.mark)


def format_share(line: Mapping[str, str | int | float | None]) -> str:
    """The percentage in a line of a table, as `tell_percent`."""
    if line["percent"] is None:
        count = line["count"]
        return format_count(count if isinstance(count, int) else None, str(line["mark"]))
    unsure = line["base_mark"] == Mark.PARTIAL and line["mark"] != Mark.ZERO
    about = "about " if unsure else ""
    return f"{about}{line['percent']}%"


def format_percent(rate: Rate) -> str:
    """As "57%", "about 57%" or what stands in its place."""
    if rate.percent is None:
        if rate.count.mark is Mark.WITHHELD and rate.low is not None:
            return "not shown"
        return format_cell(rate.count) + (" people" if rate.count.mark is Mark.SUPPRESSED else "")
    if rate.percent == 0 and rate.count.count:
        return "under 1%"
    return f"about {rate.percent}%" if rate.is_partial else f"{rate.percent}%"


def format_range(rate: Rate) -> str:
    """As "50% to 63%", or empty where there is none."""
    return "" if rate.low is None else f"{rate.low}% to {rate.high}%"
