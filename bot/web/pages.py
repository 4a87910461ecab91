"""The page of each listing, its other formats, and the search API.

Shows only what `describe_listing` returns. The text of a search is passed to the search and stored
nowhere.
"""

from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict

from bot.web.parameters import RecordId, SearchText, get_root_url
from bot.web.public import Problem, ProblemError, respond, respond_json, write_json
from bot.web.templating import open_templates
from directory.describe import FACT_LABELS, describe_listing
from directory.indexing.needs import NEEDS
from directory.indexing.times import TIMES
from directory.listing import KINDS, STRANDS, StoredListing, withhold_place
from directory.publishing.csv_export import write_csv
from directory.publishing.geojson_export import write_geojson
from directory.publishing.icalendar_export import has_times, write_calendar
from directory.publishing.json_ld import dump_for_script, write_json_ld
from directory.publishing.repository import ServiceRepository
from directory.search.query import Query as SearchQuery
from directory.search.results import describe_hit
from directory.search.service import SearchService

_TEMPLATES = Path(__file__).resolve().parent / "templates"
_pages = open_templates(_TEMPLATES)
_STYLE = (_TEMPLATES / "page.css").read_bytes()

_HTML = "text/html; charset=utf-8"
_CALENDAR = "text/calendar; charset=utf-8"
_CSV = "text/csv; charset=utf-8"
_GEOJSON = "application/geo+json"

Labels = Annotated[list[SearchText], Query(max_length=10)]
_NEEDS = (*NEEDS, *sorted(TIMES))


class Shown(BaseModel):
    """A listing as residents see it; empty text means "not known"."""

    model_config = ConfigDict(extra="allow")
    listing_id: int
    name: str
    kind: Literal["group", "service", "volunteering", "have_a_say"]
    description: str
    alert: str
    notice: str
    page: str


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


_PROBLEMS: dict[int | str, dict[str, Any]] = {
    404: {"model": Problem, "description": "Not found."},
    410: {"model": Problem, "description": "The source no longer has this listing."},
    422: {"model": Problem, "description": "A part of the URL is invalid."},
}
_OUTPUT_FORMATS: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {_GEOJSON: {}, "text/csv": {}, "text/calendar": {}},
        "description": "The results, in the requested format.",
    }
}


def create_listing_pages_router(
    repository: ServiceRepository, search_service: SearchService, base_url: str = ""
) -> APIRouter:
    """The pages under /listings, and /api/search."""
    router = APIRouter(responses=_PROBLEMS)

    def get_pages_url(request: Request) -> str:
        return f"{get_root_url(request, base_url)}/listings/"

    def find_listing(number: int) -> StoredListing:
        stored = repository.find_listing(number)
        if stored is None:
            raise ProblemError(404, "There is no listing with this id.")
        if stored.gone:
            raise ProblemError(410, "The source no longer has this listing.")
        return stored

    @router.get("/listings/page.css", include_in_schema=False)
    def style(request: Request) -> Response:
        return respond(request, _STYLE, "text/css; charset=utf-8")

    @router.get(
        "/listings/{number}.ics",
        response_class=Response,
        responses={200: {"content": {"text/calendar": {}}, "description": "Its times."}},
    )
    def times(request: Request, number: RecordId) -> Response:
        """The listing's times as an iCalendar file."""
        calendar = write_calendar([find_listing(number)], date.today(), get_pages_url(request))
        if not calendar:
            raise ProblemError(404, "Its days and times are not known.")
        return respond(
            request, calendar, _CALENDAR, **_make_download_headers(f"listing-{number}.ics")
        )

    @router.get("/listings/{number}.json", response_model=Shown)
    def data(request: Request, number: RecordId) -> Response:
        """The listing as its page shows it."""
        stored = find_listing(number)
        page = f"{get_pages_url(request)}{number}"
        return respond_json(request, {**describe_listing(stored), "page": page})

    @router.get("/listings/{number}", include_in_schema=False)
    def listing(request: Request, number: str) -> Response:
        stored = (
            repository.find_listing(int(number))
            if number.isdecimal() and len(number) < 10
            else None
        )
        if stored is None:
            missing = ("Check that the address is complete.",)
            return _render_message(request, 404, "There is no such listing", missing)
        if stored.gone:
            ended = (
                "The organisation that told us about it no longer lists it. It may have ended.",
                "Check with the organisation before you go.",
            )
            return _render_message(request, 410, f"{stored.listing.name}: no longer listed", ended)
        page = f"{get_pages_url(request)}{number}"
        service = repository.find_service_of(stored.id)
        service_id = str(service["id"]) if service else ""
        return respond(request, _render_listing(stored, page, service_id), _HTML)

    @router.get("/api/search", response_model=Results, responses=_OUTPUT_FORMATS)
    def search(
        request: Request,
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
            raise ProblemError(404, "We do not know where this place is.")
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
            week=date.today() if this_week else None,
            avoid=avoid,
            limit=limit,
        )
        hits = search_service.search(query)
        hits = [replace(hit, stored=_withhold(hit.stored)) for hit in hits]
        pages_url = get_pages_url(request)
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
    return write_calendar(listings, date.today(), pages_url) or _NO_TIMES, _CALENDAR


_NO_TIMES = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Community Connector//EN\r\nEND:VCALENDAR\r\n"
)


def _respond_uncached(body: bytes, media_type: str) -> Response:
    # The URL holds the text of the search, so no cache may store the response.
    return Response(body, media_type=media_type, headers={"Cache-Control": "no-store"})


def _make_download_headers(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def _render_message(
    request: Request, status: int, title: str, sentences: tuple[str, ...]
) -> Response:
    body = _pages.get_template("page.html").render(title=title, sentences=sentences)
    response = respond(request, body.encode(), _HTML)
    response.status_code = status
    return response


def _render_listing(stored: StoredListing, page: str, service: str) -> bytes:
    listing, shown = stored.listing, describe_listing(stored)
    facts = [(label, shown[name]) for name, label in FACT_LABELS.items() if shown[name]]
    extra = {"Eligibility": listing.eligibility, "How to join": listing.how_to_join}
    facts += [(label, text) for label, text in extra.items() if text]
    html = _pages.get_template("listing.html").render(
        shown=shown,
        facts=facts,
        links=_list_links(stored),
        closed=listing.status == "closed",
        maintainer=listing.organisation or stored.source,
        checked=f"{listing.assured_date:%-d %B %Y}" if listing.assured_date else "",
        source=stored.source,
        page=page,
        service_id=service,
        json_ld=dump_for_script(write_json_ld(stored, page)),
    )
    return html.encode()


def _list_links(stored: StoredListing) -> list[tuple[str, str, str]]:
    """The label, URL and detail of each link."""
    shown = describe_listing(stored)
    links = []
    if phone := shown["phone"]:
        # A tel: link takes only characters that can be dialled.
        number = "".join(letter for letter in phone if letter in "+0123456789")
        links.append(("Phone", f"tel:{number}", phone))
    if email := shown["email"]:
        links.append(("Email", f"mailto:{quote(email, safe='@')}", email))
    if shown["website"]:
        links.append(("Website", shown["website"], ""))
    if shown["directions"]:
        links.append(("Directions on a map", shown["directions"], ""))
    if has_times(stored, date.today()):
        links.append(("Add to your calendar", f"/listings/{stored.id}.ics", ""))
    return links
