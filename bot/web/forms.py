"""The same conversation as plain HTML forms: no script, no cookie, any browser.

The page itself carries what was said before, signed, as nothing is kept here. Must never
carry a check-in's screens along: its answers live in the page being looked at, until Send.
"""

import hashlib
import logging
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Request, Response
from itsdangerous import BadSignature, URLSafeSerializer
from starlette.background import BackgroundTask

from bot.checkin_flow import PREFIX as CHECK_IN
from bot.checkin_flow import START_TAP
from bot.messages import MOST_CHARACTERS, Message, Responder, to_json
from bot.responses import Wording, line
from bot.web.chat_api import TOO_LONG, check_rate, make_id, name_sender
from bot.web.headers import SECURITY_HEADERS
from bot.web.limits import RateLimit
from bot.web.templating import open_templates

log = logging.getLogger(__name__)

FORMS = "/chat"
NEUTRAL_PAGE = "https://www.bbc.co.uk/weather"
_MOST_CARRIED = 32_000  # characters; the oldest is dropped first
_TEMPLATES = Path(__file__).resolve().parent / "templates"
_page = open_templates(_TEMPLATES).get_template("chat.html")
_HEADERS = {
    "Cache-Control": "no-store",
    # Leaving is a form too, and its answer leads to another site.
    "Content-Security-Policy": SECURITY_HEADERS["Content-Security-Policy"].replace(
        "form-action 'self'", f"form-action 'self' {NEUTRAL_PAGE.removesuffix('/weather')}"
    ),
}

# One message and what came back: {"you": text, "replies": [a reply as JSON, ...]}.
Exchange = dict[str, Any]
Field = Annotated[str, Form()]


def create_forms(conversation: Responder, limit: RateLimit, secret: bytes) -> APIRouter:
    """The pages under /chat. `secret` signs what a page carries along."""
    router = APIRouter(include_in_schema=False)
    seal = URLSafeSerializer(
        secret, salt="what was said", signer_kwargs={"digest_method": hashlib.sha256}
    )
    greeting: Exchange = {"you": "", "replies": [to_json(Wording().say("utter_greet"))]}

    def show(talk: str, said: list[Exchange], typed: str = "", error: str = "") -> str:
        *earlier, latest = said
        return _page.render(
            conversation=talk,
            carried=_carry(seal, said),
            latest=latest,
            earlier=earlier[::-1],
            typed=typed,
            error=error,
        )

    @router.get(FORMS)
    def start() -> Response:
        # Nothing is begun before the person writes: a link may be followed by a machine.
        return _answer(show("", [greeting]))

    @router.get(f"{FORMS}/page.css")
    def style() -> Response:
        return Response((_TEMPLATES / "chat.css").read_bytes(), media_type="text/css")

    @router.post(FORMS)
    async def talk(
        request: Request,
        conversation_id: Annotated[str, Form(alias="conversation")] = "",
        carried: Field = "",
        text: Field = "",
        tap: Field = "",
        answer: Field = "",
        step: Field = "",
    ) -> Response:
        """Answers what was typed or pressed. `step` says which of the page's own buttons was."""
        said = _uncarry(seal, carried) or [greeting]
        tap = tap or (answer if step == "answer" else "")
        try:
            sender = name_sender(conversation_id := conversation_id or make_id())
            message = _read(text, tap, picking=step == "answer")
            check_rate(limit, request)
            replies = await conversation.answer(sender, message)
        except HTTPException as error:
            page = show(conversation_id, said, typed=text, error=str(error.detail))
            return _answer(page, error.status_code, error.headers)
        except Exception as error:
            # The type alone: the error's own text may quote what was sent.
            log.error("A form could not be answered: %s", type(error).__name__)
            return _answer(show(conversation_id, said, text, line("web_wrong")), 500)
        you = _label(said, tap) if tap else text
        exchange = {"you": you, "replies": [to_json(reply) for reply in replies]}
        if tap == "start_again":
            said = []
        return _answer(show(conversation_id, [*said, exchange]))

    @router.post(f"{FORMS}/leave")
    async def leave(
        conversation_id: Annotated[str, Form(alias="conversation")] = "",
    ) -> Response:
        """Goes to a neutral page at once, and erases the conversation behind the person's back."""
        headers = {**_HEADERS, "Location": NEUTRAL_PAGE, "Clear-Site-Data": '"cache"'}
        try:
            forget = BackgroundTask(conversation.forget, name_sender(conversation_id))
        except HTTPException:
            forget = None  # nothing was begun; whoever leaves is not held up by that
        return Response(status_code=303, headers=headers, background=forget)

    return router


def _read(text: str, tap: str, *, picking: bool) -> Message:
    """What was sent, as a message. Raises HTTPException where it is nothing, or too much."""
    if tap:
        return Message(tap=tap)
    if picking:
        raise HTTPException(422, line("web_pick"))
    # A form's line breaks are two characters each.
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise HTTPException(422, line("web_empty"))
    if len(text) > MOST_CHARACTERS:
        raise HTTPException(413, TOO_LONG)
    return Message(text=text)


def _label(said: list[Exchange], tap: str) -> str:
    """The words of the button that sent `tap`, if it is one of those carried along."""
    replies = [reply for exchange in said for reply in exchange["replies"]]
    options = [
        one for reply in replies for one in (*reply.get("options", ()), *reply.get("asides", ()))
    ]
    return next((str(one["label"]) for one in reversed(options) if one["tap"] == tap), "")


def _carry(seal: URLSafeSerializer, said: list[Exchange]) -> str:
    kept = [exchange for exchange in said if not _is_check_in(exchange)]
    while True:
        carried = str(seal.dumps(kept)) if kept else ""
        if len(carried) <= _MOST_CARRIED:
            return carried
        kept = kept[1:]


def _uncarry(seal: URLSafeSerializer, carried: str) -> list[Exchange]:
    """What was said before, if we signed it; anything else is as if nothing had been."""
    try:
        said: list[Exchange] = seal.loads(carried) if carried else []
    except BadSignature:
        return []
    return said


def _is_check_in(exchange: Exchange) -> bool:
    taps = [one["tap"] for reply in exchange["replies"] for one in reply.get("options", ())]
    return any(tap.startswith(CHECK_IN) and tap != START_TAP for tap in taps)


def _answer(page: str, status: int = 200, headers: Any = None) -> Response:
    return Response(page, status, {**_HEADERS, **(headers or {})}, "text/html; charset=utf-8")
