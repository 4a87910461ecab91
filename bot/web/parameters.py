"""Request parameters: the types and limits of the published lists, and their error messages.

The API's OpenAPI document is built from these types. The desk's pages share some of them.
"""

import math
from datetime import UTC, datetime, time
from typing import Annotated, Any, Literal

from fastapi import Depends, Query
from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from directory.listing import DAYS
from directory.publishing.filters import ServiceFilter
from directory.text import drop_unprintable

MAX_PAGE_SIZE = 500
_MAX_PAGE_NUMBER = 1_000_000
_MAX_METRES = 2_000_000
_DAY_CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_DAY_NAMES = {
    spelling: day
    for day, code in zip(DAYS, _DAY_CODES, strict=True)
    for spelling in (day, day.lower(), day[:3], code)
}
_TIME_PATTERN = r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"

# The length counts before characters are dropped, as the OpenAPI document promises.
SearchText = Annotated[str, Query(max_length=200), AfterValidator(drop_unprintable)]
Identifier = Annotated[str, Query(max_length=100), AfterValidator(lambda text: text.strip("\x00"))]
# The id of a database record, in a path or a query, within a database's integer range.
RecordId = Annotated[int, Field(ge=1, le=2**31 - 1)]
# The id of a note is random and longer.
NoteId = Annotated[int, Field(ge=0, le=2**63 - 1)]
PageNumber = Annotated[int, Query(ge=1, le=_MAX_PAGE_NUMBER)]
PageSize = Annotated[int, Query(ge=1, le=MAX_PAGE_SIZE)]
OutputFormat = Literal["json", "ndjson"]
AgeParameter = Annotated[float | None, Query(allow_inf_nan=False)]
TimeOfDay = Annotated[str, Query(pattern=_TIME_PATTERN)]


def _parse_timestamp(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    # A plus sign in a URL is decoded as a space.
    timestamp = datetime.fromisoformat(value.strip().replace(" ", "+").replace("t", "T"))
    if timestamp.tzinfo is None:
        return timestamp
    try:
        return timestamp.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        return datetime.min if timestamp.year == 1 else datetime.max


Timestamp = Annotated[
    datetime | None,
    BeforeValidator(_parse_timestamp),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


def parse_filter(
    search: Annotated[SearchText, Query(description="Words that must all occur.")] = "",
    taxonomy_term_id: Identifier = "",
    taxonomy_id: Identifier = "",
    organization_id: Identifier = "",
    minimum_age: AgeParameter = None,
    maximum_age: AgeParameter = None,
    start_time: TimeOfDay | None = None,
    end_time: TimeOfDay | None = None,
    day: Annotated[Literal[tuple(_DAY_NAMES)] | None, Query()] = None,  # type: ignore[valid-type]
    status: Literal["active", "inactive", "temporarily closed"] | None = None,
    modified_after: Annotated[Timestamp, Query()] = None,
    postcode: Annotated[
        Identifier,
        Query(description="A postcode, or the first half of one, that the directory knows."),
    ] = "",
    proximity: Annotated[
        float | None,
        Query(
            ge=0,
            le=_MAX_METRES,
            allow_inf_nan=False,
            description="Metres from the centre of `postcode`; ignored without a postcode.",
        ),
    ] = None,
) -> tuple[ServiceFilter, float | None]:
    """The filter of a list, and the distance in metres from the centre of the postcode."""
    service_filter = ServiceFilter(
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
    return service_filter, proximity


FilterParameters = Annotated[tuple[ServiceFilter, float | None], Depends(parse_filter)]

_EXPECTED = {
    "page": "a whole number, 1 or more",
    "per_page": f"a whole number from 1 to {MAX_PAGE_SIZE}",
    "limit": "a whole number from 1 to 100",
    "minimum_age": "a number of years",
    "maximum_age": "a number of years",
    "age": "a whole number of years from 0 to 120",
    "start_time": "a time such as 09:30",
    "end_time": "a time such as 17:00",
    "day": "a day such as Tuesday or TU",
    "status": "active, inactive or temporarily closed",
    "modified_after": "a date and time such as 2026-10-01T09:30:00Z",
    "proximity": f"a number of metres from 0 to {_MAX_METRES}",
    "format": "one of the formats in docs/reference/publishing.md",
    "within": "a number of miles from 0 to 100",
    "strand": "one of the strands in docs/reference/publishing.md",
    "need": "one of the needs in docs/reference/publishing.md",
    "kind": "group, service, volunteering or have_a_say",
}

_BOOLEANS = "full full_service minimal free nearest this_week facets".split()


def describe_validation_error(error: RequestValidationError) -> str:
    """One sentence about the first invalid parameter. Never quotes the value that was sent."""
    first = error.errors()[0]
    # For a parameter that can occur several times, the last part is the position in the list.
    name = next(str(part) for part in first["loc"][1:])
    if first["type"] == "missing":
        return f"The parameter {name} is missing."
    expected = _EXPECTED.get(name) or ("true or false" if name in _BOOLEANS else "shorter")
    return f"The parameter {name} must be {expected}."


def count_pages(total: int, size: int) -> int:
    return math.ceil(total / size)
