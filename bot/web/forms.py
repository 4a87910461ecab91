"""The chat as plain HTML forms: no script, no cookie, any browser.

The page carries the conversation's id and the earlier exchanges in signed form fields, since the
server stores none. A form that a page of another site sends starts a conversation of its own, so
that nobody is led into a conversation that somebody else can read. Must never carry a check-in's
screens: its answers are in the current page only, until they are sent. There a field holds the open
question, so that its buttons are there again after any message.
"""

import contextlib
import hashlib
import logging
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Request, Response
from itsdangerous import BadSignature, Signer, URLSafeSerializer
from starlette.background import BackgroundTask

from bot.checkin_pages import PREFIX as CHECK_IN
from bot.messages import MAX_MESSAGE_LENGTH, Message, Reply, Responder, to_json
from bot.rate_limit import RateLimit
from bot.responses import Responses, get_line
from bot.web.chat_api import (
    TOO_LONG,
    check_rate,
    get_client,
    make_conversation_id,
    make_sender_id,
)
from bot.web.middleware import SECURITY_HEADERS
from bot.web.origins import is_own_form
from bot.web.templating import open_templates

log = logging.getLogger(__name__)

PATH = "/chat"
NEUTRAL_PAGE = "https://www.bbc.co.uk/weather"
MAX_FORM_BYTES = 65_536  # a plain form carries the earlier exchanges
_MAX_CARRIED = 32_000  # characters; the oldest exchanges are dropped first
_TEMPLATES = Path(__file__).resolve().parent / "templates"
_page = open_templates(_TEMPLATES).get_template("chat.html")
_HEADERS = {
    "Cache-Control": "no-store",
    # Not "no-referrer": browsers then send no origin with a form, and `is_own_form` needs it.
    "Referrer-Policy": "same-origin",
    # The form to leave is answered with a redirect to another site.
    "Content-Security-Policy": SECURITY_HEADERS["Content-Security-Policy"].replace(
        "form-action 'self'", f"form-action 'self' {NEUTRAL_PAGE.removesuffix('/weather')}"
    ),
}

# One message and its replies: {"you": text, "replies": [a reply as JSON, ...]}.
Exchange = dict[str, Any]
FormField = Annotated[str, Form()]
# The conversation's id, signed.
ConversationField = Annotated[str, Form(alias="conversation")]


def create_forms_router(
    conversation: Responder, limit: RateLimit, secret: bytes, base_url: str = ""
) -> APIRouter:
    """The pages under /chat. `secret` signs what a page carries, `base_url` is their address."""
    router = APIRouter(include_in_schema=False)
    # The salt is part of every signature: another one would invalidate open pages.
    serializer = URLSafeSerializer(
        secret, salt="what was said", signer_kwargs={"digest_method": hashlib.sha256}
    )
    signer = Signer(secret, salt="conversation of a plain page", digest_method=hashlib.sha256)
    greeting: Exchange = {"you": "", "replies": [to_json(Responses().render("utter_greet"))]}

    def render_page(
        conversation_id: str, exchanges: list[Exchange], typed: str = "", error: str = ""
    ) -> str:
        *earlier, latest = exchanges
        return _page.render(
            conversation=signer.sign(conversation_id).decode() if conversation_id else "",
            carried=_sign_exchanges(serializer, exchanges),
            latest=latest,
            earlier=earlier[::-1],
            typed=typed,
            error=error,
            open_checkin=_find_open_checkin(latest),
        )

    async def refuse(
        conversation_id: str,
        exchanges: list[Exchange],
        open_checkin: str,
        error: HTTPException,
        typed: str,
    ) -> Response:
        """The page again, with the error, what was typed, and a check-in's open question."""
        replies: list[Reply] = []
        if open_checkin.startswith(CHECK_IN):
            message = Message(tap=open_checkin, open_checkin=open_checkin)
            with contextlib.suppress(Exception):
                replies = await conversation.answer(make_sender_id(conversation_id), message)
        if replies:
            exchanges = [*exchanges, {"you": "", "replies": list(map(to_json, replies))}]
        page = render_page(conversation_id, exchanges, typed, str(error.detail))
        return _respond(page, error.status_code, error.headers)

    @router.get(PATH)
    def show_start() -> Response:
        # No conversation is created before the first message: crawlers follow links too.
        return _respond(render_page("", [greeting]))

    @router.get(f"{PATH}/page.css")
    def get_stylesheet() -> Response:
        return Response((_TEMPLATES / "chat.css").read_bytes(), media_type="text/css")

    @router.post(PATH)
    async def send_message(
        request: Request,
        signed_id: ConversationField = "",
        carried: FormField = "",
        text: FormField = "",
        tap: FormField = "",
        answer: FormField = "",
        step: FormField = "",
        open_checkin: FormField = "",
    ) -> Response:
        """Answers typed text or a button. `step` names the page's own button that was used."""
        if not is_own_form(request.headers, base_url):
            signed_id = carried = open_checkin = ""
        exchanges = _read_exchanges(serializer, carried) or [greeting]
        conversation_id = _read_conversation_id(signer, signed_id) or make_conversation_id()
        tap = tap or (answer if step == "answer" else "")
        try:
            sender_id = make_sender_id(conversation_id)
            message = _parse_message(text, tap, open_checkin, is_answer=step == "answer")
            check_rate(limit, request)
            client = get_client(request)
            replies = await conversation.answer(sender_id, message, client=client)
        except HTTPException as error:
            return await refuse(conversation_id, exchanges, open_checkin, error, text)
        except Exception as error:
            # Only the error's type is logged: its text may quote what was sent.
            log.error("A form could not be answered: %s", type(error).__name__)
            failure = HTTPException(500, get_line("web_wrong"))
            return await refuse(conversation_id, exchanges, open_checkin, failure, text)
        you = _find_label(exchanges, tap) if tap else text
        exchange = {"you": you, "replies": [to_json(reply) for reply in replies]}
        if tap == "start_again":
            exchanges = []
        return _respond(render_page(conversation_id, [*exchanges, exchange]))

    @router.post(f"{PATH}/leave")
    async def leave(signed_id: ConversationField = "") -> Response:
        """Redirects to a neutral page at once, and erases the conversation in the background."""
        headers = {**_HEADERS, "Location": NEUTRAL_PAGE, "Clear-Site-Data": '"cache"'}
        # Leaving works without a conversation too.
        conversation_id = _read_conversation_id(signer, signed_id)
        forget = (
            BackgroundTask(conversation.forget, make_sender_id(conversation_id))
            if conversation_id
            else None
        )
        return Response(status_code=303, headers=headers, background=forget)

    return router


def _parse_message(text: str, tap: str, open_checkin: str, *, is_answer: bool) -> Message:
    """The message that was sent. Raises HTTPException if it is empty or too long."""
    if tap:
        return Message(tap=tap, open_checkin=open_checkin)
    if is_answer:
        raise HTTPException(422, get_line("web_pick"))
    # Browsers send a line break as two characters.
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise HTTPException(422, get_line("web_empty"))
    if len(text) > MAX_MESSAGE_LENGTH:
        raise HTTPException(413, TOO_LONG)
    return Message(text=text, open_checkin=open_checkin)


def _find_label(exchanges: list[Exchange], tap: str) -> str:
    """The label of the button that sends `tap`; empty if the page carried no such button."""
    options = [
        option
        for exchange in exchanges
        for reply in exchange["replies"]
        for option in (*reply.get("options", ()), *reply.get("asides", ()))
    ]
    return next((str(option["label"]) for option in reversed(options) if option["tap"] == tap), "")


def _sign_exchanges(serializer: URLSafeSerializer, exchanges: list[Exchange]) -> str:
    """The exchanges as a signed string, without check-ins; empty if there are none."""
    carried = [kept for exchange in exchanges if (kept := _leave_out_check_in(exchange))]
    while True:
        signed = str(serializer.dumps(carried)) if carried else ""
        if len(signed) <= _MAX_CARRIED:
            return signed
        carried = carried[1:]


def _read_exchanges(serializer: URLSafeSerializer, signed: str) -> list[Exchange]:
    """The exchanges that a page carried; none if the signature is not ours."""
    try:
        exchanges: list[Exchange] = serializer.loads(signed) if signed else []
    except BadSignature:
        return []
    return exchanges


def _read_conversation_id(signer: Signer, signed: str) -> str:
    """The id that a page carried; empty if there is none, or the signature is not ours."""
    try:
        return signer.unsign(signed).decode()
    except BadSignature:
        return ""


def _leave_out_check_in(exchange: Exchange) -> Exchange | None:
    """The exchange without a check-in's pages; None if they were the whole answer."""
    replies = [
        {**reply, "open_checkin": ""} if "open_checkin" in reply else reply
        for reply in exchange["replies"]
        if not (reply["type"] == "choices" and reply["open_checkin"])
    ]
    return {**exchange, "replies": replies} if replies else None


def _find_open_checkin(exchange: Exchange) -> str:
    """The check-in's question that is open after the exchange; empty if none is."""
    found = [reply.get("open_checkin") for reply in exchange["replies"]]
    return next((str(tap) for tap in reversed(found) if tap), "")


def _respond(page: str, status: int = 200, headers: Any = None) -> Response:
    return Response(page, status, {**_HEADERS, **(headers or {})}, "text/html; charset=utf-8")
