"""A client for the Rasa server, which answers on loopback only.

Owns the form of requests and responses. Must never log either, nor send Rasa anything that says
who the person is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import httpx

from bot.cards import View
from bot.messages import Choices, Text
from bot.responses import make_reply


class RasaUnavailableError(Exception):
    """Rasa did not answer in time, or its answer made no sense."""


class RasaBusyError(RasaUnavailableError):
    """Too many requests are open to send another; this says nothing about Rasa's health."""


class Handover(Enum):
    """Something that only the conversation can do for Rasa."""

    FORGET = "forget"
    CHECK_IN = "check_in"
    BROKEN = "broken"  # an action failed


@dataclass(frozen=True)
class ListingReference:
    """A listing to show. `reasons` say why it fits, each true of the listing."""

    listing_id: int
    view: View
    reasons: tuple[str, ...] = ()


RasaReply = Text | Choices | ListingReference | Handover


@dataclass(frozen=True)
class RasaClient:
    """Sends messages to Rasa under a pseudonym. `timeout` is in seconds for a whole turn."""

    http_client: httpx.AsyncClient
    timeout: float

    async def send(self, pseudonym: str, payload: str) -> list[RasaReply]:
        """Rasa's replies to `payload`. Raises RasaBusyError, RasaUnavailableError."""
        body = {"sender": pseudonym, "message": payload}
        response = await self._request("POST", "/webhooks/rest/webhook", body)
        try:
            return _read_replies(response.json())
        except (ValueError, KeyError, TypeError):
            raise RasaUnavailableError("Rasa's answer has an unknown shape") from None

    async def forget(self, pseudonym: str) -> None:
        """Erase a conversation: the tracker store drops one without events.

        Waits for a free connection as long as it takes. Raises RasaUnavailableError.
        """
        path = f"/conversations/{pseudonym}/tracker/events"
        await self._request("PUT", path, [], wait_for_connection=True)

    async def is_healthy(self) -> bool:
        """Whether a model is loaded and the server answers; waits for a free connection."""
        try:
            await self._request("GET", "/status", wait_for_connection=True)
        except RasaUnavailableError:
            return False
        return True

    async def _request(
        self, method: str, path: str, body: Any = None, *, wait_for_connection: bool = False
    ) -> httpx.Response:
        # Connections are held by other requests, so waiting for one says nothing about Rasa.
        pool_timeout = None if wait_for_connection else self.timeout
        timeout = httpx.Timeout(self.timeout, pool=pool_timeout)
        try:
            response = await self.http_client.request(method, path, json=body, timeout=timeout)
            response.raise_for_status()
        except httpx.PoolTimeout:
            raise RasaBusyError("too many requests are open") from None
        except httpx.HTTPError as error:
            # The type alone, because the error's own text may quote the request.
            raise RasaUnavailableError(type(error).__name__) from None
        return response


def _read_replies(messages: Sequence[dict[str, Any]]) -> list[RasaReply]:
    replies: list[RasaReply] = []
    for message in messages:
        custom = message.get("custom")
        if custom is None:
            replies.append(make_reply(message))
        elif custom["type"] == "listing":
            replies.append(
                ListingReference(int(custom["id"]), custom["view"], tuple(custom["reasons"]))
            )
        else:
            replies.append(Handover(custom["type"]))
    return replies
