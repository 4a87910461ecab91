"""The published directory: the Open Referral UK API, the listings' pages, and the search API.

Separate from the chat, whose routes, headers and origins are not affected. Must never log a URL,
which can hold the text of a search.
"""

from fastapi import FastAPI
from fastapi.middleware.gzip import GZipMiddleware
from starlette.middleware import Middleware

from bot.web.errors import PUBLISHING_ERRORS
from bot.web.middleware import ReadOnlyMiddleware
from bot.web.openreferral import create_openreferral_app
from bot.web.pages import create_listing_pages_router
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
        middleware=[Middleware(ReadOnlyMiddleware), Middleware(GZipMiddleware, minimum_size=1000)],
        exception_handlers=PUBLISHING_ERRORS,
    )

    def locate(postcode: str) -> Point | None:
        area = search_service.find_area(postcode)
        return area.point if area else None

    app.include_router(create_listing_pages_router(repository, base_url))
    app.include_router(create_search_router(search_service, base_url))
    app.mount(OPEN_REFERRAL, create_openreferral_app(repository, locate, base_url))
    return app
