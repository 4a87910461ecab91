"""The desk as a FastAPI app of its own, and the middleware that serves it beside the chat.

Owns headers, body limits and error pages. Must never log a URL or a form.
"""

import logging
from typing import Annotated

from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.gzip import GZipMiddleware
from starlette.datastructures import FormData, Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.web.desk import imports
from bot.web.desk.audit import create_audit_router
from bot.web.desk.auth import HOME, DeskAuth, PageError, RedirectError, parse_form_body
from bot.web.desk.contact import create_contact_router
from bot.web.desk.freshness import create_freshness_router
from bot.web.desk.imports import create_imports_router
from bot.web.desk.listings import create_listings_router
from bot.web.desk.need import create_need_router
from bot.web.desk.outreach import create_outreach_router
from bot.web.desk.pages import STYLESHEET, redirect, render_page
from bot.web.desk.releases import create_releases_router
from bot.web.desk.review import create_review_router
from bot.web.desk.sign_in import create_sign_in_router
from bot.web.desk.signed_links import LinkSigner
from bot.web.desk.try_search import create_try_search_router
from bot.web.limits import RateLimit
from checkins.release.ledger import Ledger
from directory.desk.services import DeskServices
from directory.errors import DirectoryError
from directory.search.service import SearchService

log = logging.getLogger(__name__)

SIGN_IN_ATTEMPTS_PER_MINUTE = 10
# The limit of every form but the one that uploads a file.
_MAX_FORM_BYTES = 256 * 1024
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    # Not "no-referrer": browsers then send no origin with a form, and `DeskAuth` needs it.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Robots-Tag": "noindex",
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
}
_TOO_LARGE = {
    "title": "This is too large",
    "sentence": "Nothing was changed. Send less at once.",
}
_UNREADABLE = {
    "title": "This could not be read",
    "sentence": "Nothing was changed. Go back and try again.",
}
_FAILED = {
    "title": "Sorry",
    "sentence": "Something went wrong on our side. Nothing was changed. Try again in a minute.",
}
_HTTP_ERRORS = {
    404: {
        "title": "There is no such page",
        "sentence": "Check the address, or go to the start page.",
    },
    405: {"title": "This cannot be done here", "sentence": "Go to the start page."},
}


def create_desk(
    desk_services: DeskServices,
    search_service: SearchService,
    ledger: Ledger,
    secret: bytes,
    base_url: str = "",
    sign_in_attempts_per_minute: int = SIGN_IN_ATTEMPTS_PER_MINUTE,
) -> FastAPI:
    """The desk's app.

    `secret` signs forms and links, `base_url` is the public address without a final slash, and
    `sign_in_attempts_per_minute` is the limit of one client (0 for no limit).
    """
    auth = DeskAuth(desk_services, secret, base_url)
    link_signer = LinkSigner(secret, base_url)

    def authenticate(request: Request, form: Annotated[FormData, Depends(parse_form_body)]) -> None:
        request.state.context = auth.authenticate(request, form)

    desk = FastAPI(
        title="Community Connector: desk",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        # For a body without a Content-Length; `DeskMiddleware` checks the others.
        max_body_size=_MAX_FORM_BYTES,
        dependencies=[Depends(authenticate)],
    )
    desk.add_middleware(GZipMiddleware, minimum_size=1000)

    @desk.get("/desk/style.css")
    def get_stylesheet() -> Response:
        headers = {"Cache-Control": "max-age=300"}
        return Response(STYLESHEET, media_type="text/css; charset=utf-8", headers=headers)

    for router in (
        create_sign_in_router(auth, desk_services, RateLimit(sign_in_attempts_per_minute)),
        create_review_router(desk_services),
        create_listings_router(desk_services, link_signer),
        create_contact_router(desk_services, link_signer, auth),
        create_freshness_router(desk_services),
        create_try_search_router(search_service),
        create_outreach_router(desk_services, link_signer, base_url),
        create_need_router(desk_services),
        create_imports_router(desk_services),
        create_releases_router(ledger),
        create_audit_router(desk_services.audit_log),
    ):
        desk.include_router(router, prefix=HOME)

    @desk.exception_handler(PageError)
    async def handle_page_error(request: Request, error: PageError) -> Response:
        return render_page(
            request, "error.html", error.status, title=error.title, sentence=error.sentence
        )

    @desk.exception_handler(DirectoryError)
    async def handle_directory_error(request: Request, error: DirectoryError) -> Response:
        # `plain` leaves out the command to type, since there is no command line here.
        return render_page(
            request, "error.html", 409, title="Nothing was changed", sentence=error.message
        )

    @desk.exception_handler(RedirectError)
    async def handle_redirect(_request: Request, error: RedirectError) -> Response:
        return redirect(error.url)

    desk.add_exception_handler(HTTPException, _handle_http_error)
    desk.add_exception_handler(Exception, _handle_server_error)
    desk.add_exception_handler(RequestValidationError, _handle_validation_error)
    return desk


def mount_desk(app: FastAPI, desk: FastAPI) -> None:
    """Serve the desk under /desk of `app`. Must be called before the app starts."""
    app.add_middleware(DeskMiddleware, desk=desk)


class DeskMiddleware:
    """Passes requests under /desk to the desk, and all others to `app` untouched."""

    def __init__(self, app: ASGIApp, desk: ASGIApp) -> None:
        self._app = app
        self._desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not f"{scope['path']}/".startswith(f"{HOME}/"):
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        length = Headers(scope=scope).get("content-length", "0")
        limit = imports.MAX_UPLOAD_BYTES if scope["path"] == imports.PATH else _MAX_FORM_BYTES
        if not length.isdecimal() or int(length) > limit:
            page = render_page(Request(scope), "error.html", 413, **_TOO_LARGE)
            await page(scope, receive, send_with_headers)
            return
        try:
            await self._desk(scope, receive, send_with_headers)
        except Exception as error:
            # The error page is already sent. Only the error's type is logged: its text may quote
            # what was filled in.
            log.error("A page of the desk failed: %s", type(error).__name__)


async def _handle_server_error(request: Request, _error: Exception) -> Response:
    return render_page(request, "error.html", 500, **_FAILED)


async def _handle_http_error(request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 500)
    return render_page(request, "error.html", status, **_HTTP_ERRORS.get(status, _UNREADABLE))


async def _handle_validation_error(request: Request, _error: Exception) -> Response:
    # The error's own text quotes what was sent, so it is not shown.
    return render_page(request, "error.html", 422, **_UNREADABLE)
