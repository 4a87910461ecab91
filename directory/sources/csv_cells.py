"""Single cells of the CSV template, as people type them.

Must never guess: what cannot be read is None, and the template says which column it is.
"""

import re
from datetime import date

from directory.errors import RowError
from directory.listing import DAYS
from directory.sources.fields import read_amount, read_email, read_website

_BETWEEN = re.compile(r"[;,/&+]|\band\b")
_SEVERAL = {
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
    """The days of `DAYS` that a cell such as `Tue/Thu`, `Every Tuesday` or `weekdays` names.

    None if any part of it names none: "every other Tuesday" is not every one.
    """
    found: list[str] = []
    for part in filter(None, (one.strip(" .") for one in _BETWEEN.split(text.casefold()))):
        named = _SEVERAL.get(part) or _find_days(part.removeprefix("every ").removesuffix("s"))
        if not named:
            return None
        found += named
    return tuple(dict.fromkeys(found))


def _find_days(word: str) -> tuple[str, ...]:
    # Two letters tell all seven apart.
    return tuple(day for day in DAYS if len(word) >= 2 and day.casefold().startswith(word))
