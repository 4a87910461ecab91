"""The Open Referral UK 3.0 API: every endpoint, parameter and page envelope of the standard.

Translates, decides nothing: an address becomes an `ServiceFilter`, and a page becomes JSON.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Annotated, Any, cast

from fastapi import FastAPI, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from bot.web.parameters import (
    FilterParameters,
    Identifier,
    OutputFormat,
    PageNumber,
    PageSize,
    count_pages,
    describe_validation_error,
    get_root_url,
)
from bot.web.public import BROKEN, Problem, ProblemError, answer_json, answer_lines, tell
from directory.hsds import schema as standard
from directory.hsds.schema import Uri
from directory.listing import Point
from directory.publishing.filters import ResultPage as Found
from directory.publishing.filters import ServiceFilter
from directory.publishing.repository import ServiceRepository

Id = Annotated[str, Path(max_length=100)]
Json = dict[str, Any]

_PROFILE = "https://github.com/OpenReferralUK/uk-profile/blob/main/docs/index.md"
_NO_SUCH = "There is nothing here with this id."
_AT_ONCE = 500


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
    """The API, to be mounted. `locate` finds a postcode that no listing is in.

    `base_url` is where the program is reached from outside; without it, an address that the
    caller used serves.
    """
    app = FastAPI(
        title="Community Connector: Open Referral UK",
        version="3.0",
        description="The directory as Open Referral UK 3.0. Everything may be read by anyone.",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        responses={
            404: {"model": Problem, "description": "There is no such thing, or no such place."},
            422: {"model": Problem, "description": "A parameter cannot be read."},
        },
    )
    app.add_exception_handler(HTTPException, tell_http_error)
    app.add_exception_handler(RequestValidationError, tell_invalid)
    app.add_exception_handler(ProblemError, tell_problem)
    app.add_exception_handler(Exception, tell_broken)

    def settle(filter_parameters: FilterParameters) -> ServiceFilter:
        asked, metres = filter_parameters
        if not asked.postcode or metres is None:
            return asked
        near = repository.locate(asked.postcode) or locate(asked.postcode)
        if near is None:
            raise ProblemError(404, "We do not know where this postcode is.")
        return replace(asked, near=near, metres=metres)

    @app.get("/", response_model=About)
    def about(request: Request) -> Response:
        """About this API and its relationship with HSDS."""
        root = get_root_url(request, base_url)
        openapi = f"{root}{request.scope.get('root_path', '')}/openapi.json"
        about = {"version": "HSDS-UK-3.0", "profile": _PROFILE, "openapi_url": openapi}
        return answer_json(request, about)

    @app.get("/openapi.json", include_in_schema=False)
    def document(request: Request) -> Response:
        path = request.scope.get("root_path", "")
        return answer_json(request, {**app.openapi(), "servers": [{"url": path or "/"}]})

    @app.get("/services", response_model=ServicePage, responses=_LINES)
    def services(
        request: Request,
        filter_parameters: FilterParameters,
        page: PageNumber = 1,
        per_page: PageSize | None = None,
        full: bool = False,
        minimal: Annotated[bool, Query(description="Ids and dates alone, all at once.")] = False,
        format: OutputFormat = "json",  # noqa: A002 - the standard's name
    ) -> Response:
        """Services, with what they have one of, or `full`."""
        asked = settle(filter_parameters)
        if format == "ndjson":
            lines = (
                repository.list_changes(asked)
                if minimal
                else _all(lambda start: repository.list_services(asked, start, _AT_ONCE, full=True))
            )
            return answer_lines(request, lines, repository.read_revision())
        if minimal:
            changes = list(repository.list_changes(asked))
            size = per_page or max(1, len(changes))
            start = (page - 1) * size
            some = Found(changes[start : start + size], len(changes))
            return answer_json(request, _envelope(some, page, size))
        size = per_page or 50
        found = repository.list_services(asked, (page - 1) * size, size, full=full)
        return answer_json(request, _envelope(found, page, size))

    @app.get("/services/{id}", response_model=standard.Service)
    def service(request: Request, id: Id) -> Response:  # noqa: A002
        """A service with everything nested in it."""
        return _one(request, repository.find_service(id))

    @app.get("/service_at_locations", response_model=AtLocationPage, responses=_LINES)
    def service_at_locations(
        request: Request,
        filter_parameters: FilterParameters,
        page: PageNumber = 1,
        per_page: PageSize = 50,
        full: bool = False,
        format: OutputFormat = "json",  # noqa: A002
    ) -> Response:
        """Services at each of their locations; none of a listing whose place is kept private."""
        asked = settle(filter_parameters)
        if format == "ndjson":
            lines = _all(
                lambda start: repository.list_at_locations(asked, start, _AT_ONCE, full=True)
            )
            return answer_lines(request, lines, repository.read_revision())
        found = repository.list_at_locations(asked, (page - 1) * per_page, per_page, full=full)
        return answer_json(request, _envelope(found, page, per_page))

    @app.get("/service_at_locations/{id}", response_model=standard.ServiceAtLocation)
    def service_at_location(request: Request, id: Id) -> Response:  # noqa: A002
        """A service at a location, with everything nested in it."""
        found = repository.find_at_location(id)
        if found:
            # The standard's own document gives this answer a service's schema.
            found |= {name: found["service"][name] for name in ("name", "status")}
        return _one(request, found)

    @app.get("/organizations", response_model=OrganizationPage, responses=_LINES)
    def organizations(
        request: Request,
        filter_parameters: FilterParameters,
        page: PageNumber = 1,
        per_page: PageSize = 50,
        full: bool = False,
        full_service: Annotated[bool, Query(description="With all of their services.")] = False,
        format: OutputFormat = "json",  # noqa: A002
    ) -> Response:
        """Organisations that have services that suit."""
        asked = settle(filter_parameters)

        def find(start: int, most: int) -> Found:
            return repository.list_organisations(
                asked, start, most, full=full, with_services=full_service
            )

        if format == "ndjson":
            return answer_lines(
                request, _all(lambda at: find(at, _AT_ONCE)), repository.read_revision()
            )
        return answer_json(
            request, _envelope(find((page - 1) * per_page, per_page), page, per_page)
        )

    @app.get("/organizations/{id}", response_model=standard.OrganizationWithServices)
    def organization(request: Request, id: Id) -> Response:  # noqa: A002
        """An organisation with its services."""
        return _one(request, repository.find_organisation(id))

    @app.get("/taxonomies", response_model=TaxonomyPage)
    def taxonomies(request: Request, page: PageNumber = 1, per_page: PageSize = 50) -> Response:
        """Taxonomies: kinds, strands and assets, and those of the sources."""
        found = repository.list_taxonomies((page - 1) * per_page, per_page)
        return answer_json(request, _envelope(found, page, per_page))

    @app.get("/taxonomies/{id}", response_model=standard.TaxonomyWithTerms)
    def taxonomy(request: Request, id: Id) -> Response:  # noqa: A002
        """A taxonomy with its terms."""
        return _one(request, repository.find_taxonomy(id))

    @app.get("/taxonomy_terms", response_model=TermPage)
    def taxonomy_terms(
        request: Request,
        page: PageNumber = 1,
        per_page: PageSize = 50,
        taxonomy_id: Identifier = "",
    ) -> Response:
        """Terms that services have."""
        found = repository.list_terms((page - 1) * per_page, per_page, taxonomy_id)
        return answer_json(request, _envelope(found, page, per_page))

    @app.get("/taxonomy_terms/{id}", response_model=standard.TaxonomyTerm)
    def taxonomy_term(request: Request, id: Id) -> Response:  # noqa: A002
        """A term."""
        return _one(request, repository.find_term(id))

    return app


_LINES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A page, or with `format=ndjson` everything, one to a line.",
        "content": {"application/x-ndjson": {}},
    }
}


def _one(request: Request, found: Json | None) -> Response:
    if found is None:
        raise ProblemError(404, _NO_SUCH)
    return answer_json(request, found)


def _envelope(found: Found, page: int, size: int) -> Json:
    pages = count_pages(found.total, size)
    return {
        "total_items": found.total,
        "total_pages": pages,
        "page_number": page,
        "size": len(found.contents),
        "first_page": page == 1,
        "last_page": page >= pages,
        "empty": not found.contents,
        "contents": found.contents,
    }


def _all(find: Callable[[int], Found]) -> Iterator[Json]:
    start = 0
    while (found := find(start)).contents:
        yield from found.contents
        start += _AT_ONCE


async def tell_http_error(_request: Request, error: Exception) -> Response:
    """A wrong address or method, in words."""
    status = cast(HTTPException, error).status_code
    return tell(status, "There is nothing at this address." if status == 404 else "Not like this.")


async def tell_invalid(_request: Request, error: Exception) -> Response:
    return tell(422, describe_validation_error(cast(RequestValidationError, error)))


async def tell_broken(_request: Request, _error: Exception) -> Response:
    return tell(500, BROKEN)


async def tell_problem(_request: Request, error: Exception) -> Response:
    problem = cast(ProblemError, error)
    return tell(problem.status, problem.sentence)
