"""Fixtures for tests that talk to the bot over the Bot API."""

from collections.abc import Iterator

import pytest

from tests.support.bot_api.server import BotApi


@pytest.fixture
def bot_api() -> Iterator[BotApi]:
    """A running server: give the bot its `.url` and `.token`."""
    server = BotApi()
    server.start()
    yield server
    server.stop()
