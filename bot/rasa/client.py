"""A client for the Rasa server, which answers on loopback only.

Owns the form of requests and responses. Must never log either, nor send Rasa anything that says
who the person is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import httpx

from bot.cards import View
from bot.messages import Choices, Text
from bot.responses import make_reply

_HEALTH_TIMEOUT = 3.0  # in seconds


class RasaUnavailableError(Exception):
    """Rasa cannot answer: it is not up, was silent for too long, or its answer made no sense."""


class RasaSilentError(RasaUnavailableError):
    """Rasa did not answer at all, so its health is in doubt."""


class Handover(Enum):
    """Something that only the conversation can do for Rasa.

    `TALK_LOST` asks to say that Rasa was restarted and no longer knows this conversation, and
    `SEARCH_LOST` that it only knows the listings that it showed last.
    """

    FORGET = "forget"
    CHECK_IN = "check_in"
    BROKEN = "broken"  # an action failed
    TALK_LOST = "talk_lost"
    SEARCH_LOST = "search_lost"


@dataclass(frozen=True)
class ListingReference:
    """A listing to show. `reasons` say why it fits, each true of the listing."""

    listing_id: int
    view: View
    reasons: tuple[str, ...] = ()


RasaReply = Text | Choices | ListingReference | Handover


class RasaClient:
    """Sends messages to Rasa under a pseudonym.

    `timeout` is in seconds, from when a request is sent. `open_requests` counts those that Rasa
    has not answered, without health checks.
    """

    def __init__(self, http_client: httpx.AsyncClient, timeout: float) -> None:
        self._http_client = http_client
        self._timeout = timeout
        self.open_requests = 0

    async def send(self, pseudonym: str, payload: str) -> list[RasaReply]:
        """Rasa's replies to `payload`. Raises RasaUnavailableError."""
        body = {"sender": pseudonym, "message": payload}
        response = await self._request("POST", "/webhooks/rest/webhook", body)
        try:
            return _read_replies(response.json())
        except (ValueError, KeyError, TypeError):
            raise RasaUnavailableError("Rasa's answer has an unknown shape") from None

    async def forget(self, pseudonym: str) -> None:
        """Erase a conversation: the tracker store drops one without events.

        Raises RasaUnavailableError.
        """
        await self._request("PUT", f"/conversations/{pseudonym}/tracker/events", [])

    async def rewind(self, pseudonym: str) -> None:
        """Undo the last message of a conversation and what came of it.

        Raises RasaUnavailableError.
        """
        # Rasa's "rewind" undoes the wait for the message as well.
        events = [{"event": "rewind"}, {"event": "action", "name": "action_listen"}]
        await self._request("POST", f"/conversations/{pseudonym}/tracker/events", events)

    async def restore_slots(self, pseudonym: str, slots: Mapping[str, Any]) -> None:
        """Fill slots of a conversation. Raises RasaUnavailableError."""
        events = [{"event": "slot", "name": name, "value": slots[name]} for name in slots]
        await self._request("POST", f"/conversations/{pseudonym}/tracker/events", events)

    async def is_healthy(self) -> bool:
        """Whether a model is loaded and the server answers within 3 seconds."""
        try:
            response = await self._http_client.get("/status", timeout=_HEALTH_TIMEOUT)
        except httpx.HTTPError:
            return False
        return response.is_success

    async def _request(self, method: str, path: str, body: Any) -> httpx.Response:
        self.open_requests += 1
        try:
            response = await self._http_client.request(
                method, path, json=body, timeout=self._timeout
            )
            response.raise_for_status()
        # The type or status alone, because an error's own text may quote the request.
        except httpx.HTTPStatusError as error:
            raise RasaUnavailableError(f"status {error.response.status_code}") from None
        except httpx.HTTPError as error:
            raise RasaSilentError(type(error).__name__) from None
        finally:
            self.open_requests -= 1
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
