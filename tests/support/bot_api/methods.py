"""The Bot API methods that the bot calls, with the errors of the real ones.

Owns the limits. Must never accept what Telegram refuses.
"""

import json
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.support.bot_api.chat import Chat, Sent
from tests.support.bot_api.markup import MarkupError, parse, units

if TYPE_CHECKING:
    from tests.support.bot_api.server import BotApi

TEXT_LIMIT = 4096
BUTTON_LIMIT = 100
KEYBOARD_BYTES = 10_000
Params = dict[str, str]


class ApiError(Exception):
    """An error answer: HTTP status, description, and `parameters` such as retry_after."""

    def __init__(self, status: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.body: dict[str, Any] = {
            "ok": False,
            "error_code": status,
            "description": description,
            **({"parameters": parameters} if parameters else {}),
        }


def bad_request(description: str) -> ApiError:
    return ApiError(400, f"Bad Request: {description}")


def get_me(api: "BotApi", _: Params) -> dict[str, Any]:
    return api.me


def set_my_commands(api: "BotApi", params: Params) -> bool:
    commands = json.loads(params.get("commands", "[]"))
    for command in commands:
        if not re.fullmatch(r"[a-z0-9_]{1,32}", command["command"]):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(command["description"]) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    if len(commands) > 100:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    api.commands = commands
    return True


def send_message(api: "BotApi", params: Params) -> dict[str, Any]:
    chat = _writable_chat(api, params)
    source = params.get("text", "")
    text, entities = _text(params)
    sent = Sent(api.number(), text, source, entities, _keyboard(params))
    chat.sent.append(sent)
    return _shown(api, chat, sent)


def edit_message_text(api: "BotApi", params: Params) -> dict[str, Any]:
    chat, sent = _own_message(api, params)
    text, entities = _text(params)
    keyboard = _keyboard(params)
    if (text, entities, keyboard) == (sent.text, sent.entities, sent.keyboard):
        raise _not_modified()
    sent.text, sent.entities, sent.keyboard, sent.edited = text, entities, keyboard, True
    return _shown(api, chat, sent)


def edit_message_reply_markup(api: "BotApi", params: Params) -> dict[str, Any]:
    chat, sent = _own_message(api, params)
    keyboard = _keyboard(params)
    if keyboard == sent.keyboard:
        raise _not_modified()
    sent.keyboard, sent.edited = keyboard, True
    return _shown(api, chat, sent)


def answer_callback_query(api: "BotApi", params: Params) -> bool:
    for chat in api.chats.values():
        tap = chat.taps.get(params.get("callback_query_id", ""))
        if tap and not tap.answered:
            tap.answered = True
            return True
    raise bad_request("query is too old and response timeout expired or query ID is invalid")


def send_chat_action(api: "BotApi", params: Params) -> bool:
    chat = _writable_chat(api, params)
    if params.get("action") not in ("typing", "find_location", "upload_photo", "upload_document"):
        raise bad_request("wrong parameter action in request")
    chat.actions.append(params["action"])
    return True


def leave_chat(api: "BotApi", params: Params) -> bool:
    chat = _writable_chat(api, params)
    if chat.kind == "private":
        raise bad_request("chat member status can't be changed in private chats")
    chat.is_left = True
    return True


def set_webhook(api: "BotApi", params: Params) -> bool:
    url, secret = params.get("url", ""), params.get("secret_token", "")
    # A self-hosted server also accepts http. This one does on loopback only, as it has no TLS.
    if url and not url.startswith(("https://", "http://127.0.0.1:")):
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if len(secret) > 256:
        raise bad_request("secret token is too long")
    if not re.fullmatch(r"[A-Za-z0-9_-]*", secret):
        raise bad_request("secret token contains unallowed characters")
    api.set_webhook(url, secret, json.loads(params.get("allowed_updates", "[]")))
    return True


def delete_webhook(api: "BotApi", _: Params) -> bool:
    api.set_webhook("", "", [])
    return True


METHODS: dict[str, Callable[["BotApi", Params], Any]] = {
    "getme": get_me,
    "setmycommands": set_my_commands,
    "sendmessage": send_message,
    "editmessagetext": edit_message_text,
    "editmessagereplymarkup": edit_message_reply_markup,
    "answercallbackquery": answer_callback_query,
    "sendchataction": send_chat_action,
    "leavechat": leave_chat,
    "setwebhook": set_webhook,
    "deletewebhook": delete_webhook,
}


def _writable_chat(api: "BotApi", params: Params) -> Chat:
    chat = api.chats.get(int(params.get("chat_id", "0")))
    if chat is None:
        raise bad_request("chat not found")
    if chat.blocked:
        raise ApiError(403, "Forbidden: bot was blocked by the user")
    if chat.is_left:
        raise ApiError(403, f"Forbidden: bot is not a member of the {chat.kind} chat")
    return chat


def _own_message(api: "BotApi", params: Params) -> tuple[Chat, Sent]:
    chat = _writable_chat(api, params)
    for sent in chat.sent:
        if sent.message_id == int(params.get("message_id", "0")):
            return chat, sent
    raise bad_request("message to edit not found")


def _text(params: Params) -> tuple[str, list[dict[str, Any]]]:
    source = params.get("text", "")
    try:
        text, entities = parse(source) if params.get("parse_mode") == "HTML" else (source, [])
    except MarkupError as error:
        raise bad_request(str(error)) from error
    if not text.strip():
        raise bad_request("message text is empty")
    if units(text) > TEXT_LIMIT:
        raise bad_request("message is too long")
    return text, entities


def _keyboard(params: Params) -> list[list[dict[str, str]]]:
    markup = params.get("reply_markup", "{}")
    rows: list[list[dict[str, str]]] = json.loads(markup).get("inline_keyboard", [])
    buttons = [button for row in rows for button in row]
    if len(buttons) > BUTTON_LIMIT or len(markup.encode()) > KEYBOARD_BYTES:
        raise bad_request("reply markup is too long")
    for button in buttons:
        if not button["text"].strip():
            raise bad_request("Text buttons are unallowed in the inline keyboard")
        if not 1 <= len(button["callback_data"].encode()) <= 64:
            raise bad_request("BUTTON_DATA_INVALID")
    return [row for row in rows if row]


def _not_modified() -> ApiError:
    return bad_request(
        "message is not modified: specified new message content and reply markup are exactly the "
        "same as a current content and reply markup of the message"
    )


def _shown(api: "BotApi", chat: Chat, sent: Sent) -> dict[str, Any]:
    return {
        "message_id": sent.message_id,
        "from": api.me,
        "chat": chat.json,
        "date": int(time.time()),
        "text": sent.text,
        "entities": sent.entities,
        **({"reply_markup": {"inline_keyboard": sent.keyboard}} if sent.keyboard else {}),
    }
