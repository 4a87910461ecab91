"""The published directory: the Open Referral UK API, the listings' pages, and the search API.

Separate from the chat, whose routes, headers and origins are not affected. Must never log a URL.
"""

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.gzip import GZipMiddleware
from starlette.exceptions import HTTPException

from bot.web.openreferral import (
    create_openreferral_app,
    handle_http_error,
    handle_problem,
    handle_server_error,
    handle_validation_error,
)
from bot.web.pages import create_listing_pages_router
from bot.web.public import ProblemError, PublicReadMiddleware
from bot.web.redirects import RelativeRedirects
from bot.web.search_api import create_search_router
from directory.listing import Point
from directory.publishing.repository import ServiceRepository
from directory.search.service import SearchService

OPEN_REFERRAL = "/openreferral/v3"
PREFIXES = ("/openreferral", "/listings", "/api/search")


def create_publishing_app(
    repository: ServiceRepository, search_service: SearchService, base_url: str = ""
) -> FastAPI:
    """The published directory as an app of its own.

    `base_url` is the public address of the program, such as https://connector.example, without a
    final slash. Without it, links are relative: the `Host` of a request is the client's to choose.
    """
    app = FastAPI(
        title="Community Connector: listings",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    app.add_middleware(RelativeRedirects)

    def locate(postcode: str) -> Point | None:
        area = search_service.find_area(postcode)
        return area.point if area else None

    app.include_router(create_listing_pages_router(repository, base_url))
    app.include_router(create_search_router(search_service, base_url))
    app.mount(OPEN_REFERRAL, create_openreferral_app(repository, locate, base_url))
    app.add_exception_handler(HTTPException, handle_http_error)
    app.add_exception_handler(RequestValidationError, handle_validation_error)
    app.add_exception_handler(ProblemError, handle_problem)
    app.add_exception_handler(Exception, handle_server_error)
    return app


def mount_publishing_app(
    app: FastAPI, repository: ServiceRepository, search_service: SearchService, base_url: str = ""
) -> None:
    """Serve the published directory from `app`. Must be called before the app starts."""
    published = create_publishing_app(repository, search_service, base_url)
    # Outermost, because the chat's allowed origins do not apply to public data.
    app.add_middleware(PublicReadMiddleware, published=published, prefixes=PREFIXES)
