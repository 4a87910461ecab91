"""What waits for a navigator's word: notes, pairs that may be one, and imports held back.

Notes are shown as they were sent, with no more than their week, and forgotten once settled.
"""

from typing import cast

from fastapi import APIRouter, Request, Response

from bot.web.asking import NoteNumber, Number
from bot.web.desk.door import HOME, TurnedAwayError, Visiting
from bot.web.desk.listings import see
from bot.web.desk.paper import go, write
from directory.desk.office import Office
from directory.filling.linking import Verdict

ROOM = f"{HOME}/review"
_MOST_PAIRS = 20


def create_review(office: Office) -> APIRouter:
    router = APIRouter(prefix="/review")

    @router.get("")
    def show(request: Request) -> Response:
        pairs = office.list_pairs(_MOST_PAIRS)
        return write(
            request,
            "review.html",
            notes=office.notebook.read_numbered(),
            pairs=[(pair, see(pair.first), see(pair.second)) for pair in pairs],
            held=office.list_held(),
            quarantined=office.register.count_quarantined(),
            stale=office.register.read_freshness(0, 0).total,
        )

    @router.post("/notes/{number}")
    def settle_note(number: NoteNumber) -> Response:
        office.notebook.settle(number)
        return go(ROOM, "settled")

    @router.post("/pairs/{first}/{second}")
    def settle_pair(visit: Visiting, first: Number, second: Number) -> Response:
        verdict = visit.text("verdict")
        if verdict not in ("same", "different"):
            raise TurnedAwayError(422, "There is no such answer", "Choose one of the two.")
        office.settle_pair(first, second, cast(Verdict, verdict), visit.who.name)
        return go(ROOM, "kept-together" if verdict == "same" else "kept-apart")

    @router.post("/held")
    def settle_held(visit: Visiting) -> Response:
        if visit.text("do") == "leave":
            office.leave(visit.text("name"), visit.who.name)
            return go(ROOM, "left")
        report = office.accept(visit.text("name"), visit.who.name)
        if report.failed or report.held:
            raise TurnedAwayError(409, "That was not done", report.plain)
        return go(ROOM, "accepted")

    return router
