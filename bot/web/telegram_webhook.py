"""The address to which Telegram posts updates.

Owns the order of the checks: the secret before a byte of the body is read, then the size. Must
never log a body. A call is answered with 200 only after the person was answered, since Telegram
forgets the update then; any other status has Telegram send it again, and holds back what the
person writes after it.
"""

from typing import Annotated, Protocol

from fastapi import APIRouter, Header, HTTPException, Request

PATH = "/api/telegram"
# A text of 4,096 letters is 24.6 kB in Telegram's JSON, and a message can quote another and carry
# a keyboard and a hundred links. No known update comes near this.
MAX_UPDATE_BYTES = 1_048_576
# The rest of a longer update is read and thrown away, because Telegram sends again what breaks off.
MAX_BODY_BYTES = 16 * MAX_UPDATE_BYTES
_SECONDS_UNTIL_RESENT = 1


class UpdateReceiver(Protocol):
    """What the route needs from the Telegram channel; see `bot.telegram.app.Telegram`."""

    def accepts(self, secret: str | None) -> bool: ...

    async def receive(self, body: bytes) -> bool: ...


def create_webhook_router(telegram: UpdateReceiver) -> APIRouter:
    """The route of the webhook."""
    router = APIRouter()

    @router.post(PATH)
    async def receive_update(
        request: Request, x_telegram_bot_api_secret_token: Annotated[str | None, Header()] = None
    ) -> None:
        """Receives an update from Telegram."""
        if not telegram.accepts(x_telegram_bot_api_secret_token):
            raise HTTPException(403, "This address is for Telegram only.")
        if not await telegram.receive(await _read_start(request)):
            headers = {"Retry-After": str(_SECONDS_UNTIL_RESENT)}
            raise HTTPException(503, "Please send this update again.", headers)

    return router


async def _read_start(request: Request) -> bytes:
    """The body, or the first megabyte of a longer one: it names the chat, which gets an answer."""
    start = bytearray()
    async for chunk in request.stream():
        start += chunk[: MAX_UPDATE_BYTES - len(start)]
    return bytes(start)
