"""The FastAPI app that residents' browsers talk to.

Translates, decides nothing: a body becomes a Message, replies become JSON. Must never
log a body, and keeps nothing about who is calling.
"""

import logging
import re
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Header, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.exceptions import HTTPException as StarletteHTTPException

from bot.replies import MOST_CHARACTERS, Conversation, Message, to_json
from bot.wording import line

log = logging.getLogger(__name__)

WIDGET = Path(__file__).resolve().parent.parent / "widget"
_MOST_BYTES = 16_384
_CONVERSATION = re.compile(r"[A-Za-z0-9_-]{32}")

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
    ),
}


class MessageBody(BaseModel):
    """One of the two: typed words, or the `tap` of a button."""

    model_config = ConfigDict(extra="forbid")
    text: str | None = None
    tap: Annotated[str, Field(max_length=256)] | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> "MessageBody":
        if (self.text is None) == (self.tap is None):
            raise ValueError("send either text or tap")
        return self


class ChatBody(BaseModel):
    """A message in a conversation; null starts a new one."""

    model_config = ConfigDict(extra="forbid")
    conversation: str | None = None
    message: MessageBody


def create_app(
    conversation: Conversation,
    *,
    origins: list[str],
    rasa_is_up: Callable[[], bool],
    receive_telegram: Callable[[dict[str, Any], str | None], Awaitable[bool]] | None = None,
) -> FastAPI:
    """The app. `receive_telegram` takes webhook calls; without it there is no such address."""
    app = FastAPI(
        title="Community Connector",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        # For a body that does not say its length; `guard` has words for the others.
        max_body_size=4 * _MOST_BYTES,
    )

    @app.middleware("http")
    async def guard(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        length = request.headers.get("content-length") or "0"
        if not length.isdecimal() or int(length) > _MOST_BYTES:
            return _sorry(413, _TOO_LONG)
        try:
            response = await go_on(request)
        except Exception as error:
            # The type alone: the error's own text may quote what was sent.
            log.error("A request failed: %s", type(error).__name__)
            response = _sorry(500, line("web_wrong"))
        for name, value in _HEADERS.items():
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

    @app.post("/api/chat")
    async def chat(body: ChatBody) -> dict[str, Any]:
        """Answers one message."""
        if body.message.text is not None and len(body.message.text) > MOST_CHARACTERS:
            raise HTTPException(413, _TOO_LONG)
        conversation_id = body.conversation or secrets.token_urlsafe(24)
        message = Message(text=body.message.text, tap=body.message.tap)
        replies = await conversation.answer(_sender(conversation_id), message)
        return {"conversation": conversation_id, "replies": [to_json(reply) for reply in replies]}

    @app.delete("/api/chat/{conversation_id}", status_code=204)
    async def forget(conversation_id: str) -> None:
        """Erases the conversation, Rasa's memory of it included."""
        await conversation.forget(_sender(conversation_id))

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

    app.mount("/widget", _EmbeddableFiles(directory=WIDGET))
    app.add_exception_handler(StarletteHTTPException, _tell_http_error)
    app.add_exception_handler(RequestValidationError, _tell_invalid)
    return app


_TOO_LONG = line("web_too_long", most=MOST_CHARACTERS)
# Any page may load the widget's files, which hold no secret, whatever may use the chat.
_EMBEDDABLE = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}


class _EmbeddableFiles(StaticFiles):
    async def get_response(self, path: str, scope: Any) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(_EMBEDDABLE)
        return response


def _sender(conversation_id: str) -> str:
    if not _CONVERSATION.fullmatch(conversation_id):
        raise HTTPException(422, line("web_unknown"))
    return f"web:{conversation_id}"


def _sorry(status: int, sentence: str) -> JSONResponse:
    return JSONResponse({"error": sentence}, status)


async def _tell_http_error(_request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 500)
    return _sorry(status, str(getattr(error, "detail", line("web_wrong"))))


async def _tell_invalid(_request: Request, _error: Exception) -> Response:
    # The error's own text quotes what was sent; it stays unsaid.
    return _sorry(422, line("web_unreadable"))
