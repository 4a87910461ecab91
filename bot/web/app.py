"""The FastAPI app that residents' browsers use.

Owns what is common to every route: the size limit of a body, headers, and errors in one plain
sentence. Must never log a body or store anything about the client.
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
from bot.responses import get_line
from bot.web import forms
from bot.web.chat_api import TOO_LONG, create_chat_router
from bot.web.forms import create_forms_router
from bot.web.headers import BASE_HEADERS, SECURITY_HEADERS
from bot.web.limits import RateLimit
from bot.web.redirects import RelativeRedirects

log = logging.getLogger(__name__)

WIDGET = Path(__file__).resolve().parent.parent / "widget"
_MAX_BODY_BYTES = 16_384
_MAX_FORM_BYTES = 65_536  # a plain form carries the earlier exchanges
_SUBRESOURCE_TYPES = ("text/javascript", "application/javascript", "text/css")
# Any page may load the widget's files; they hold no secret, and `origins` limits the chat itself.
_EMBEDDABLE_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    # Browsers revalidate each file, since modules of different versions do not work together.
    "Cache-Control": "no-cache",
}


def create_app(
    conversation: Responder,
    *,
    origins: list[str],
    secret: bytes,
    rasa_is_up: Callable[[], bool],
    base_url: str = "",
    messages_a_minute: int = 0,
    receive_telegram: Callable[[dict[str, Any], str | None], Awaitable[bool]] | None = None,
) -> FastAPI:
    """The app.

    `origins` are the other sites that may use the chat, `messages_a_minute` is the limit of one
    client (0 for no limit), `secret` signs what the plain forms carry, and `base_url` is the
    address that people use. `receive_telegram` handles webhook calls; without it there is no
    webhook route.
    """
    limit = RateLimit(messages_a_minute)
    app = FastAPI(
        title="Community Connector",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        # For a body without a Content-Length; `guard` answers the others with a sentence.
        max_body_size=_MAX_FORM_BYTES,
    )

    @app.middleware("http")
    async def guard(
        request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        length = request.headers.get("content-length") or "0"
        max_bytes = _MAX_FORM_BYTES if request.url.path == forms.PATH else _MAX_BODY_BYTES
        if not length.isdecimal() or int(length) > max_bytes:
            return _make_error(413, TOO_LONG)
        try:
            response = await call_next(request)
        except Exception as error:
            # Only the error's type is logged: its text may quote what was sent.
            log.error("A request failed: %s", type(error).__name__)
            response = _make_error(500, get_line("web_wrong"))
        if request.url.path.startswith("/api/chat"):
            response.headers.setdefault("Cache-Control", "no-store")
        content_type = response.headers.get("content-type", "")
        # Most security headers are about documents and would only make scripts and styles larger.
        is_subresource = content_type.startswith(_SUBRESOURCE_TYPES)
        for name, value in (BASE_HEADERS if is_subresource else SECURITY_HEADERS).items():
            response.headers.setdefault(name, value)
        return response

    app.add_middleware(GZipMiddleware)
    app.add_middleware(RelativeRedirects)
    # Outermost, so that pages of other sites can read error responses too.
    app.add_middleware(
        CORSMiddleware,
        allow_origins=origins,
        allow_methods=["POST", "DELETE"],
        allow_headers=["Content-Type"],
    )

    app.include_router(create_chat_router(conversation, limit))
    app.include_router(create_forms_router(conversation, limit, secret, base_url))

    @app.get("/api/health")
    async def check_health() -> dict[str, str]:
        """Tells whether Rasa is ready. The chat answers either way."""
        return {"web": "up", "rasa": "up" if rasa_is_up() else "starting"}

    if receive_telegram is not None:

        @app.post("/api/telegram")
        async def receive_update(
            payload: dict[str, Any],
            x_telegram_bot_api_secret_token: Annotated[str | None, Header()] = None,
        ) -> None:
            """Receives an update from Telegram's webhook."""
            if not await receive_telegram(payload, x_telegram_bot_api_secret_token):
                raise HTTPException(403, "This address is for Telegram only.")

    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    async def show_chat() -> FileResponse:
        return FileResponse(WIDGET / "index.html")

    @app.get("/widget.js", include_in_schema=False)
    async def get_script() -> FileResponse:
        return FileResponse(WIDGET / "widget.js", headers=_EMBEDDABLE_HEADERS)

    @app.get("/widget", include_in_schema=False)
    async def show_guide() -> FileResponse:
        return FileResponse(WIDGET / "guide.html")

    app.mount("/widget", _EmbeddableFiles(directory=WIDGET))
    app.add_exception_handler(StarletteHTTPException, _handle_http_error)
    app.add_exception_handler(RequestValidationError, _handle_validation_error)
    return app


class _EmbeddableFiles(StaticFiles):
    async def get_response(self, path: str, scope: Any) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(_EMBEDDABLE_HEADERS)
        return response


def _make_error(
    status: int, sentence: str, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    return JSONResponse({"error": sentence}, status, headers)


async def _handle_http_error(_request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 500)
    sentence = str(getattr(error, "detail", get_line("web_wrong")))
    return _make_error(status, sentence, getattr(error, "headers", None))


async def _handle_validation_error(_request: Request, _error: Exception) -> Response:
    # The error's own text quotes what was sent, so it is not shown.
    return _make_error(422, get_line("web_unreadable"))
