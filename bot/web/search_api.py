"""The search API: listings as JSON, GeoJSON, CSV or a calendar.

Shows only what `describe_listing` returns. The text of a search is passed to the search and stored
nowhere.
"""

from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query, Response
from pydantic import BaseModel

from bot.web.pages import CALENDAR, PROBLEMS, Shown
from bot.web.parameters import SearchText
from bot.web.public import write_json
from directory.indexing.needs import NEEDS
from directory.indexing.times import TIMES
from directory.listing import KINDS, STRANDS, StoredListing, withhold_place
from directory.publishing.csv_export import write_csv
from directory.publishing.geojson_export import write_geojson
from directory.publishing.icalendar_export import write_calendar
from directory.schedule import list_this_week
from directory.search.query import Query as SearchQuery
from directory.search.results import describe_hit
from directory.search.service import SearchService

_CSV = "text/csv; charset=utf-8"
_GEOJSON = "application/geo+json"

Labels = Annotated[list[SearchText], Query(max_length=10)]
_NEEDS = (*NEEDS, *sorted(TIMES))


class Result(Shown):
    """A search result; `miles` is null where the distance is not known."""

    reasons: list[str]
    miles: float | None


class FacetCounts(BaseModel):
    """How many results each filter would leave; filters without results are left out.

    `ages` by one of a few ages, `miles` by how far at most; `labels` by topic, language, audience.
    """

    total: int
    free: int
    kinds: dict[str, int]
    strands: dict[str, int]
    needs: dict[str, int]
    times: dict[str, int]
    ages: dict[int, int]
    miles: dict[int, int]
    labels: dict[str, dict[str, int]]


class Results(BaseModel):
    results: list[Result]
    facets: FacetCounts | None = None


_OUTPUT_FORMATS: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {_GEOJSON: {}, "text/csv": {}, "text/calendar": {}},
        "description": "The results, in the requested format.",
    }
}


def create_search_router(search_service: SearchService, base_url: str = "") -> APIRouter:
    """The address /api/search."""
    router = APIRouter(responses=PROBLEMS)
    pages_url = f"{base_url}/listings/"

    @router.get("/api/search", response_model=Results, responses=_OUTPUT_FORMATS)
    def search(
        words: SearchText,
        kind: Annotated[list[Literal[KINDS]], Query()] = [],  # type: ignore[valid-type] # noqa: B006
        near: Annotated[
            SearchText, Query(description="A postcode or place that the directory knows.")
        ] = "",
        nearest: bool = False,
        within: Annotated[
            float | None, Query(gt=0, le=100, description="Miles from `near`.")
        ] = None,
        strand: Annotated[list[Literal[STRANDS]], Query()] = [],  # type: ignore[valid-type] # noqa: B006
        need: Annotated[list[Literal[_NEEDS]], Query()] = [],  # type: ignore[valid-type] # noqa: B006
        topic: Labels = [],  # noqa: B006
        language: Labels = [],  # noqa: B006
        audience: Labels = [],  # noqa: B006
        this_week: bool = False,
        free: bool = False,
        age: Annotated[int | None, Query(ge=0, le=120)] = None,
        avoid: Annotated[
            SearchText, Query(description="Words for what the person does not want.")
        ] = "",
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        facets: Annotated[bool, Query(description="Count the results of each filter.")] = False,
        format: Literal["json", "geojson", "csv", "ics"] = "json",  # noqa: A002
    ) -> Response:
        """Listings that match the words, the best first."""
        area = search_service.find_area(near) if near.strip() else None
        if near.strip() and area is None:
            raise HTTPException(404, "We do not know where this place is.")
        labels = {"topics": topic, "languages": language, "audience": audience}
        query = SearchQuery(
            words,
            kinds=frozenset(kind),
            strands=frozenset(strand),
            labels=frozenset((field, text) for field, texts in labels.items() for text in texts),
            near=area,
            nearest=nearest and area is not None,
            within=within,
            free=free,
            needs=frozenset(need),
            age=age,
            dates=list_this_week() if this_week else None,
            avoid=avoid,
            limit=limit,
        )
        hits = search_service.search(query)
        hits = [replace(hit, stored=_withhold(hit.stored)) for hit in hits]
        if format == "json":
            results = [{**describe_hit(hit), "page": f"{pages_url}{hit.stored.id}"} for hit in hits]
            content: dict[str, Any] = {"results": results}
            if facets:
                content["facets"] = _count_facets(search_service, query)
            return _respond_uncached(write_json(content), "application/json")
        listings = [hit.stored for hit in hits]
        return _respond_uncached(*_export(listings, format, pages_url))

    return router


def _count_facets(search_service: SearchService, query: SearchQuery) -> dict[str, Any]:
    facets, labels = search_service.count_facets(query)
    by_field: dict[str, dict[str, int]] = {}
    for (field, text), count in labels.items():
        by_field.setdefault(field, {})[text] = count
    return {**asdict(facets), "labels": by_field}


def _withhold(stored: StoredListing) -> StoredListing:
    return replace(stored, listing=withhold_place(stored.listing))


def _export(
    listings: Iterable[StoredListing], output_format: str, pages_url: str
) -> tuple[bytes, str]:
    if output_format == "geojson":
        return write_json(write_geojson(listings)), _GEOJSON
    if output_format == "csv":
        return write_csv(listings).encode("utf-8-sig"), _CSV
    return write_calendar(listings, date.today(), pages_url) or _NO_TIMES, CALENDAR


_NO_TIMES = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Community Connector//EN\r\nEND:VCALENDAR\r\n"
)


def _respond_uncached(body: bytes, media_type: str) -> Response:
    # The URL holds the text of the search, so no cache may store the response.
    return Response(body, media_type=media_type, headers={"Cache-Control": "no-store"})
