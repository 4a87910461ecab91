"""Pure ASGI middleware: security headers, the largest body, and methods that only read."""

from collections.abc import Mapping

from fastapi.responses import JSONResponse, Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# For any content type.
_BASE_HEADERS = {"X-Content-Type-Options": "nosniff"}
# The browser grants as little as possible.
SECURITY_HEADERS = {
    **_BASE_HEADERS,
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'; "
        "object-src 'none'"
    ),
}
# Any site may read what is published.
PUBLIC_HEADERS = {
    **SECURITY_HEADERS,
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag",
}
DESK_HEADERS = {
    **_BASE_HEADERS,
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
_SUBRESOURCE_TYPES = ("text/javascript", "application/javascript", "text/css")
_READING_METHODS = "GET, HEAD, OPTIONS"
_PREFLIGHT_HEADERS = {
    "Allow": _READING_METHODS,
    "Access-Control-Allow-Methods": _READING_METHODS,
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Max-Age": "86400",
}


class SecurityHeadersMiddleware:
    """Adds the headers that a response does not set itself.

    With `spare_subresources`, scripts and style sheets get only what concerns them: most of the
    headers are about documents and would only make each file larger.
    """

    def __init__(
        self, app: ASGIApp, headers: Mapping[str, str], *, spare_subresources: bool = False
    ) -> None:
        self._app = app
        self._headers = headers
        self._spare_subresources = spare_subresources

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                is_subresource = headers.get("content-type", "").startswith(_SUBRESOURCE_TYPES)
                is_spared = is_subresource and self._spare_subresources
                for name, value in (_BASE_HEADERS if is_spared else self._headers).items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


class BodyLimitMiddleware:
    """Refuses to hand on more than `max_bytes` of a body, or than `larger` allows for its path.

    Raises HTTPException 413 where the app reads the body: at once if its length is declared, else
    as soon as more has arrived. Place it inside the app, whose error handlers then answer.
    """

    def __init__(self, app: ASGIApp, max_bytes: int, larger: Mapping[str, int]) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._larger = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        max_bytes = self._larger.get(scope["path"], self._max_bytes)
        # The server has checked that it is a number.
        declared = int(Headers(scope=scope).get("content-length", 0))
        received = 0

        async def receive_within_limit() -> Message:
            nonlocal received
            if declared > max_bytes:
                raise HTTPException(413)
            message = await receive()
            received += len(message.get("body", b""))
            if received > max_bytes:
                raise HTTPException(413)
            return message

        await self._app(scope, receive_within_limit, send)


class ReadOnlyMiddleware:
    """Answers GET and HEAD as the app does, OPTIONS itself, and refuses all other methods."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_without_body(message: Message) -> None:
            await send({**message, "body": b""} if "body" in message else message)

        match scope["method"]:
            case "GET":
                await self._app(scope, receive, send)
            case "HEAD":
                await self._app({**scope, "method": "GET"}, receive, send_without_body)
            case "OPTIONS":
                await Response(None, 204, _PREFLIGHT_HEADERS)(scope, receive, send)
            case _:
                error = {"error": "The directory can only be read: use GET."}
                refusal = JSONResponse(error, 405, {"Allow": _READING_METHODS})
                await refusal(scope, receive, send)
