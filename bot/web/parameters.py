"""The parameters that published lists take, and what is said of those that cannot be read.

Owns their types and limits, as the API's own document tells them; the desk's pages share some.
"""

import math
from datetime import UTC, datetime, time
from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BeforeValidator, Field, WithJsonSchema

from directory.listing import DAYS
from directory.publishing.filters import ServiceFilter
from directory.text import drop_unprintable

MOST_A_PAGE = 500
_MOST_PAGES = 1_000_000
_MOST_METRES = 2_000_000
_CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_DAY_NAMES = {
    spelt: day
    for day, code in zip(DAYS, _CODES, strict=True)
    for spelt in (day, day.lower(), day[:3], code)
}
_CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"

Words = Annotated[str, Query(max_length=200), BeforeValidator(lambda text: drop_unprintable(text))]
Identity = Annotated[str, Query(max_length=100), BeforeValidator(lambda text: text.strip("\x00"))]
# What a listing's number can be, in a path or a query: a database has no more.
Number = Annotated[int, Field(ge=1, le=2**31 - 1)]
# A note's is made by chance, and longer.
NoteNumber = Annotated[int, Field(ge=0, le=2**63 - 1)]
PageNumber = Annotated[int, Query(ge=1, le=_MOST_PAGES)]
PageSize = Annotated[int, Query(ge=1, le=MOST_A_PAGE)]
Form = Literal["json", "ndjson"]
Age = Annotated[float | None, Query(allow_inf_nan=False)]
Clock = Annotated[str, Query(pattern=_CLOCK)]


def _read_moment(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    # A plus sign in an address is a space to those who decode it.
    moment = datetime.fromisoformat(value.strip().replace(" ", "+").replace("t", "T"))
    if moment.tzinfo is None:
        return moment
    try:
        return moment.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        return datetime.min if moment.year == 1 else datetime.max


Moment = Annotated[
    datetime | None,
    BeforeValidator(_read_moment),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


def ask(
    search: Annotated[Words, Query(description="Words that must all occur.")] = "",
    taxonomy_term_id: Identity = "",
    taxonomy_id: Identity = "",
    organization_id: Identity = "",
    minimum_age: Age = None,
    maximum_age: Age = None,
    start_time: Clock | None = None,
    end_time: Clock | None = None,
    day: Annotated[Literal[tuple(_DAY_NAMES)] | None, Query()] = None,  # type: ignore[valid-type]
    status: Literal["active", "inactive", "temporarily closed"] | None = None,
    modified_after: Annotated[Moment, Query()] = None,
    postcode: Annotated[
        Identity, Query(description="A postcode or its first half that is known here.")
    ] = "",
    proximity: Annotated[
        float | None,
        Query(
            ge=0,
            le=_MOST_METRES,
            allow_inf_nan=False,
            description="Metres from the middle of `postcode`; without one it asks nothing.",
        ),
    ] = None,
) -> tuple[ServiceFilter, float | None]:
    """What a list is asked for, and the metres from the postcode, whose middle is to be found."""
    asked = ServiceFilter(
        search=search,
        taxonomy_term_id=taxonomy_term_id,
        taxonomy_id=taxonomy_id,
        organization_id=organization_id,
        minimum_age=minimum_age,
        maximum_age=maximum_age,
        start_time=time.fromisoformat(start_time) if start_time else None,
        end_time=time.fromisoformat(end_time) if end_time else None,
        day=_DAY_NAMES.get(day or "", ""),
        status=status or "",
        modified_after=modified_after,
        postcode=postcode.strip(),
    )
    return asked, proximity


Asking = Annotated[tuple[ServiceFilter, float | None], Depends(ask)]

_SENTENCES = {
    "page": "a whole number, 1 or more",
    "per_page": f"a whole number from 1 to {MOST_A_PAGE}",
    "limit": "a whole number from 1 to 100",
    "minimum_age": "a number of years",
    "maximum_age": "a number of years",
    "age": "a whole number of years from 0 to 120",
    "start_time": "a time such as 09:30",
    "end_time": "a time such as 17:00",
    "day": "a day such as Tuesday or TU",
    "status": "active, inactive or temporarily closed",
    "modified_after": "a moment such as 2026-10-01T09:30:00Z",
    "proximity": f"a number of metres from 0 to {_MOST_METRES}",
    "format": "one of the forms that docs/reference/publishing.md names",
    "within": "a number of miles from 0 to 100",
    "strand": "one of the strands that docs/reference/publishing.md names",
    "need": "one of the needs that docs/reference/publishing.md names",
    "kind": "group, service, volunteering or have_a_say",
}


_FLAGS = "full full_service minimal free nearest this_week facets".split()


def explain(error: RequestValidationError) -> str:
    """One sentence on the first parameter that is wrong. Never quotes what was sent."""
    # Of one that may be given several times, the last part is its place among them.
    wrong = error.errors()[0]
    name = next(str(part) for part in wrong["loc"][1:])
    if wrong["type"] == "missing":
        return f"The parameter {name} is needed."
    flag = "true or false" if name in _FLAGS else ""
    meant = _SENTENCES.get(name) or flag or "shorter"
    return f"The parameter {name} must be {meant}."


def find_root(request: Request, base_url: str) -> str:
    """Where the program is reached: at `base_url`, or where this request came; no slash ends it."""
    return base_url.rstrip("/") or str(request.base_url).rstrip("/")


def count_pages(total: int, size: int) -> int:
    return math.ceil(total / size)
