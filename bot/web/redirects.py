"""Redirects within the program as paths.

FastAPI's own, such as from `/chat/` to `/chat`, name the `Host` that the client sent, which a cache
in between could hand to others.
"""

from starlette.datastructures import URL, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class RelativeRedirects:
    """Takes the client's own host out of the `Location` header."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_relative(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                url = URL(headers.get("location", ""))
                if url.netloc and url.netloc == URL(scope=scope).netloc:
                    headers["location"] = str(url.replace(scheme="", netloc=""))
            await send(message)

        await self._app(scope, receive, send_relative)
