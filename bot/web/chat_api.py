"""The chat's API: one message in, replies out, and forgetting.

Translates, decides nothing: a body becomes a Message, replies become JSON. Must never log a
body, and keeps nothing about who is calling.
"""

import math
import re
import secrets
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field, model_validator

from bot.messages import MOST_CHARACTERS, Message, Responder, to_json
from bot.responses import line
from bot.web.limits import RateLimit, name_client

_CONVERSATION = re.compile(r"[A-Za-z0-9_-]{32}")

TOO_LONG = line("web_too_long", most=MOST_CHARACTERS)


class MessageBody(BaseModel):
    """One of the two: typed words, or the `tap` of a button."""

    model_config = ConfigDict(extra="forbid")
    text: str | None = None
    tap: Annotated[str, Field(max_length=256)] | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> "MessageBody":
        if (self.text is None) == (self.tap is None):
            raise ValueError("send either text or tap")
        return self


class ChatBody(BaseModel):
    """A message in a conversation; null starts a new one."""

    model_config = ConfigDict(extra="forbid")
    conversation: str | None = None
    message: MessageBody


def make_id() -> str:
    """A new conversation's id: 192 random bits, as whoever has it may go on with the talk."""
    return secrets.token_urlsafe(24)


def name_sender(conversation_id: str) -> str:
    """Who is speaking, as the conversation knows them. Raises HTTPException for no id of ours."""
    if not _CONVERSATION.fullmatch(conversation_id):
        raise HTTPException(422, line("web_unknown"))
    return f"web:{conversation_id}"


def check_rate(limit: RateLimit, request: Request) -> None:
    """Count a message. Raises HTTPException where its client writes too fast."""
    wait = limit.wait(name_client(request))
    if wait:
        raise HTTPException(429, line("web_too_fast"), {"Retry-After": str(math.ceil(wait))})


def create_chat_api(conversation: Responder, limit: RateLimit) -> APIRouter:
    """What the widget talks to."""
    router = APIRouter()

    @router.post("/api/chat")
    async def chat(body: ChatBody, request: Request) -> dict[str, Any]:
        """Answers one message."""
        check_rate(limit, request)
        if body.message.text is not None and len(body.message.text) > MOST_CHARACTERS:
            raise HTTPException(413, TOO_LONG)
        conversation_id = body.conversation or make_id()
        message = Message(text=body.message.text, tap=body.message.tap)
        replies = await conversation.answer(name_sender(conversation_id), message)
        return {"conversation": conversation_id, "replies": [to_json(reply) for reply in replies]}

    @router.delete("/api/chat/{conversation_id}", status_code=204)
    # A page that is being left cannot wait to be asked whether it may send a DELETE.
    @router.post("/api/chat/{conversation_id}/forget", status_code=204)
    async def forget(conversation_id: str) -> None:
        """Erases the conversation, Rasa's memory of it included.

        Not counted by the limit, as who leaves in a hurry must be forgotten and cannot try again:
        one that was never begun costs nothing, and one that was is erased once.
        """
        await conversation.forget(name_sender(conversation_id))

    return router
