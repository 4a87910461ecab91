"""The chat's JSON API: send one message, or forget the conversation.

Only translates: a request body becomes a Message, and replies become JSON. Must never log a body or
store anything about the client.
"""

import math
import re
import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from bot.messages import MAX_MESSAGE_LENGTH, Message, Responder, to_json
from bot.rate_limit import RateLimit
from bot.responses import get_line
from bot.web.limits import get_client_network

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
    """A message in a conversation. A null `conversation` starts a new one."""

    model_config = ConfigDict(extra="forbid")
    conversation: str | None = None
    message: MessageBody


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

    @router.post("/api/chat")
    async def send_message(body: ChatBody, request: Request) -> dict[str, Any]:
        """Answers one message."""
        check_rate(limit, request)
        if body.message.text is not None and len(body.message.text) > MAX_MESSAGE_LENGTH:
            raise HTTPException(413, TOO_LONG)
        conversation_id = body.conversation or make_conversation_id()
        message = Message(text=body.message.text, tap=body.message.tap)
        sender_id, client = make_sender_id(conversation_id), get_client(request)
        replies = await conversation.answer(sender_id, message, client=client)
        return {"conversation": conversation_id, "replies": [to_json(reply) for reply in replies]}

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
