"""A Bot API server on loopback, with the real one's limits, for tests over real HTTP.

`BotApi` runs it and `Chat` is a person's side of it. Ours, because npm's `telegram-test-api`,
the nearest there is, has no setMyCommands, no chat actions, no locations, and lets through texts,
buttons and markup that Telegram refuses: a test against it passes where a resident gets nothing.

It must never be lenient: where the real server answers with an error, so does this one, with the
same words.
"""

from tests.support.bot_api.chat import Chat, Sent, Tap
from tests.support.bot_api.server import BotApi, Fault

__all__ = ["BotApi", "Chat", "Fault", "Sent", "Tap"]
