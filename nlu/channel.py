"""The channel through which the program talks to Rasa, and the lock on Rasa's whole server.

Runs in Rasa's own environment. Loopback is no protection: every program on this machine reaches it,
and so does every page in a browser here. Rasa's own `--auth-token` covers neither its channels nor
`/`, and would show in the list of processes.
"""

import hmac

from rasa.core.channels.rest import RestInput
from rasa.shared.exceptions import RasaException
from sanic import Blueprint, Sanic
from sanic.request import Request
from sanic.response import HTTPResponse, empty

# Far more than the longest message, and far less than Sanic's 100 MB: a body is read before the
# token is checked.
_MAX_BODY_BYTES = 262_144


class LockedRestInput(RestInput):
    """Rasa's REST channel. Every route of its server, the API's too, wants the token."""

    @classmethod
    def from_credentials(cls, credentials: dict | None) -> "LockedRestInput":
        token = (credentials or {}).get("token")
        if not token:
            raise RasaException("The channel has no token, so Rasa would be open to anybody.")
        return cls(token)

    def __init__(self, token: str) -> None:
        self._authorization = f"Bearer {token}".encode()

    def blueprint(self, on_new_message) -> Blueprint:
        blueprint = super().blueprint(on_new_message)

        @blueprint.before_server_start
        async def lock_server(app: Sanic, _loop) -> None:
            app.config.REQUEST_MAX_SIZE = _MAX_BODY_BYTES
            # Before any other, such as the one that answers preflight requests.
            app.request_middleware.appendleft(self._refuse_strangers)

        return blueprint

    async def _refuse_strangers(self, request: Request) -> HTTPResponse | None:
        # Another host's name would be a page's that was made to resolve to this machine.
        is_loopback = request.headers.get("host", "").partition(":")[0] == "127.0.0.1"
        authorization = request.headers.get("authorization", "").encode()
        if is_loopback and hmac.compare_digest(authorization, self._authorization):
            return None
        return empty(403)
