"""The web server as a whole: the chat for residents, what is published, and the desk.

Each part is an app of its own. Here is which addresses are whose, and what goes around each part:
its headers, and whose pages may read it. Must never log a body or a URL.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.applications import Starlette
from starlette.convertors import Convertor, register_url_convertor
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from bot.health import Health
from bot.messages import Responder
from bot.rate_limit import RateLimit
from bot.web import forms, telegram_webhook
from bot.web.chat_api import create_chat_router
from bot.web.desk.auth import HOME
from bot.web.errors import CHAT_ERRORS, ErrorLogMiddleware
from bot.web.forms import create_forms_router
from bot.web.middleware import (
    DESK_HEADERS,
    PUBLIC_HEADERS,
    SECURITY_HEADERS,
    BodyLimitMiddleware,
    SecurityHeadersMiddleware,
)
from bot.web.publishing import PREFIXES
from bot.web.redirects import RelativeRedirects
from bot.web.telegram_webhook import UpdateReceiver, create_webhook_router

WIDGET = Path(__file__).resolve().parent.parent / "widget"
_MAX_BODY_BYTES = 16_384
_LARGER_BODIES = {
    forms.PATH: forms.MAX_FORM_BYTES,
    telegram_webhook.PATH: telegram_webhook.MAX_BODY_BYTES,
}
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
    health: Health,
    base_url: str = "",
    messages_a_minute: int = 0,
    telegram: UpdateReceiver | None = None,
    published: ASGIApp | None = None,
    desk: ASGIApp | None = None,
) -> Starlette:
    """The web server with its chat, and with what is published and the desk if they are given.

    `origins` are the other sites that may use the chat, `messages_a_minute` is the limit of one
    client (0 for no limit), `secret` signs what the plain forms carry, and `base_url` is the
    address that people use. `telegram` receives webhook calls; without it there is no webhook
    route.
    """
    limit = RateLimit(messages_a_minute)
    chat = FastAPI(
        title="Community Connector",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        middleware=[
            Middleware(GZipMiddleware),
            Middleware(BodyLimitMiddleware, max_bytes=_MAX_BODY_BYTES, larger=_LARGER_BODIES),
        ],
        exception_handlers=CHAT_ERRORS,
    )
    chat.include_router(create_chat_router(conversation, limit))
    chat.include_router(create_forms_router(conversation, limit, secret, base_url))
    chat.include_router(_create_health_router(health))
    if telegram is not None:
        chat.include_router(create_webhook_router(telegram))
    chat.include_router(_create_widget_router())
    chat.mount("/widget", _EmbeddableFiles(directory=WIDGET))
    return compose_app(chat=chat, origins=origins, published=published, desk=desk)


def compose_app(
    *,
    chat: ASGIApp | None = None,
    origins: Sequence[str] = (),
    published: ASGIApp | None = None,
    desk: ASGIApp | None = None,
) -> Starlette:
    """The parts as one app. `origins` are the other sites that may use the chat."""
    routes: list[BaseRoute] = []
    if desk is not None:
        routes += _route(desk, [HOME], _make_headers(DESK_HEADERS))
    if published is not None:
        routes += _route(published, PREFIXES, _make_headers(PUBLIC_HEADERS))
    if chat is not None:
        # Outside the chat, so that pages of other sites can read its error responses too.
        cors = Middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["POST", "DELETE"],
            allow_headers=["Content-Type"],
        )
        routes += _route(chat, [""], cors, _make_headers(SECURITY_HEADERS, spare_subresources=True))
    around_all = [Middleware(ErrorLogMiddleware), Middleware(RelativeRedirects)]
    return Starlette(routes=routes, middleware=around_all)


def _make_headers(headers: Mapping[str, str], *, spare_subresources: bool = False) -> Middleware:
    return Middleware(
        SecurityHeadersMiddleware, headers=headers, spare_subresources=spare_subresources
    )


class _AnyText(Convertor[str]):
    """The rest of a path, line breaks included, which Starlette's own `path` stops at."""

    regex = "(?s:.*)"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("any_text", _AnyText())


def _route(part: ASGIApp, prefixes: Iterable[str], *middleware: Middleware) -> list[BaseRoute]:
    """Routes to a part that answers at each prefix itself too, where `Mount` would redirect."""
    return [
        Route(path, part, middleware=middleware)
        for prefix in prefixes
        for path in (prefix, f"{prefix}/{{rest:any_text}}")
        if path
    ]


def _create_health_router(health: Health) -> APIRouter:
    router = APIRouter()

    @router.get("/api/health")
    async def check_health() -> JSONResponse:
        """The state of each part; 503 if a database is down. The chat answers in any case."""
        states = await health.read()
        # Without Rasa, or while a database is busy, the program still does its work.
        is_broken = any(states.get(name) == "down" for name in ("directory", "checkins"))
        return JSONResponse(states, 503 if is_broken else 200)

    return router


def _create_widget_router() -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.api_route("/", methods=["GET", "HEAD"])
    async def show_chat() -> FileResponse:
        return FileResponse(WIDGET / "index.html")

    @router.get("/widget.js")
    async def get_script() -> FileResponse:
        return FileResponse(WIDGET / "widget.js", headers=_EMBEDDABLE_HEADERS)

    @router.get("/widget")
    async def show_guide() -> FileResponse:
        return FileResponse(WIDGET / "guide.html")

    return router


class _EmbeddableFiles(StaticFiles):
    async def get_response(self, path: str, scope: Any) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(_EMBEDDABLE_HEADERS)
        return response
