"""A Bot API server on loopback, with the real one's limits, for tests over real HTTP.

`BotApi` runs it, and `Chat` is a person's side of it. The nearest alternative, npm's
`telegram-test-api`, has no setMyCommands, chat actions or locations, and accepts texts, buttons
and markup that Telegram refuses: a test against it could pass although residents get no reply.

It must never be lenient: where the real server answers with an error, this one does too, in the
same words.
"""

from tests.support.bot_api.chat import Chat, Sent, Tap
from tests.support.bot_api.server import BotApi, Fault

__all__ = ["BotApi", "Chat", "Fault", "Sent", "Tap"]
