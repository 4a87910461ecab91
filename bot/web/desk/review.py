"""What waits for a navigator's word: notes, pairs that may be one, and imports held back.

Notes are shown as they were sent, with no more than their week, and forgotten once settled.
"""

from typing import cast

from fastapi import APIRouter, Request, Response

from bot.web.desk.auth import HOME, PageError, Visiting
from bot.web.desk.listings import see
from bot.web.desk.pages import go, write
from bot.web.parameters import NoteNumber, Number
from directory.desk.services import DeskServices
from directory.importing.duplicates import Verdict

ROOM = f"{HOME}/review"
_MOST_PAIRS = 20


def create_review(desk_services: DeskServices) -> APIRouter:
    router = APIRouter(prefix="/review")

    @router.get("")
    def show(request: Request) -> Response:
        pairs = desk_services.list_pairs(_MOST_PAIRS)
        return write(
            request,
            "review.html",
            notes=desk_services.notebook.read_numbered(),
            pairs=[(pair, see(pair.first), see(pair.second)) for pair in pairs],
            held=desk_services.list_held(),
            quarantined=desk_services.queries.count_quarantined(),
            stale=desk_services.queries.read_freshness(0, 0).total,
        )

    @router.post("/notes/{number}")
    def settle_note(number: NoteNumber) -> Response:
        desk_services.notebook.settle(number)
        return go(ROOM, "settled")

    @router.post("/pairs/{first}/{second}")
    def settle_pair(visit: Visiting, first: Number, second: Number) -> Response:
        verdict = visit.text("verdict")
        if verdict not in ("same", "different"):
            raise PageError(422, "There is no such answer", "Choose one of the two.")
        desk_services.settle_pair(first, second, cast(Verdict, verdict), visit.who.name)
        return go(ROOM, "kept-together" if verdict == "same" else "kept-apart")

    @router.post("/held")
    def settle_held(visit: Visiting) -> Response:
        if visit.text("do") == "leave":
            desk_services.leave(visit.text("name"), visit.who.name)
            return go(ROOM, "left")
        report = desk_services.accept(visit.text("name"), visit.who.name)
        if report.failed or report.held:
            raise PageError(409, "That was not done", report.plain)
        return go(ROOM, "accepted")

    return router
