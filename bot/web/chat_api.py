"""The chat's JSON API: send one message, or forget the conversation.

Only translates: a request body becomes a Message, and replies become JSON, or a stream of events
for a page that can show what comes before the answer. Must never log a body or store anything
about the client.
"""

import asyncio
import logging
import math
import re
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, ConfigDict, Field, model_validator

from bot.messages import MAX_MESSAGE_LENGTH, Message, Reply, Responder, to_json
from bot.rate_limit import RateLimit
from bot.responses import get_line
from bot.web.limits import get_client_network

log = logging.getLogger(__name__)

_CONVERSATION_ID = re.compile(r"[A-Za-z0-9_-]{32}")

TOO_LONG = get_line("web_too_long", most=MAX_MESSAGE_LENGTH)


class MessageBody(BaseModel):
    """Either the typed `text`, or the `tap` of a button."""

    model_config = ConfigDict(extra="forbid")
    text: str | None = None
    tap: Annotated[str, Field(max_length=256)] | None = None

    @model_validator(mode="after")
    def _check_exactly_one(self) -> "MessageBody":
        if (self.text is None) == (self.tap is None):
            raise ValueError("send either text or tap")
        return self


class ChatBody(BaseModel):
    """A message in a conversation. A null `conversation` starts a new one.

    `open_checkin` is what the last answer's replies had of that name.
    """

    model_config = ConfigDict(extra="forbid")
    conversation: str | None = None
    message: MessageBody
    open_checkin: Annotated[str, Field(max_length=256)] = ""


@dataclass(frozen=True)
class _Incoming:
    """A message that may be answered, and where it comes from."""

    conversation_id: str
    sender: str
    message: Message
    client: str

    def make_answer(self, replies: list[Reply]) -> dict[str, Any]:
        """The replies in the API's form."""
        return {"conversation": self.conversation_id, "replies": list(map(to_json, replies))}


def make_conversation_id() -> str:
    """A new id of 192 random bits, since anybody who knows an id can continue the conversation."""
    return secrets.token_urlsafe(24)


def make_sender_id(conversation_id: str) -> str:
    """The sender as `Responder` knows them. Raises HTTPException if the id is not well formed."""
    if not _CONVERSATION_ID.fullmatch(conversation_id):
        raise HTTPException(422, get_line("web_unknown"))
    return f"web:{conversation_id}"


def check_rate(limit: RateLimit, request: Request) -> None:
    """Count a message. Raises HTTPException if its client sends too many."""
    wait = limit.count_request(get_client(request))
    if wait:
        raise HTTPException(429, get_line("web_too_fast"), {"Retry-After": str(math.ceil(wait))})


def _forbid_caching(response: Response) -> None:
    response.headers["Cache-Control"] = "no-store"


def get_client(request: Request) -> str:
    """Whom limits count: a household, by its address."""
    return f"web:{get_client_network(request)}"


def create_chat_router(conversation: Responder, limit: RateLimit) -> APIRouter:
    """The API that the widget uses."""
    router = APIRouter(dependencies=[Depends(_forbid_caching)])

    async def read_incoming(body: ChatBody, request: Request) -> _Incoming:
        check_rate(limit, request)
        if body.message.text is not None and len(body.message.text) > MAX_MESSAGE_LENGTH:
            raise HTTPException(413, TOO_LONG)
        conversation_id = body.conversation or make_conversation_id()
        return _Incoming(
            conversation_id,
            make_sender_id(conversation_id),
            Message(text=body.message.text, tap=body.message.tap, open_checkin=body.open_checkin),
            get_client(request),
        )

    @router.post("/api/chat")
    async def send_message(
        incoming: Annotated[_Incoming, Depends(read_incoming)],
    ) -> dict[str, Any]:
        """Answers one message."""
        replies = await conversation.answer(
            incoming.sender, incoming.message, client=incoming.client
        )
        return incoming.make_answer(replies)

    @router.post("/api/chat/stream", response_class=EventSourceResponse)
    async def stream_message(
        incoming: Annotated[_Incoming, Depends(read_incoming)],
    ) -> AsyncIterator[ServerSentEvent]:
        """Answers one message with server-sent events.

        The last one is `answer`, with the content that /api/chat has, or `error`. If the answer
        takes long, there is an event `early` before it, with replies to show until then.
        """
        early: asyncio.Future[list[Reply]] = asyncio.get_running_loop().create_future()

        async def send_early(replies: list[Reply]) -> None:
            early.set_result(replies)

        answering = asyncio.create_task(
            conversation.answer(
                incoming.sender, incoming.message, client=incoming.client, send_early=send_early
            )
        )
        try:
            await asyncio.wait({answering, early}, return_when=asyncio.FIRST_COMPLETED)
            if early.done():
                yield ServerSentEvent(event="early", data=incoming.make_answer(early.result()))
            yield ServerSentEvent(event="answer", data=incoming.make_answer(await answering))
        except Exception as error:
            # Only the error's type is logged: its text may quote what was sent.
            log.error("A message could not be answered: %s", type(error).__name__)
            yield ServerSentEvent(event="error", data={"error": get_line("web_wrong")})
        finally:
            # A client that has disconnected may send the message again.
            answering.cancel()

    @router.delete("/api/chat/{conversation_id}", status_code=204)
    # A page that is closing cannot wait for the preflight request that DELETE needs.
    @router.post("/api/chat/{conversation_id}/forget", status_code=204)
    async def forget_conversation(conversation_id: str) -> None:
        """Erases the conversation, including Rasa's tracker.

        Not rate limited: somebody who leaves in a hurry must be forgotten and cannot try again.
        An unknown conversation costs nothing, and a known one is erased once.
        """
        await conversation.forget(make_sender_id(conversation_id))

    return router
