"""The desk as an app of its own, and how the program answers for it beside the chat.

Owns headers, limits and what is said when something is wrong. Must never log an address or a form.
"""

import logging
from typing import Annotated

from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.gzip import GZipMiddleware
from starlette.datastructures import FormData, Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.web.desk.audit import create_audit
from bot.web.desk.auth import HOME, Door, PageError, RedirectError, read_form
from bot.web.desk.contact import create_contact
from bot.web.desk.freshness import create_freshness
from bot.web.desk.imports import MOST_UPLOADED, create_importing
from bot.web.desk.imports import ROOM as UPLOADS
from bot.web.desk.listings import create_listings
from bot.web.desk.need import create_need
from bot.web.desk.outreach import create_kit
from bot.web.desk.pages import STYLE, go, write
from bot.web.desk.releases import create_releases
from bot.web.desk.review import create_review
from bot.web.desk.sign_in import create_signing_in
from bot.web.desk.signed_links import LinkSigner
from bot.web.desk.try_search import create_trying
from bot.web.limits import RateLimit
from checkins.release.ledger import Ledger
from directory.desk.services import DeskServices
from directory.errors import DirectoryError
from directory.search.service import SearchService

log = logging.getLogger(__name__)

# How often one client may try to sign in.
TRIES_A_MINUTE = 10
# A form's limit; what takes a file says its own.
_MOST_BYTES = 256 * 1024
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    # Not "no-referrer": browsers then hide where a form comes from, and the door asks for it.
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
_TOO_LONG = {"title": "That is too long", "sentence": "Nothing was changed. Send less at once."}
_UNREADABLE = {
    "title": "That could not be read",
    "sentence": "Nothing was changed. Go back, and try again.",
}
_BROKEN = {
    "title": "Sorry",
    "sentence": "Something went wrong on our side. Nothing was changed. Try again in a minute.",
}
_HTTP_ERRORS = {
    404: {
        "title": "There is no such page",
        "sentence": "Check the address, or start from the first page.",
    },
    405: {"title": "This cannot be done here", "sentence": "Start from the first page."},
}


def create_desk(
    desk_services: DeskServices,
    search_service: SearchService,
    ledger: Ledger,
    secret: bytes,
    base_url: str = "",
    tries_a_minute: int = TRIES_A_MINUTE,
) -> FastAPI:
    """The whole desk. `secret` signs its forms, `base_url` is where it is reached from outside, and
    `tries_a_minute` is how often one client may try to sign in (0 for no limit)."""
    door = Door(desk_services, secret, base_url)
    sealer = LinkSigner(secret, base_url)

    def enter(request: Request, form: Annotated[FormData, Depends(read_form)]) -> None:
        request.state.visit = door.enter(request, form)

    desk = FastAPI(
        title="Community Connector: desk",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        # For a body that does not say its length; there is a page for the others.
        max_body_size=_MOST_BYTES,
        dependencies=[Depends(enter)],
    )
    desk.add_middleware(GZipMiddleware, minimum_size=1000)

    @desk.get("/desk/style.css")
    def show_style() -> Response:
        headers = {"Cache-Control": "max-age=300"}
        return Response(STYLE, media_type="text/css; charset=utf-8", headers=headers)

    for router in (
        create_signing_in(door, desk_services, RateLimit(tries_a_minute)),
        create_review(desk_services),
        create_listings(desk_services, sealer),
        create_contact(desk_services, sealer, door),
        create_freshness(desk_services),
        create_trying(search_service),
        create_kit(desk_services, sealer, base_url),
        create_need(desk_services),
        create_importing(desk_services),
        create_releases(ledger),
        create_audit(desk_services.history),
    ):
        desk.include_router(router, prefix=HOME)

    @desk.exception_handler(PageError)
    async def turn_away(request: Request, error: PageError) -> Response:
        said = {"title": error.title, "sentence": error.sentence}
        return write(request, "sorry.html", error.status, **said)

    @desk.exception_handler(DirectoryError)
    async def refuse(request: Request, error: DirectoryError) -> Response:
        # Without what to type: there is no command line here.
        said = {"title": "That was not done", "sentence": error.plain}
        return write(request, "sorry.html", 409, **said)

    @desk.exception_handler(RedirectError)
    async def send_elsewhere(_request: Request, error: RedirectError) -> Response:
        return go(error.address)

    desk.add_exception_handler(HTTPException, _tell_http_error)
    desk.add_exception_handler(Exception, _tell_broken)
    desk.add_exception_handler(RequestValidationError, _tell_invalid)
    return desk


def open_desk(app: FastAPI, desk: FastAPI) -> None:
    """Let `app` answer for the desk as well. To be called before it starts."""
    app.add_middleware(_DeskBeside, desk=desk)


class _DeskBeside:
    """Hands what is asked of the desk to it, and the rest on to `app` untouched."""

    def __init__(self, app: ASGIApp, desk: ASGIApp) -> None:
        self._app = app
        self._desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or f"{scope['path']}/".partition(f"{HOME}/")[0]:
            await self._app(scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "0")

        async def pass_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        most = MOST_UPLOADED if scope["path"] == UPLOADS else _MOST_BYTES
        if not length.isdecimal() or int(length) > most:
            await write(Request(scope), "sorry.html", 413, **_TOO_LONG)(scope, receive, pass_on)
            return
        try:
            await self._desk(scope, receive, pass_on)
        except Exception as error:
            # Told already. The type alone: the error's own text may quote what was filled in.
            log.error("A page of the desk failed: %s", type(error).__name__)


async def _tell_broken(request: Request, _error: Exception) -> Response:
    return write(request, "sorry.html", 500, **_BROKEN)


async def _tell_http_error(request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 500)
    return write(request, "sorry.html", status, **_HTTP_ERRORS.get(status, _UNREADABLE))


async def _tell_invalid(request: Request, _error: Exception) -> Response:
    # The error's own text quotes what was sent; it stays unsaid.
    return write(request, "sorry.html", 422, **_UNREADABLE)
