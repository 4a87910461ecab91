"""What waits for a navigator's decision: notes, possible duplicates and feed updates on hold.

Notes are shown as they were sent, with only the week they came in, and deleted once settled.
"""

from typing import cast

from fastapi import APIRouter, Depends, Request, Response

from bot.web.desk.auth import HOME, Context, PageError
from bot.web.desk.cards import build_card
from bot.web.desk.pages import redirect, render_page
from bot.web.desk.permissions import EDITORS
from bot.web.parameters import NoteId, RecordId
from directory.desk.services import DeskServices
from directory.importing.duplicates import Verdict

PATH = f"{HOME}/review"
_MAX_PAIRS = 20


def create_review_router(desk_services: DeskServices) -> APIRouter:
    router = APIRouter(prefix="/review", dependencies=[Depends(EDITORS)])

    @router.get("")
    def show_review(request: Request) -> Response:
        pairs = desk_services.list_pairs(_MAX_PAIRS)
        return render_page(
            request,
            "review.html",
            notes=desk_services.notebook.read_notes_by_id(),
            pairs=[(pair, build_card(pair.first), build_card(pair.second)) for pair in pairs],
            feeds=desk_services.list_held_feeds(),
            row_count=desk_services.queries.count_quarantined(),
            stale_count=desk_services.queries.read_freshness(0, 0).total,
        )

    @router.post("/notes/{note_id}")
    def settle_note(note_id: NoteId) -> Response:
        desk_services.notebook.delete_note(note_id)
        return redirect(PATH, "settled")

    @router.post("/pairs/{first_id}/{second_id}")
    def settle_pair(context: Context, first_id: RecordId, second_id: RecordId) -> Response:
        verdict = context.get_text("verdict")
        if verdict not in ("same", "different"):
            raise PageError(422, "There is no such answer", "Choose one of the two buttons.")
        desk_services.settle_pair(first_id, second_id, cast(Verdict, verdict), context.user.name)
        return redirect(PATH, "kept-together" if verdict == "same" else "kept-apart")

    @router.post("/held")
    def settle_feed(context: Context) -> Response:
        feed = context.get_text("name")
        if context.get_text("do") == "leave":
            desk_services.reject_held_update(feed, context.user.name)
            return redirect(PATH, "left")
        desk_services.apply_held_update(feed, context.user.name)
        return redirect(PATH, "accepted")

    return router
