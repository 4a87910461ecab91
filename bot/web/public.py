"""How everything that is published is answered: to any page, with ETags, and in plain words.

Owns headers, methods and errors, and no content. Must never log an address: a search's words
are in it.
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

BROKEN = "Something went wrong on our side. Try again in a minute."
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
    """What went wrong, in a sentence."""

    error: str


class ProblemError(Exception):
    """Ends a request with a sentence for whoever made it, which quotes nothing of theirs."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


def write_json(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def answer(request: Request, body: bytes, media_type: str, **headers: str) -> Response:
    """The body, or 304 if the caller has it already."""
    # Weak: it may be compressed on its way out.
    tag = f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
    kept = {"ETag": tag, "Cache-Control": "no-cache", **headers}
    if _has(request, tag):
        return Response(status_code=304, headers=kept)
    return Response(body, media_type=media_type, headers=kept)


def answer_json(request: Request, content: Any) -> Response:
    return answer(request, write_json(content), "application/json")


def answer_lines(request: Request, lines: Iterator[Any], revision: int) -> Response:
    """A value a line, as they come; `revision` grows with every change of the content."""
    asked = f"{revision} {request.url.path}?{request.url.query}"
    tag = f'W/"{hashlib.sha256(asked.encode()).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if _has(request, tag):
        return Response(status_code=304, headers=headers)
    return StreamingResponse(
        (write_json(line) + b"\n" for line in lines), 200, headers, "application/x-ndjson"
    )


def tell(status: int, sentence: str) -> Response:
    """An error as JSON."""
    return Response(write_json({"error": sentence}), status, media_type="application/json")


def _has(request: Request, tag: str) -> bool:
    asked = request.headers.get("if-none-match", "")
    known = [one.strip().removeprefix("W/") for one in asked.split(",")]
    return "*" in known or tag.removeprefix("W/") in known


class PublicReading:
    """Hands what is asked of `prefixes` to `published`, and the rest on to `app` untouched.

    Everything published may be read from any page, by GET and HEAD; OPTIONS says so.
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
            sorry = tell(405, "The directory can only be read: use GET.")
            sorry.headers.update({**SECURITY_HEADERS, **_CORS, "Allow": METHODS})
            await sorry(scope, receive, send)
        else:
            await self._read({**scope, "method": "GET"}, receive, send, bare=method == "HEAD")

    def _is_public(self, path: str) -> bool:
        return any(path == prefix or path.startswith(f"{prefix}/") for prefix in self._prefixes)

    async def _read(self, scope: Scope, receive: Receive, send: Send, *, bare: bool) -> None:
        started = False

        async def pass_on(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in {**SECURITY_HEADERS, **_CORS}.items():
                    headers.setdefault(name, value)
            elif bare and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        try:
            await self._published(scope, receive, pass_on)
        except Exception as error:
            # The type alone: the error's own text may quote what was asked.
            log.error("A page could not be published: %s", type(error).__name__)
            if not started:
                await tell(500, BROKEN)(scope, receive, pass_on)
