"""The Telegram channel at a Bot API server on loopback, with a conversation that echoes."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn

from bot.health import Health
from bot.messages import (
    Choices,
    HelpLine,
    HelpLines,
    ListingCard,
    Message,
    Option,
    Reply,
    SendEarly,
    Text,
)
from bot.telegram.app import Telegram
from bot.web.app import create_app
from tests.support.bot_api import BotApi, Chat

CARD = ListingCard(
    listing_id=7,
    name="Tea & Talk",
    kind="group",
    organisation="",
    reasons=("You like tea",),
    when="Tuesdays",
    where="Library",
    cost="Free",
    access="",
    alert="",
    notice="",
    description="",
    website="https://example.org",
    phone="",
    email="",
    options=(Option("Tell me more", "more:7"),),
)
QUESTION = Choices("Which?", (Option("Yes", "yes"), Option("No", "no")))


@dataclass
class Echo:
    """A conversation that repeats each message; a few texts have a reply of their own."""

    received: list[tuple[str, Message]] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    may_finish: asyncio.Event = field(default_factory=asyncio.Event)
    concurrency: int = 0

    async def answer(self, sender: str, message: Message, *, send_early: SendEarly) -> list[Reply]:
        self.received.append((sender, message))
        self.concurrency += 1
        try:
            if message.text == "busy":
                await send_early([Text("One moment, please.")])
                await self.may_finish.wait()
            return await self._answer(message)
        finally:
            self.concurrency -= 1

    async def _answer(self, message: Message) -> list[Reply]:
        match message.text:
            case "wait":
                await self.may_finish.wait()
            case "fail":
                raise ValueError("secret words")
            case "ask":
                return [QUESTION]
            case "card":
                return [CARD]
            case "long":
                return [Choices("A sentence & more. " * 500, QUESTION.options)]
            case "many":
                return [Text("one"), Text("two"), Text("three")]
            case "help":
                return [HelpLines("Call now.", (HelpLine("Samaritans", "116 123", "tel:116123"),))]
            case "too long a tap":
                return [Choices("Which?", (Option("Long", "x" * 65), Option("Fine", "fine")))]
        return [Text(f"heard {message.text or message.tap or message.location}")]

    async def forget(self, sender: str) -> None:
        self.forgotten.append(sender)

    @property
    def messages(self) -> list[Message]:
        return [message for _, message in self.received]


@asynccontextmanager
async def running(api: BotApi, conversation: Echo, **settings: Any) -> AsyncIterator[Telegram]:
    """The channel, polling the server."""
    settings = {"token": api.token, "base_url": api.url, "strict": True} | settings
    channel = Telegram(conversation, **settings)
    try:
        await channel.start()
        yield channel
    finally:
        conversation.may_finish.set()
        await channel.stop()


SECRET = "a-secret_1"


@asynccontextmanager
async def receiving(api: BotApi, conversation: Echo, **settings: Any) -> AsyncIterator[str]:
    """The channel, receiving from the server by webhook. Gives the webhook's address."""
    settings = {"token": api.token, "base_url": api.url, "strict": True} | settings
    channel = Telegram(conversation, **settings)
    app = create_app(
        conversation,
        origins=[],
        secret=b"of the tests alone",
        health=Health(str, {}),
        telegram=channel,
    )
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(
            uvicorn.Config(app, lifespan="off", ws="none", log_config=None, access_log=False)
        )
        serving = asyncio.create_task(server._serve(sockets=[listener]))
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/api/telegram"
        try:
            await channel.start_webhook(address, SECRET)
            yield address
        finally:
            conversation.may_finish.set()
            await channel.stop()
            server.should_exit = True
            await serving


@pytest.fixture
async def echo() -> Echo:
    return Echo()


@pytest.fixture
async def ada(bot_api: BotApi, echo: Echo) -> AsyncIterator[Chat]:
    """A person in a private chat with the running bot."""
    async with running(bot_api, echo):
        yield bot_api.chat()
