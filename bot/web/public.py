"""Responses of the published directory: CORS for any site, ETags, and errors in plain sentences.

Owns headers, methods and errors, but no content. Must never log a URL, which can hold the text of a
search.
"""

import hashlib
import json
import logging
from collections.abc import Iterator
from typing import Any

from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.web.headers import SECURITY_HEADERS

log = logging.getLogger(__name__)

SERVER_ERROR = "Something went wrong on our side. Try again in a minute."
METHODS = "GET, HEAD, OPTIONS"
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag",
}
_PREFLIGHT = {
    **_CORS,
    "Allow": METHODS,
    "Access-Control-Allow-Methods": METHODS,
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Max-Age": "86400",
}


class Problem(BaseModel):
    """An error, as one sentence."""

    error: str


class ProblemError(Exception):
    """Ends a request with an error sentence, which must not quote the request."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


def write_json(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def respond(request: Request, body: bytes, media_type: str, **extra_headers: str) -> Response:
    """The body, or 304 if the client already has it."""
    # Weak, because the body may be compressed.
    tag = f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache", **extra_headers}
    if _is_cached(request, tag):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)


def respond_json(request: Request, content: Any) -> Response:
    return respond(request, write_json(content), "application/json")


def respond_ndjson(request: Request, lines: Iterator[Any], revision: int) -> Response:
    """Newline-delimited JSON, streamed. `revision` grows with every change of the content."""
    version = f"{revision} {request.url.path}?{request.url.query}"
    tag = f'W/"{hashlib.sha256(version.encode()).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if _is_cached(request, tag):
        return Response(status_code=304, headers=headers)
    return StreamingResponse(
        (write_json(line) + b"\n" for line in lines), 200, headers, "application/x-ndjson"
    )


def respond_error(status: int, sentence: str) -> Response:
    """An error as JSON."""
    return Response(write_json({"error": sentence}), status, media_type="application/json")


def _is_cached(request: Request, tag: str) -> bool:
    header = request.headers.get("if-none-match", "")
    tags = [item.strip().removeprefix("W/") for item in header.split(",")]
    return "*" in tags or tag.removeprefix("W/") in tags


class PublicReadMiddleware:
    """Passes requests under `prefixes` to `published`, and all others to `app` untouched.

    Any site can read what is published, with GET and HEAD; OPTIONS says so.
    """

    def __init__(self, app: ASGIApp, published: ASGIApp, prefixes: tuple[str, ...]) -> None:
        self._app = app
        self._published = published
        self._prefixes = prefixes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._is_public(scope["path"]):
            await self._app(scope, receive, send)
            return
        method = scope["method"]
        if method == "OPTIONS":
            await Response(status_code=204, headers=_PREFLIGHT)(scope, receive, send)
        elif method not in ("GET", "HEAD"):
            response = respond_error(405, "The directory can only be read: use GET.")
            response.headers.update({**SECURITY_HEADERS, **_CORS, "Allow": METHODS})
            await response(scope, receive, send)
        else:
            await self._run_published(
                {**scope, "method": "GET"}, receive, send, omit_body=method == "HEAD"
            )

    def _is_public(self, path: str) -> bool:
        return any(path == prefix or path.startswith(f"{prefix}/") for prefix in self._prefixes)

    async def _run_published(
        self, scope: Scope, receive: Receive, send: Send, *, omit_body: bool
    ) -> None:
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in {**SECURITY_HEADERS, **_CORS}.items():
                    headers.setdefault(name, value)
            elif omit_body and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        try:
            await self._published(scope, receive, send_with_headers)
        except Exception as error:
            # Only the error's type is logged: its text may quote the request.
            log.error("A page could not be published: %s", type(error).__name__)
            if not started:
                await respond_error(500, SERVER_ERROR)(scope, receive, send_with_headers)
