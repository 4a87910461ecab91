"""The Open Referral UK 3.0 API: every endpoint, parameter and page envelope of the standard.

Only translates: parameters become a `ServiceFilter`, and a page of results becomes JSON.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Path, Query, Request, Response
from pydantic import BaseModel

from bot.web.errors import PUBLISHING_ERRORS
from bot.web.parameters import (
    FilterParameters,
    Identifier,
    OutputFormat,
    PageNumber,
    PageSize,
    count_pages,
)
from bot.web.public import Problem, respond_json, respond_ndjson
from directory.hsds import schema as standard
from directory.hsds.schema import Uri
from directory.listing import Point
from directory.publishing.filters import ResultPage, ServiceFilter
from directory.publishing.repository import ServiceRepository

Id = Annotated[str, Path(max_length=100)]
Json = dict[str, Any]

_PROFILE = "https://github.com/OpenReferralUK/uk-profile/blob/main/docs/index.md"
_NOT_FOUND = "There is nothing here with this id."
_CHUNK_SIZE = 500


class About(BaseModel):
    version: str
    profile: Uri
    openapi_url: Uri


class Page(BaseModel):
    """The standard's envelope: `size` is the number of entities on this page."""

    total_items: int
    total_pages: int
    page_number: int
    size: int
    first_page: bool
    last_page: bool
    empty: bool


class Change(BaseModel):
    id: standard.Uuid
    modified_date: standard.Moment


class ServicePage(Page):
    contents: list[standard.Service | standard.ServiceInList | Change]


class AtLocationPage(Page):
    contents: list[standard.ServiceAtLocation | standard.ServiceAtLocationInList]


class OrganizationPage(Page):
    contents: list[standard.OrganizationWithServices | standard.OrganizationInList]


class TaxonomyPage(Page):
    contents: list[standard.Taxonomy]


class TermPage(Page):
    contents: list[standard.TaxonomyTerm]


def create_openreferral_app(
    repository: ServiceRepository, locate: Callable[[str], Point | None], base_url: str = ""
) -> FastAPI:
    """The API, to be mounted. `locate` finds postcodes that no listing is in.

    `base_url` is the public address of the program, without a final slash; without it, links are
    relative.
    """
    app = FastAPI(
        title="Community Connector: Open Referral UK",
        version="3.0",
        description="The directory as Open Referral UK 3.0. Anybody can read all of it.",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        exception_handlers=PUBLISHING_ERRORS,
        responses={
            404: {"model": Problem, "description": "The id or the place is unknown."},
            422: {"model": Problem, "description": "A parameter is invalid."},
        },
    )

    def resolve_filter(filter_parameters: FilterParameters) -> ServiceFilter:
        service_filter, metres = filter_parameters
        if not service_filter.postcode or metres is None:
            return service_filter
        near = repository.locate(service_filter.postcode) or locate(service_filter.postcode)
        if near is None:
            raise HTTPException(404, "We do not know where this postcode is.")
        return replace(service_filter, near=near, metres=metres)

    @app.get("/", response_model=About)
    def about(request: Request) -> Response:
        """About this API and its relationship with HSDS."""
        openapi = f"{base_url}{request.scope.get('root_path', '')}/openapi.json"
        about = {"version": "HSDS-UK-3.0", "profile": _PROFILE, "openapi_url": openapi}
        return respond_json(request, about)

    @app.get("/openapi.json", include_in_schema=False)
    def get_openapi(request: Request) -> Response:
        path = request.scope.get("root_path", "")
        return respond_json(request, {**app.openapi(), "servers": [{"url": path or "/"}]})

    @app.get("/services", response_model=ServicePage, responses=_NDJSON_RESPONSES)
    def services(
        request: Request,
        filter_parameters: FilterParameters,
        page: PageNumber = 1,
        per_page: PageSize | None = None,
        full: bool = False,
        minimal: Annotated[bool, Query(description="Only ids and dates, on one page.")] = False,
        format: OutputFormat = "json",  # noqa: A002 - the standard's name
    ) -> Response:
        """Services, in short, or with everything nested in them if `full`."""
        service_filter = resolve_filter(filter_parameters)
        if format == "ndjson":
            lines = (
                repository.list_changes(service_filter)
                if minimal
                else _iterate_pages(
                    lambda start: repository.list_services(
                        service_filter, start, _CHUNK_SIZE, full=True
                    )
                )
            )
            return respond_ndjson(request, lines, repository.read_revision())
        if minimal:
            changes = list(repository.list_changes(service_filter))
            size = per_page or max(1, len(changes))
            start = (page - 1) * size
            result = ResultPage(changes[start : start + size], len(changes))
            return respond_json(request, _make_page(result, page, size))
        size = per_page or 50
        result = repository.list_services(service_filter, (page - 1) * size, size, full=full)
        return respond_json(request, _make_page(result, page, size))

    @app.get("/services/{id}", response_model=standard.Service)
    def service(request: Request, id: Id) -> Response:  # noqa: A002
        """A service with everything nested in it."""
        return _respond_or_404(request, repository.find_service(id))

    @app.get("/service_at_locations", response_model=AtLocationPage, responses=_NDJSON_RESPONSES)
    def service_at_locations(
        request: Request,
        filter_parameters: FilterParameters,
        page: PageNumber = 1,
        per_page: PageSize = 50,
        full: bool = False,
        format: OutputFormat = "json",  # noqa: A002
    ) -> Response:
        """Services at each of their locations, without confidential listings."""
        service_filter = resolve_filter(filter_parameters)
        if format == "ndjson":
            lines = _iterate_pages(
                lambda start: repository.list_at_locations(
                    service_filter, start, _CHUNK_SIZE, full=True
                )
            )
            return respond_ndjson(request, lines, repository.read_revision())
        result = repository.list_at_locations(
            service_filter, (page - 1) * per_page, per_page, full=full
        )
        return respond_json(request, _make_page(result, page, per_page))

    @app.get("/service_at_locations/{id}", response_model=standard.ServiceAtLocation)
    def service_at_location(request: Request, id: Id) -> Response:  # noqa: A002
        """A service at a location, with everything nested in it."""
        at_location = repository.find_at_location(id)
        if at_location:
            # The standard's OpenAPI document gives this response the schema of a service.
            service = at_location["service"]
            at_location |= {name: service[name] for name in ("name", "status")}
        return _respond_or_404(request, at_location)

    @app.get("/organizations", response_model=OrganizationPage, responses=_NDJSON_RESPONSES)
    def organizations(
        request: Request,
        filter_parameters: FilterParameters,
        page: PageNumber = 1,
        per_page: PageSize = 50,
        full: bool = False,
        full_service: Annotated[bool, Query(description="With all of their services.")] = False,
        format: OutputFormat = "json",  # noqa: A002
    ) -> Response:
        """Organisations with services that match the filter."""
        service_filter = resolve_filter(filter_parameters)

        def list_page(start: int, size: int) -> ResultPage:
            return repository.list_organisations(
                service_filter, start, size, full=full, with_services=full_service
            )

        if format == "ndjson":
            return respond_ndjson(
                request,
                _iterate_pages(lambda start: list_page(start, _CHUNK_SIZE)),
                repository.read_revision(),
            )
        return respond_json(
            request, _make_page(list_page((page - 1) * per_page, per_page), page, per_page)
        )

    @app.get("/organizations/{id}", response_model=standard.OrganizationWithServices)
    def organization(request: Request, id: Id) -> Response:  # noqa: A002
        """An organisation with its services."""
        return _respond_or_404(request, repository.find_organisation(id))

    @app.get("/taxonomies", response_model=TaxonomyPage)
    def taxonomies(request: Request, page: PageNumber = 1, per_page: PageSize = 50) -> Response:
        """Taxonomies: kinds, strands and assets, and those of the sources."""
        result = repository.list_taxonomies((page - 1) * per_page, per_page)
        return respond_json(request, _make_page(result, page, per_page))

    @app.get("/taxonomies/{id}", response_model=standard.TaxonomyWithTerms)
    def taxonomy(request: Request, id: Id) -> Response:  # noqa: A002
        """A taxonomy with its terms."""
        return _respond_or_404(request, repository.find_taxonomy(id))

    @app.get("/taxonomy_terms", response_model=TermPage)
    def taxonomy_terms(
        request: Request,
        page: PageNumber = 1,
        per_page: PageSize = 50,
        taxonomy_id: Identifier = "",
    ) -> Response:
        """Terms used by services."""
        result = repository.list_terms((page - 1) * per_page, per_page, taxonomy_id)
        return respond_json(request, _make_page(result, page, per_page))

    @app.get("/taxonomy_terms/{id}", response_model=standard.TaxonomyTerm)
    def taxonomy_term(request: Request, id: Id) -> Response:  # noqa: A002
        """A term."""
        return _respond_or_404(request, repository.find_term(id))

    return app


_NDJSON_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A page, or with `format=ndjson` all results, one per line.",
        "content": {"application/x-ndjson": {}},
    }
}


def _respond_or_404(request: Request, entity: Json | None) -> Response:
    if entity is None:
        raise HTTPException(404, _NOT_FOUND)
    return respond_json(request, entity)


def _make_page(result: ResultPage, page: int, size: int) -> Json:
    pages = count_pages(result.total, size)
    return {
        "total_items": result.total,
        "total_pages": pages,
        "page_number": page,
        "size": len(result.contents),
        "first_page": page == 1,
        "last_page": page >= pages,
        "empty": not result.contents,
        "contents": result.contents,
    }


def _iterate_pages(list_page: Callable[[int], ResultPage]) -> Iterator[Json]:
    start = 0
    while contents := list_page(start).contents:
        yield from contents
        start += _CHUNK_SIZE
