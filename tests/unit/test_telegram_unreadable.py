"""Telegram updates of any content: what is read of them can be read, and no words are lost."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from telegram import Bot, Update

from bot.telegram.unreadable import make_readable, read_update

BOT = Bot("1:token")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = "from date entities photo poll venue location reply_to_message forward_origin".split()
MESSAGES = st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, JSON))


@given(MESSAGES)
def test_the_words_are_kept_whatever_is_beside_them(fields: dict[str, Any]) -> None:
    chat = {"id": 7, "type": "private"}
    message = {"message_id": 1, "date": 0, **fields, "chat": chat, "text": "words"}
    update = Update.de_json(make_readable({"update_id": 1, "message": message}), BOT)
    assert update.effective_message
    assert update.effective_message.text == "words"
    assert update.effective_message.chat.id == 7


@given(st.dictionaries(st.sampled_from(["message", "callback_query", "my_chat_member"]), JSON))
def test_any_update_can_be_read(content: dict[str, Any]) -> None:
    assert read_update(json.dumps({"update_id": 5, **content}).encode(), BOT) is not None


@given(st.binary())
def test_any_body_can_be_read(body: bytes) -> None:
    read_update(body, BOT)
    read_update(b'{"update_id":5,' + body, BOT)


@given(st.text())
def test_a_text_cannot_name_another_chat(text: str) -> None:
    text += '"chat":{"id":99}'
    message = {"message_id": 1, "from": {"first_name": text}, "chat": {"id": 7}, "text": text}
    body = json.dumps({"update_id": 5, "message": message}, separators=(",", ":")).encode()
    update = read_update(body[:-2], BOT)
    assert update
    assert update.effective_chat
    assert update.effective_chat.id == 7
