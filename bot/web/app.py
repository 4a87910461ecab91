"""The FastAPI app that residents' browsers talk to.

Owns what holds for every address: the size of a body, headers, and errors in one plain
sentence. Must never log a body, and keeps nothing about who is calling.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Header, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException as StarletteHTTPException

from bot.messages import Responder
from bot.responses import line
from bot.web.chat_api import TOO_LONG, create_chat_api
from bot.web.forms import FORMS, create_forms
from bot.web.headers import LEAST_HEADERS, SECURITY_HEADERS
from bot.web.limits import RateLimit

log = logging.getLogger(__name__)

WIDGET = Path(__file__).resolve().parent.parent / "widget"
_MOST_BYTES = 16_384
_NO_DOCUMENT = ("text/javascript", "application/javascript", "text/css")
_MOST_FORM_BYTES = 65_536  # a plain form brings along what was said before


def create_app(
    conversation: Responder,
    *,
    origins: list[str],
    secret: bytes,
    rasa_is_up: Callable[[], bool],
    messages_a_minute: int = 0,
    receive_telegram: Callable[[dict[str, Any], str | None], Awaitable[bool]] | None = None,
) -> FastAPI:
    """The app. `receive_telegram` takes webhook calls; without it there is no such address.

    `origins` are the pages elsewhere that may use the chat, `messages_a_minute` is what one
    client may send (0 for no limit), and `secret` signs what the plain forms carry along.
    """
    limit = RateLimit(messages_a_minute)
    app = FastAPI(
        title="Community Connector",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        # For a body that does not say its length; `guard` has words for the others.
        max_body_size=_MOST_FORM_BYTES,
    )

    @app.middleware("http")
    async def guard(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        length = request.headers.get("content-length") or "0"
        most = _MOST_FORM_BYTES if request.url.path == FORMS else _MOST_BYTES
        if not length.isdecimal() or int(length) > most:
            return _sorry(413, TOO_LONG)
        try:
            response = await go_on(request)
        except Exception as error:
            # The type alone: the error's own text may quote what was sent.
            log.error("A request failed: %s", type(error).__name__)
            response = _sorry(500, line("web_wrong"))
        if request.url.path.startswith("/api/chat"):
            response.headers.setdefault("Cache-Control", "no-store")
        kind = response.headers.get("content-type", "")
        # A script or a style sheet is no document: most would be so much weight for nothing.
        needed = LEAST_HEADERS if kind.startswith(_NO_DOCUMENT) else SECURITY_HEADERS
        for name, value in needed.items():
            response.headers.setdefault(name, value)
        return response

    app.add_middleware(GZipMiddleware)
    # Outermost, so that a page elsewhere can read our errors too.
    app.add_middleware(
        CORSMiddleware,
        allow_origins=origins,
        allow_methods=["POST", "DELETE"],
        allow_headers=["Content-Type"],
    )

    app.include_router(create_chat_api(conversation, limit))
    app.include_router(create_forms(conversation, limit, secret))

    @app.get("/api/health")
    async def health() -> dict[str, str]:
        """Tells whether Rasa has joined; the chat answers either way."""
        return {"web": "up", "rasa": "up" if rasa_is_up() else "starting"}

    if receive_telegram is not None:

        @app.post("/api/telegram")
        async def telegram(
            payload: dict[str, Any],
            x_telegram_bot_api_secret_token: Annotated[str | None, Header()] = None,
        ) -> None:
            """Takes an update that Telegram posts."""
            if not await receive_telegram(payload, x_telegram_bot_api_secret_token):
                raise HTTPException(403, "This address is for Telegram only.")

    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(WIDGET / "index.html")

    @app.get("/widget.js", include_in_schema=False)
    async def script() -> FileResponse:
        return FileResponse(WIDGET / "widget.js", headers=_EMBEDDABLE)

    @app.get("/widget", include_in_schema=False)
    async def guide() -> FileResponse:
        return FileResponse(WIDGET / "guide.html")

    app.mount("/widget", _EmbeddableFiles(directory=WIDGET))
    app.add_exception_handler(StarletteHTTPException, _tell_http_error)
    app.add_exception_handler(RequestValidationError, _tell_invalid)
    return app


# Any page may load the widget's files, which hold no secret, whatever may use the chat.
_EMBEDDABLE = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    # ServiceFilter for anew each time: of two versions the parts would not fit together.
    "Cache-Control": "no-cache",
}


class _EmbeddableFiles(StaticFiles):
    async def get_response(self, path: str, scope: Any) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(_EMBEDDABLE)
        return response


def _sorry(status: int, sentence: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": sentence}, status, headers)


async def _tell_http_error(_request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 500)
    sentence = str(getattr(error, "detail", line("web_wrong")))
    return _sorry(status, sentence, getattr(error, "headers", None))


async def _tell_invalid(_request: Request, _error: Exception) -> Response:
    # The error's own text quotes what was sent; it stays unsaid.
    return _sorry(422, line("web_unreadable"))
