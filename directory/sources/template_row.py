"""One row of the CSV template, read cell by cell into a listing.

Owns the meaning of each column. Every fault names its column.
"""

from collections.abc import Callable, Collection
from typing import Any

from directory.listing import (
    ASSETS,
    KINDS,
    REPEATS,
    STATUSES,
    STRANDS,
    Listing,
    Place,
    Schedule,
)
from directory.places import normalise_postcode
from directory.sources.csv_cells import (
    read_cost_cell,
    read_date_cell,
    read_days_cell,
    read_email_cell,
    read_website_cell,
)
from directory.sources.fields import Faults, may_be_confidential, read_age, read_point, read_time

REQUIRED = ("name", "kind", "description")
_YES_OR_NO = {"yes": True, "y": True, "true": True, "no": False, "n": False, "false": False}


class TemplateRow:
    """The cells of one row by column, with all faults, each naming its column."""

    def __init__(self, cells: dict[str, str], faults: Faults) -> None:
        self._cells = cells
        self._faults = faults

    def read(self, key: str) -> Listing:
        """The listing; a field whose cell has a fault is empty."""
        for column in REQUIRED:
            if not self._text(column):
                self._faults.reject(f"column {column!r} is empty")
        confidential = self._flag("confidential") or may_be_confidential(self._text("confidential"))
        return Listing(
            key=key,
            name=self._text("name"),
            kind=self._choice("kind", KINDS).replace(" ", "_"),
            description=self._text("description"),
            organisation=self._text("organisation"),
            strands=self._choices("strands", STRANDS),
            assets=self._choices("assets", ASSETS),
            topics=self._texts("topics"),
            website=self._website(),
            email=self._value("email", read_email_cell, "an address such as tea@example.org") or "",
            phone=self._text("phone"),
            # Left unread, because a fault in a coordinate would quote it.
            places=() if confidential else self._places(),
            covers=self._text("covers"),
            online=self._flag("online"),
            schedules=self._schedules(),
            cost=self._text("cost"),
            cost_amount=self._value(
                "cost_amount", read_cost_cell, "an amount in pounds such as 2.50"
            ),
            accessibility=self._texts("accessibility"),
            audience=self._texts("audience"),
            minimum_age=self._age("minimum_age"),
            maximum_age=self._age("maximum_age"),
            eligibility=self._text("eligibility"),
            how_to_join=self._text("how_to_join"),
            languages=self._texts("languages"),
            skills_wanted=self._texts("skills_wanted"),
            commitment=self._text("commitment"),
            status=self._choice("status", STATUSES) or "open",
            alert=self._text("alert"),
            confidential=confidential,
            assured_date=self._value("assured_date", read_date_cell, "a date such as 2026-10-01"),
        )

    def _text(self, column: str) -> str:
        return self._cells.get(column, "")

    def _texts(self, column: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in self._text(column).split(";") if part.strip())

    def _choice(self, column: str, allowed: Collection[str]) -> str:
        value = self._text(column).lower()
        if value and value not in allowed and value.replace(" ", "_") not in allowed:
            self._faults.reject(
                f"column {column!r} says {value[:40]!r}; use one of {', '.join(allowed)}"
            )
            return ""
        return value

    def _choices(self, column: str, allowed: Collection[str]) -> tuple[str, ...]:
        values = tuple(text.lower().replace(" ", "_") for text in self._texts(column))
        if wrong := [value for value in values if value not in allowed]:
            self._faults.reject(
                f"column {column!r} says {wrong[0][:40]!r}; use {', '.join(allowed)}"
            )
            return ()
        return values

    def _age(self, column: str) -> int | None:
        text = self._text(column)
        return self._faults.read(read_age, text, f"column {column!r}", default=None)

    def _flag(self, column: str) -> bool:
        text = self._text(column).lower()
        if text and text not in _YES_OR_NO:
            self._faults.reject(f"column {column!r} says {text[:40]!r}; write yes or no")
        return _YES_OR_NO.get(text, False)

    def _value(self, column: str, read: Callable[[str], Any], expected: str) -> Any:
        text = self._text(column)
        value = read(text) if text else None
        if text and value is None:
            self._faults.reject(f"column {column!r} says {text[:40]!r}; write {expected}")
        return value

    def _website(self) -> str:
        expected = "an address such as https://example.org"
        return str(self._value("website", read_website_cell, expected) or "")

    def _places(self) -> tuple[Place, ...]:
        place = Place(
            venue=self._text("venue"),
            address=self._text("address"),
            neighbourhood=self._text("neighbourhood"),
            postcode=normalise_postcode(self._text("postcode")),
            point=self._faults.read(
                read_point, self._text("latitude"), self._text("longitude"), default=None
            ),
        )
        return () if place == Place() else (place,)

    def _schedules(self) -> tuple[Schedule, ...]:
        days = self._value("days", read_days_cell, "days such as Tuesday; Thursday") or ()
        starts = self._value("starts", read_date_cell, "a date such as 2026-10-01")
        ends = self._value("ends", read_date_cell, "a date such as 2026-10-01")
        if starts and ends and ends < starts:
            self._faults.reject("column 'ends' is before column 'starts'")
        opens, closes = (
            self._value(column, read_time, "a time such as 09:30")
            for column in ("start_time", "end_time")
        )
        if opens and closes and closes < opens:
            self._faults.reject("column 'end_time' is before column 'start_time'")
        schedule = Schedule(
            days=days,
            repeats=self._choice("repeats", REPEATS),
            opens_at=opens,
            closes_at=closes,
            description=self._text("when"),
            starts=starts,
            ends=ends,
        )
        if schedule.repeats in ("once", "monthly") and not starts:
            self._faults.reject("column 'starts' is empty; add the date of the first session")
        return () if schedule == Schedule() else (schedule,)
