"""Talking to the Rasa server over loopback HTTP.

Owns the form of what is sent and what comes back. Must never log either, nor hand
Rasa anything that says who the person is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import httpx

from bot.messages import Reply
from bot.responses import Wording, make_reply


class RasaUnavailableError(Exception):
    """Rasa did not answer in time, or not sensibly."""


class RasaBusyError(RasaUnavailableError):
    """So many are being answered that this was not even asked: it says nothing of Rasa's health."""


class Handover(Enum):
    """What Rasa asks the conversation to do, because it cannot do it itself."""

    FORGET = "forget"
    CHECK_IN = "check_in"


@dataclass(frozen=True)
class Rasa:
    """A client. `timeout` is how many seconds a whole turn may take."""

    client: httpx.AsyncClient
    timeout: float
    wording: Wording

    async def send(self, sender: str, payload: str) -> list[Reply | Handover]:
        """What Rasa says to `payload`. Raises RasaBusyError, RasaUnavailableError."""
        body = {"sender": sender, "message": payload}
        answer = await self._request("POST", "/webhooks/rest/webhook", body)
        try:
            return self._read_replies(answer.json())
        except (ValueError, KeyError, TypeError):
            raise RasaUnavailableError("Rasa's answer has an unknown shape") from None

    async def forget(self, sender: str) -> None:
        """Erase the conversation: the tracker store drops one that has no events.

        Waits for its turn as long as it takes. Raises RasaUnavailableError.
        """
        path = f"/conversations/{sender}/tracker/events"
        await self._request("PUT", path, [], patient=True)

    async def healthy(self) -> bool:
        """Whether a model is loaded and the server answers, once it could be asked."""
        try:
            await self._request("GET", "/status", patient=True)
        except RasaUnavailableError:
            return False
        return True

    async def _request(
        self, method: str, path: str, body: Any = None, *, patient: bool = False
    ) -> httpx.Response:
        # For a free connection one waits on others, and not on Rasa.
        timeout = httpx.Timeout(self.timeout, pool=None if patient else self.timeout)
        try:
            answer = await self.client.request(method, path, json=body, timeout=timeout)
            answer.raise_for_status()
        except httpx.PoolTimeout:
            raise RasaBusyError("too many are being answered") from None
        except httpx.HTTPError as error:
            # The error's own text may hold the request's: its type is all that may be told.
            raise RasaUnavailableError(type(error).__name__) from None
        return answer

    def _read_replies(self, messages: Sequence[dict[str, Any]]) -> list[Reply | Handover]:
        replies: list[Reply | Handover] = []
        for message in messages:
            custom = message.get("custom")
            if custom is None:
                replies.append(make_reply(message))
            elif custom["type"] == "listing":
                replies.append(self.wording.make_card(custom))
            else:
                replies.append(Handover(custom["type"]))
        return replies
