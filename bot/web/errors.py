"""How each part of the web server answers errors: the chat and what is published with one sentence
as JSON, the desk with a page.

Must never log or show an error's own text, which may quote what was sent.
"""

import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from fastapi import HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException as RouterError
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.responses import get_line
from bot.web.chat_api import TOO_LONG
from bot.web.desk.auth import PageError, RedirectError
from bot.web.desk.pages import redirect, render_page
from bot.web.pages import render_message
from bot.web.parameters import describe_validation_error
from checkins.errors import StoreError
from directory.database import DatabaseFault, describe_fault
from directory.errors import BusyError, DirectoryError, ImportStoppedError

log = logging.getLogger(__name__)

# With every 503, in seconds.
_RETRY = {"Retry-After": "10"}
# For the constructor of an app.
Handlers = dict[int | type[Exception], Callable[[Request, Any], Coroutine[Any, Any, Response]]]


class ErrorLogMiddleware:
    """Logs the type of an unexpected error, which its part of the server has answered."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except ClientDisconnect:
            pass  # nobody waits for an answer
        except Exception as error:
            log.error("A request failed: %s", type(error).__name__)


# The chat, and what is published

BUSY = "The directory is busy. Try again in a minute."
FAILED = "Something went wrong on our side. Try again in a minute."
_SENTENCES = {
    404: "There is nothing at this address.",
    405: "This method is not allowed.",
    413: TOO_LONG,
}


def _respond_json(
    status: int, sentence: str, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    return JSONResponse({"error": sentence}, status, headers)


async def _handle_http_error(_request: Request, error: HTTPException) -> Response:
    """An error that one of our routes states in a sentence."""
    return _respond_json(error.status_code, error.detail, error.headers)


async def _handle_router_error(_request: Request, error: RouterError) -> Response:
    """An error that the framework states, such as an unknown path."""
    sentence = _SENTENCES.get(error.status_code, get_line("web_unreadable"))
    return _respond_json(error.status_code, sentence, error.headers)


async def _handle_chat_validation_error(_request: Request, _error: Exception) -> Response:
    return _respond_json(422, get_line("web_unreadable"))


async def _handle_parameter_error(_request: Request, error: RequestValidationError) -> Response:
    return _respond_json(422, describe_validation_error(error))


async def _handle_chat_failure(_request: Request, _error: Exception) -> Response:
    return _respond_json(500, get_line("web_wrong"))


async def _handle_publishing_failure(_request: Request, _error: Exception) -> Response:
    return _respond_json(500, FAILED)


async def _handle_publishing_fault(request: Request, error: DatabaseFault) -> Response:
    """The database is busy or broken: a page for a browser, JSON for a program."""
    is_busy = _is_busy(error)
    if "text/html" in request.headers.get("accept", ""):
        page = (503, "Sorry, not just now", BUSY) if is_busy else (500, "Sorry", FAILED)
        response = render_message(request, *page[:2], page[2:])
    elif is_busy:
        # A problem as in RFC 9457, with the member `error` of all other errors.
        problem = {"type": "about:blank", "title": "Service Unavailable", "status": 503}
        response = JSONResponse(
            {**problem, "detail": BUSY, "error": BUSY}, 503, media_type="application/problem+json"
        )
    else:
        response = _respond_json(500, FAILED)
    if is_busy:
        response.headers.update(_RETRY)
    return response


def _is_busy(error: DatabaseFault) -> bool:
    """Whether trying again will work. Any other fault is logged, by its type alone."""
    fault = describe_fault(error)
    if not isinstance(fault, BusyError):
        log.error("%s", fault)
    return isinstance(fault, BusyError)


CHAT_ERRORS: Handlers = {
    HTTPException: _handle_http_error,
    RouterError: _handle_router_error,
    RequestValidationError: _handle_chat_validation_error,
    Exception: _handle_chat_failure,
}
PUBLISHING_ERRORS: Handlers = {
    HTTPException: _handle_http_error,
    RouterError: _handle_router_error,
    RequestValidationError: _handle_parameter_error,
    DatabaseFault: _handle_publishing_fault,
    Exception: _handle_publishing_failure,
}

# The desk

_UNREADABLE = ("This could not be read", "Nothing was changed. Go back and try again.")
_PAGES = {
    404: ("There is no such page", "Check the address, or go to the start page."),
    405: ("This cannot be done here", "Go to the start page."),
    413: ("This is too large", "Nothing was changed. Send less at once."),
}


def _respond_page(request: Request, status: int, title: str, sentence: str) -> Response:
    return render_page(request, "error.html", status, title=title, sentence=sentence)


async def _handle_page_error(request: Request, error: PageError) -> Response:
    return _respond_page(request, error.status, error.title, error.sentence)


async def _handle_directory_error(request: Request, error: DirectoryError) -> Response:
    # `message` leaves out the command to type, since there is no command line here.
    return _respond_page(request, 409, "Nothing was changed", error.message)


async def _handle_stopped_import(request: Request, error: ImportStoppedError) -> Response:
    sentence = (
        f"{error.message} Either all of it is in the directory or nothing: look there first. "
        "If it is not, import less at once, or ask the person who runs this service."
    )
    return _respond_page(request, 413, "The import was stopped", sentence)


async def _handle_busy_directory(request: Request, _error: Exception) -> Response:
    sentence = "Another program is using it. Nothing was changed. Try again in a minute."
    return _ask_to_try_again(request, "The directory is busy", sentence)


async def _handle_desk_fault(request: Request, error: DatabaseFault) -> Response:
    if _is_busy(error):
        return await _handle_busy_directory(request, error)
    sentence = (
        "The directory cannot be used. Nothing was changed. Tell the person who runs this service."
    )
    return _respond_page(request, 500, "Something is broken", sentence)


async def _handle_lost_releases(request: Request, error: StoreError) -> Response:
    log.error("%s", error)
    sentence = "Try again in a minute. If it stays so, tell the person who runs this service."
    return _ask_to_try_again(request, "The releases cannot be read now", sentence)


def _ask_to_try_again(request: Request, title: str, sentence: str) -> Response:
    page = _respond_page(request, 503, title, sentence)
    page.headers.update(_RETRY)
    return page


async def _handle_redirect(_request: Request, error: RedirectError) -> Response:
    return redirect(error.url)


async def _handle_desk_router_error(request: Request, error: RouterError) -> Response:
    return _respond_page(request, error.status_code, *_PAGES.get(error.status_code, _UNREADABLE))


async def _handle_desk_validation_error(request: Request, _error: Exception) -> Response:
    return _respond_page(request, 422, *_UNREADABLE)


async def _handle_desk_failure(request: Request, _error: Exception) -> Response:
    sentence = "Something went wrong on our side. Nothing was changed. Try again in a minute."
    return _respond_page(request, 500, "Sorry", sentence)


DESK_ERRORS: Handlers = {
    PageError: _handle_page_error,
    DirectoryError: _handle_directory_error,
    ImportStoppedError: _handle_stopped_import,
    BusyError: _handle_busy_directory,
    DatabaseFault: _handle_desk_fault,
    StoreError: _handle_lost_releases,
    RedirectError: _handle_redirect,
    RouterError: _handle_desk_router_error,
    RequestValidationError: _handle_desk_validation_error,
    Exception: _handle_desk_failure,
}
