"""The directory for everybody: the Open Referral UK API, the listings' pages, and search as data.

Beside the chat and apart from it: whatever is asked here, the chat's own addresses, headers
and origins stay as they are. Must never log an address.
"""

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.gzip import GZipMiddleware
from starlette.exceptions import HTTPException

from bot.web.openreferral import (
    create_openreferral_app,
    tell_broken,
    tell_http_error,
    tell_invalid,
    tell_problem,
)
from bot.web.pages import create_pages
from bot.web.public import ProblemError, PublicReading
from directory.listing import Point
from directory.publishing.repository import ServiceRepository
from directory.search.service import SearchService

OPEN_REFERRAL = "/openreferral/v3"
PREFIXES = ("/openreferral", "/listings", "/api/search")


def create_publishing_app(
    repository: ServiceRepository, search_service: SearchService, base_url: str = ""
) -> FastAPI:
    """All that is published, as an app of its own.

    `base_url` is where the program is reached from outside, such as https://connector.example;
    without it, the address that the caller used stands in links.
    """
    app = FastAPI(
        title="Community Connector: listings",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.add_middleware(GZipMiddleware, minimum_size=1000)

    def locate(postcode: str) -> Point | None:
        area = search_service.find_area(postcode)
        return area.point if area else None

    app.include_router(create_pages(repository, search_service, base_url))
    app.mount(OPEN_REFERRAL, create_openreferral_app(repository, locate, base_url))
    app.add_exception_handler(HTTPException, tell_http_error)
    app.add_exception_handler(RequestValidationError, tell_invalid)
    app.add_exception_handler(ProblemError, tell_problem)
    app.add_exception_handler(Exception, tell_broken)
    return app


def publish(
    app: FastAPI, repository: ServiceRepository, search_service: SearchService, base_url: str = ""
) -> None:
    """Let `app` answer for the directory as well. To be called before it starts."""
    published = create_publishing_app(repository, search_service, base_url)
    # Outermost: who may use the chat says nothing about who may read what is public.
    app.add_middleware(PublicReading, published=published, prefixes=PREFIXES)
