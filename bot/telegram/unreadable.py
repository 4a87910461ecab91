"""Updates that the library cannot read, or that are no JSON: what can be read of them.

Owns that no update stops those after it, and that its person still gets an answer: their words
reach the conversation although something else in the message was not understood. Must never log
what is in an update.
"""

import json
import logging
import re
from typing import Any

from telegram import Bot, Chat, Update

log = logging.getLogger(__name__)

_MESSAGES = ("message", "edited_message")
# Quotes inside a text are escaped, so that no text can contain these.
_UPDATE_ID = re.compile(rb'"update_id"\s*:\s*(\d{1,18})\b')
_CHAT_ID = re.compile(rb'"chat"\s*:\s*\{\s*"id"\s*:\s*(-?\d{1,18})\b')


def read_update(body: bytes, bot: Bot) -> Update | None:
    """The update that was posted, or what can be read of it; None without an update id."""
    try:
        update = json.loads(body)
    except (ValueError, RecursionError):
        update = _find_ids(body)
    if not isinstance(update, dict) or not isinstance(update.get("update_id"), int):
        log.warning("a webhook call held no update")
        return None
    return Update.de_json(make_readable(update), bot)


def make_readable(update: dict[str, Any]) -> dict[str, Any]:
    """The update if the library can read it; otherwise the parts it can read.

    `update` must have an `update_id`. A message without readable words becomes an empty one.
    """
    if _is_readable(update):
        return update
    reduced = _reduce(update)
    return reduced if _is_readable(reduced) else {"update_id": update["update_id"]}


def _is_readable(update: dict[str, Any]) -> bool:
    try:
        Update.de_json(update, None)
    except Exception as error:
        log.warning("an update could not be read (%s)", type(error).__name__)
        return False
    return True


def _reduce(update: dict[str, Any]) -> dict[str, Any]:
    """The update without everything that an answer does not need."""
    reduced: dict[str, Any] = {"update_id": update["update_id"]}
    for kind in _MESSAGES:
        if isinstance(message := update.get(kind), dict):
            reduced[kind] = _reduce_message(message)
    query = update.get("callback_query")
    if isinstance(query, dict) and isinstance(message := query.get("message"), dict):
        reduced["callback_query"] = {
            "id": query.get("id"),
            "from": {"id": 0, "is_bot": False, "first_name": ""},
            "chat_instance": "",
            "data": query.get("data"),
            "message": _reduce_message(message),
        }
    return reduced


def _reduce_message(message: dict[str, Any]) -> dict[str, Any]:
    chat = message["chat"] if isinstance(message.get("chat"), dict) else {}
    reduced: dict[str, Any] = {
        "message_id": message.get("message_id", 0),
        # In a tap, a date of 0 marks a message whose content is not known.
        "date": 0,
        "chat": {name: chat[name] for name in ("id", "type") if name in chat},
    }
    for name in ("text", "caption"):
        if isinstance(message.get(name), str):
            reduced[name] = message[name]
    return reduced


def _find_ids(body: bytes) -> dict[str, Any] | None:
    """An update with an empty message, from the numbers at the start of a body that is no JSON."""
    update_id, chat_id = _UPDATE_ID.search(body), _CHAT_ID.search(body)
    if update_id is None:
        return None
    update: dict[str, Any] = {"update_id": int(update_id[1])}
    if chat_id:
        number = int(chat_id[1])
        kind = Chat.PRIVATE if number > 0 else Chat.GROUP
        chat = {"id": number, "type": kind}
        update["message"] = {"message_id": 0, "date": 0, "chat": chat}
    return update
