"""Reading single cells of the CSV template, as people type them.

Must never guess: a cell that cannot be read is None, and `template` reports its column.
"""

import re
from datetime import date

from directory.errors import RowError
from directory.listing import DAYS
from directory.sources.fields import read_amount, read_email, read_website

_SEPARATORS = re.compile(r"[;,/&+]|\band\b")
_DAY_GROUPS = {
    **dict.fromkeys(("weekday", "weekdays", "every weekday"), DAYS[:5]),
    **dict.fromkeys(("weekend", "weekends", "every weekend"), DAYS[5:]),
    **dict.fromkeys(("daily", "everyday", "every day"), DAYS),
}


def read_website_cell(text: str) -> str | None:
    """A web address."""
    return read_website(text) or None


def read_email_cell(text: str) -> str | None:
    """The first e-mail address in the cell."""
    try:
        return read_email(text) or None
    except RowError:
        return None


def read_cost_cell(text: str) -> float | None:
    """Pounds; "free" is 0."""
    return 0.0 if text.casefold() == "free" else read_amount(text)


def read_date_cell(text: str) -> date | None:
    """A date such as 2026-10-01."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def read_days_cell(text: str) -> tuple[str, ...] | None:
    """The days in a cell such as `Tue/Thu`, `Every Tuesday` or `weekdays`.

    None if any part of it is not a day: "every other Tuesday" is not every Tuesday.
    """
    days: list[str] = []
    for part in filter(None, (text.strip(" .") for text in _SEPARATORS.split(text.casefold()))):
        part_days = _DAY_GROUPS.get(part) or _find_days(
            part.removeprefix("every ").removesuffix("s")
        )
        if not part_days:
            return None
        days += part_days
    return tuple(dict.fromkeys(days))


def _find_days(word: str) -> tuple[str, ...]:
    # Two letters are enough to tell the days apart.
    return tuple(day for day in DAYS if len(word) >= 2 and day.casefold().startswith(word))
